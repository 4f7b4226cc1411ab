"""The scheduler: a native program, in which Python never starts."""

from __future__ import annotations

from pathlib import Path

__all__ = ["program"]


def program() -> str:
    """Return the path of the program."""
    return str(Path(__file__).with_name("bin") / "springald-scheduler")
