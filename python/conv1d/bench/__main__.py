import sys

from .report import say

try:
    import numpy  # noqa: F401
except ImportError:
    say("the benchmark needs NumPy: pip install numpy")
    sys.exit(2)

from .cli import main

sys.exit(main(sys.argv[1:]))
