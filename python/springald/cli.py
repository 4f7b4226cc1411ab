"""The command ``springald``: the programs of a cluster, and flags for C compilers.

It only finds the program: everything after ``scheduler``, ``executor`` or ``config`` is
passed on as it is, to a program with its own ``--help``.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from springald import build_flags

__all__ = ["main"]

_COMMANDS: dict[str, str] = {
    "scheduler": "plans queries and hands out their tasks; runs no Python",
    "executor": "runs tasks, and the functions of their queries in this Python",
    "config": "prints what a C compiler needs to build a host of springald/abi.h",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status.

    Args:
        arguments: Those after the program's name; default: of this process. The scheduler
            takes the place of this process, so the call does not return there.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    command = _parser().parse_args(given[:1]).command
    if command == "config":
        return build_flags.main(given[1:])
    run: Callable[[list[str]], int]
    try:
        run = _executor() if command == "executor" else _scheduler()
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "springald_ballista":
            raise
        return _failed("cluster support is missing: pip install springald-ballista")
    except ImportError as error:  # made for another version of springald
        return _failed(str(error))
    return run(given[1:])


def _parser() -> argparse.ArgumentParser:
    listed = "\n".join(f"  {name:<11}{does}" for name, does in _COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="springald",
        usage="springald {scheduler,executor} [flags]\n       springald config [flags]",
        description="Python functions inside SQL: the programs of a cluster, and what "
        "hosts in C need.",
        epilog=f"commands:\n{listed}\n\n"
        "'springald COMMAND --help' lists the flags of one.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=_COMMANDS, help=argparse.SUPPRESS)
    parser.add_argument(
        "--version",
        action="version",
        version=f"springald {importlib.metadata.version('springald')}",
    )
    return parser


def _scheduler() -> Callable[[list[str]], int]:
    from springald_ballista.scheduler import program

    def run(flags: list[str]) -> NoReturn:
        path = program()
        sys.stdout.flush()
        os.execv(path, ["springald scheduler", *flags])

    return run


def _executor() -> Callable[[list[str]], int]:
    from springald_ballista.executor import main

    return main


def _failed(reason: str) -> int:
    print(f"springald: {reason}", file=sys.stderr)
    return 1
