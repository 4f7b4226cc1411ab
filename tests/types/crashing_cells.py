"""Tries cells that may end the process, each in a process of its own.

A cell is a kind of value and a return type.

Run as a program: ``crashing_cells.py pyarrow|springald CELLS``, CELLS being JSON, a list
of [type, value] as the catalogue and `values.py` name them. Prints the same list, with
"crashed", the class of the exception or "a valid column" behind each.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

sys.path.append(str(Path(__file__).parents[2] / "python" / "tests"))

from catalogue import BY_NAME
from row_functions import row_function, run
from specification import specified
from values import VALUES


def ask_pyarrow(type_name: str, value_name: str) -> None:
    """Have `pyarrow.array` make a column of the value."""
    column = specified([VALUES[value_name]()], BY_NAME[type_name].type)
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        os.abort()  # whoever reads the column may crash


def ask_springald(type_name: str, value_name: str) -> None:
    """Have a row function return the value."""
    make = VALUES[value_name]
    function = row_function(lambda _: make(), pa.int64(), BY_NAME[type_name].type)
    run(function, pa.array([1], pa.int64())).validate(full=True)


def outcome(ask: Callable[[str, str], None], type_name: str, value_name: str) -> str:
    """Return how asking has ended, in a fork of this process."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.close(reader)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        said = "a valid column"
        try:
            ask(type_name, value_name)
        except BaseException as error:
            said = type(error).__name__
        os.write(writer, said.encode())
        os._exit(0)
    os.close(writer)
    with open(reader) as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    return "crashed" if os.WIFSIGNALED(status) else said


def main() -> None:
    """Print the outcome of each cell."""
    side, cells = sys.argv[1], json.loads(sys.argv[2])
    ask = {"pyarrow": ask_pyarrow, "springald": ask_springald}[side]
    json.dump([[*cell, outcome(ask, *cell)] for cell in cells], sys.stdout)


if __name__ == "__main__":
    main()
