"""Writes a Python function into a file, for run_function.c.

usage: make_function.py FILE
"""

import sys
from pathlib import Path

from springald import udf


@udf
def domain(email: str) -> str:
    return email.split("@")[1]


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(domain.to_bytes())
