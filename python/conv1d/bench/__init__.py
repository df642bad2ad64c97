"""The benchmark: ``python -m conv1d.bench`` measures every layer of layers.json beside PyTorch and ONNX Runtime.

Needs NumPy; the peers are optional. ``--help`` lists what can be asked for.
"""
