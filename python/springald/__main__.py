"""``python -m springald``: the same as the command ``springald``."""

import sys

from springald.cli import main

if __name__ == "__main__":
    sys.exit(main())
