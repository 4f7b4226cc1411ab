"""Where the C interface is in this environment: ``springald config`` and its functions.

>>> import os, springald
>>> os.path.exists(os.path.join(springald.get_include(), "springald", "abi.h"))
True
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import sysconfig
from collections.abc import Sequence

__all__ = ["compile_flags", "get_include", "get_library_dirs", "link_flags", "main"]


def get_include() -> str:
    """Return the folder from which C code includes ``springald/abi.h``.

    ``arrow/c/abi.h``, which defines ``struct ArrowArray``, is in
    ``pyarrow.get_include()``.
    """
    return os.path.join(_folder(), "include")


def get_library_dirs() -> list[str]:
    """Return the folders of the libraries that C code links or loads.

    The first has ``libspringald.so`` and ``libspringald_codec.so``; the others have the
    libraries of Arrow that those two need, and find by themselves.
    """
    import pyarrow

    return [_folder(), *pyarrow.get_library_dirs()]


def compile_flags(*, embed: bool = False) -> list[str]:
    """Return the flags with which a C compiler finds the headers.

    Args:
        embed: Also for ``Python.h``, which a program that starts Python includes.
    """
    import pyarrow

    folders = [get_include(), pyarrow.get_include()]
    if embed:
        folders.append(sysconfig.get_paths()["include"])
    return [f"-I{folder}" for folder in folders]


def link_flags(*, codec: bool = False, embed: bool = False) -> list[str]:
    """Return the flags with which a C compiler links a program.

    The program will look for the library where it is now: where the environment moves,
    link again, or set ``LD_LIBRARY_PATH``.

    Args:
        codec: Link ``libspringald_codec``, which needs no Python, in place of
            ``libspringald``.
        embed: Also link this Python, for a program that starts it.
    """
    library, *needed = get_library_dirs()
    flags = [f"-L{library}", f"-Wl,-rpath,{library}"]
    flags += [f"-Wl,-rpath-link,{folder}" for folder in needed]
    flags.append("-lspringald_codec" if codec else "-lspringald")
    return [*flags, *_python_flags()] if embed else flags


def _folder() -> str:
    return os.path.dirname(os.path.abspath(__file__))


def _python_flags() -> list[str]:
    """Return what ``python3-config --embed --ldflags`` prints, and the path to run with.

    A virtual environment does not have that program.
    """

    def words(name: str) -> list[str]:
        return shlex.split(str(sysconfig.get_config_var(name) or ""))

    version = sysconfig.get_config_var("LDVERSION") or sysconfig.get_python_version()
    folder = str(sysconfig.get_config_var("LIBDIR"))
    if sysconfig.get_config_var("Py_ENABLE_SHARED"):
        where = [f"-L{folder}", f"-Wl,-rpath,{folder}"]
    else:
        # Python becomes part of the program, which has to show its symbols to modules.
        where = [f"-L{folder}", f"-L{sysconfig.get_config_var('LIBPL')}"]
        where += words("LINKFORSHARED")
    return [*where, f"-lpython{version}", *words("LIBS"), *words("SYSLIBS")]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="springald config",
        description="Print what a C compiler needs to build a host of springald/abi.h.",
    )
    add = parser.add_argument
    add("--cflags", action="store_true", help="flags to compile with")
    add("--ldflags", action="store_true", help="flags to link with")
    codec = "with --ldflags: link libspringald_codec, which needs no Python"
    add("--codec", action="store_true", help=codec)
    embed = "with both: also what a program needs that starts this Python"
    add("--embed", action="store_true", help=embed)
    paths = {
        "--include-dir": "the folder that holds springald/abi.h",
        "--library-dir": "the folder that holds libspringald.so",
        "--cmake-dir": "the folder that holds SpringaldConfig.cmake",
        "--python": "this Python's program, which a program names to start this Python",
    }
    for name, text in paths.items():
        add(name, action="append_const", const=name, dest="paths", help=text)
    return parser


def main(arguments: Sequence[str]) -> int:
    """Run ``springald config`` and return its exit status.

    The flags come in one line, each path in one of its own.

    Args:
        arguments: Those after ``config``.
    """
    parser = _parser()
    given = parser.parse_args(arguments)
    flags: list[str] = []
    if given.cflags:
        flags += compile_flags(embed=given.embed)
    if given.ldflags:
        flags += link_flags(codec=given.codec, embed=given.embed)
    if not flags and not given.paths:
        parser.error("nothing is asked for: name --cflags, --ldflags or a path")
    if flags:
        print(shlex.join(flags))
    where = {
        "--include-dir": get_include(),
        "--library-dir": _folder(),
        "--cmake-dir": os.path.join(_folder(), "cmake"),
        "--python": sys.executable,
    }
    for name in given.paths or ():
        print(where[name])
    return 0
