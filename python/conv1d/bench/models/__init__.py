"""Whole models that others wrote, plain and accelerated: ``python -m conv1d.bench --models``.

Needs PyTorch and the package ``transformers``. Weights are random, from the default configurations: no downloads.
"""
