"""examples/c, built and run as its README says; and a host that outlives its Python."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "c"
README = (EXAMPLE / "README.md").read_text()
STRICT = ("-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror")
SANITIZED = (*STRICT, "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover")
BUILDS = pytest.mark.parametrize("flags", [STRICT, SANITIZED], ids=["plain", "sanitized"])

pytestmark = [
    pytest.mark.embedded_only(reason="the host is a program of its own"),
    pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler"),
]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Returns a copy of the example, as a user has it."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "c"))


def run(*command: object, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command with this environment first in the path, as if it was activated."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [str(word) for word in command],
        cwd=folder, capture_output=True, text=True, timeout=100,
        # The interpreter leaks at its end by design.
        env={**os.environ, "PATH": path, "ASAN_OPTIONS": "detect_leaks=0"},
    )  # fmt: skip


def output_of(*command: object, folder: Path) -> str:
    done = run(*command, folder=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(source: Path, flags: tuple[str, ...], folder: Path) -> Path:
    program = folder / source.stem
    config = (sys.executable, "-m", "springald", "config", "--embed")
    asked = output_of(*config, "--cflags", "--ldflags", folder=folder).split()
    output_of("cc", *flags, source, "-o", program, *asked, folder=folder)
    return program


def test_its_readme_shows_what_it_prints(folder: Path) -> None:
    by_hand, with_cmake = blocks("sh")
    (expected,) = blocks("text")
    for commands in (by_hand, with_cmake):
        printed = output_of("sh", "-e", "-c", commands, folder=folder)
        assert printed.replace(str(folder), "...").endswith(expected)


@BUILDS
def test_it_compiles_without_warnings_and_runs_clean(
    folder: Path, flags: tuple[str, ...]
) -> None:
    output_of(sys.executable, "make_function.py", "domain.bin", folder=folder)
    program = build(folder / "run_function.c", flags, folder)
    done = run(program, sys.executable, "domain.bin", folder=folder)
    assert done.returncode == 0
    assert done.stdout.replace(str(folder), "...") == blocks("text")[0]
    logged = [re.sub(r"[0-9a-f]{8}:", "HASH:", line) for line in done.stderr.splitlines()]
    assert logged == [
        "log 10: domain HASH: loaded",
        "log 30: domain HASH: call failed: IndexError: list index out of range",
    ]


def test_it_says_what_is_wrong_with_its_arguments(folder: Path) -> None:
    program = build(folder / "run_function.c", STRICT, folder)
    (folder / "damaged.bin").write_bytes(b"\xff")
    damaged = run(program, sys.executable, "damaged.bin", folder=folder)
    assert damaged.returncode == 1
    assert "springald failed: error: " in damaged.stdout
    missing = run(program, sys.executable, "missing.bin", folder=folder)
    assert missing.returncode == 1
    assert "missing.bin: No such file" in missing.stderr


@BUILDS
def test_a_host_calls_before_python_starts_and_after_it_has_ended(
    folder: Path, flags: tuple[str, ...]
) -> None:
    output_of(sys.executable, "make_function.py", "domain.bin", folder=folder)
    program = build(ROOT / "python" / "tests" / "embedding_host.c", flags, folder)
    done = run(program, sys.executable, "domain.bin", folder=folder)
    assert (done.stdout, done.returncode) == ("as promised\n", 0), done.stderr
