"""What the Python tests share: the module under test, PyTorch beside it, and the generators of random cases."""
