"""Gets the builds that are compared: a commit's, and the one that is installed here."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from pathlib import Path

import pyarrow as pa

__all__ = ["ROOT", "BuildError", "base_package", "built_shim", "describe", "installed"]

ROOT = Path(__file__).parents[2]
_FOLDER = ROOT / "build" / "compare"


class BuildError(Exception):
    """A build could not be made; the text says why."""


def installed() -> Path:
    """Return the folder of the springald of this interpreter: the working tree's.

    Raises:
        BuildError: There is none.
    """
    spec = importlib.util.find_spec("springald")
    if spec is None or spec.origin is None:
        raise BuildError("No springald is installed here: run make setup")
    return Path(spec.origin).parent


def describe(revision: str) -> str:
    """Return a revision's short hash and subject.

    Raises:
        BuildError: git knows no such revision.
    """
    return _git("log", "-1", "--format=%h %s", _commit(revision))


def base_package(revision: str) -> Path:
    """Return the folder of the springald of a commit, which is built when it is not yet.

    Built from nothing but the commit, with the packages of this environment, and kept in
    build/compare by commit, Python and Arrow.

    Raises:
        BuildError: git knows no such revision, or it does not build; the end of the
            compiler's output is in the text.
    """
    commit = _commit(revision)
    name = f"{commit}-{sys.implementation.cache_tag}-arrow-{pa.__version__}"
    kept = _FOLDER / name
    if not kept.exists():
        _FOLDER.mkdir(parents=True, exist_ok=True)
        print(f"Building {describe(commit)} (about two minutes; kept in {kept})")
        with tempfile.TemporaryDirectory(dir=_FOLDER) as name:
            folder = Path(name)
            _unpack(commit, folder / "source")
            _install(folder)
            (folder / "installed").rename(kept)
    return kept / "springald"


def built_shim(folder: Path) -> Path:
    """Return the library of counted_calls.c, compiled into `folder`.

    Raises:
        BuildError: It does not compile, for example because valgrind's headers are
            missing.
    """
    library = folder / "counted_calls.so"
    headers = (sysconfig.get_path("include"), pa.get_include(), ROOT / "include")
    source = Path(__file__).with_name("counted_calls.c")
    _run(
        os.environ.get("CC", "cc"), "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror",
        "-fPIC", "-shared", *(f"-I{folder}" for folder in headers), source, "-o", library,
    )  # fmt: skip
    return library


def _unpack(commit: str, folder: Path) -> None:
    """Write the files of a commit; unlike a work tree, this leaves no trace in git."""
    folder.mkdir()
    with tempfile.TemporaryFile() as archive:
        subprocess.run(
            ["git", "-C", ROOT, "archive", "--format=tar", commit],
            stdout=archive,
            check=True,
        )
        archive.seek(0)
        with tarfile.open(fileobj=archive) as files:
            files.extractall(folder, filter="data")


def _install(folder: Path) -> None:
    """Build `folder`/source as its wheel and put that into `folder`/installed."""
    tools = Path(sys.executable).parent  # cmake and ninja
    _run(
        sys.executable, "-m", "pip", "install", "--quiet", "--no-build-isolation",
        "--no-deps", "--target", folder / "installed",
        "-C", f"build-dir={folder / 'build'}", folder / "source",
        PATH=f"{tools}:{os.environ['PATH']}", PIP_DISABLE_PIP_VERSION_CHECK="1",
    )  # fmt: skip


def _commit(revision: str) -> str:
    try:
        return _git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    except BuildError:
        raise BuildError(
            f"git knows no commit of this name: {revision!r}. Name another one: "
            "make bench-compare BASE=<commit>"
        ) from None


def _git(*arguments: str) -> str:
    return _run("git", "-C", ROOT, *arguments).strip()


def _run(*command: object, **environment: str) -> str:
    words = [str(word) for word in command]
    done = subprocess.run(
        words,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        output = (done.stdout + done.stderr)[-4000:]
        raise BuildError(
            f"{words[0]} ended with {done.returncode}: {' '.join(words)}\n{output}"
        )
    return done.stdout
