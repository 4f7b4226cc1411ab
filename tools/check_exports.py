"""Checks what the shared libraries export and that they need no libpython.

usage: check_exports.py LIBRARY EXPORTS [FILE ...]

EXPORTS is the committed list of names, one a line, in order. Neither LIBRARY nor any FILE
may need libpython, directly or through another library: libspringald uses the
interpreter that loads it, and libspringald_codec needs none.
"""

import argparse
import subprocess
import sys
from pathlib import Path


def output_of(*command: str) -> str:
    """Runs `command` and returns what it prints.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def export_errors(library: Path, exports: Path) -> list[str]:
    """Compares the dynamic symbols that `library` defines with the list in `exports`."""
    lines = output_of("nm", "-D", "--defined-only", str(library)).splitlines()
    actual = {line.split()[-1] for line in lines}
    listed = exports.read_text(encoding="utf-8").split()
    errors = [
        f"{library.name} exports {name}, which {exports} does not list: make it "
        f"internal, or add it"
        for name in sorted(actual - set(listed))
    ]
    errors += [
        f"{library.name} does not export {name}, which {exports} lists: a program "
        f"that uses it would no longer load"
        for name in sorted(set(listed) - actual)
    ]
    if listed != sorted(set(listed)):
        errors.append(f"{exports} is not in order, or names something twice: sort it")
    return errors


def python_errors(file: Path) -> list[str]:
    """Finds a libpython among the libraries that `file` needs, near or far."""
    needed = [
        line.split()[-1].strip("[]")
        for line in output_of("readelf", "-d", str(file)).splitlines()
        if "(NEEDED)" in line
    ]
    loaded = [line.split()[0] for line in output_of("ldd", str(file)).splitlines()]
    return [
        f"{file.name} needs {Path(name).name}: it must not be linked to an interpreter"
        for name in sorted({*needed, *loaded})
        if "libpython" in name
    ]


def main() -> int:
    """Prints what is wrong; returns 1 where something is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library", type=Path)
    parser.add_argument("exports", type=Path)
    parser.add_argument("files", type=Path, nargs="*")
    arguments = parser.parse_args()
    errors = export_errors(arguments.library, arguments.exports)
    for file in (arguments.library, *arguments.files):
        errors += python_errors(file)
    for error in errors:
        print(error, file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
