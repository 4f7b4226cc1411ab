"""Makes the package `instructions` of bench/ importable, as `make bench-compare` does."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))
