"""Checks what compilers do not: includes, Python-free folders, lengths, one version."""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "cpp" / "springald"

FOLDERS = (
    "cpp/springald",
    "include",
    "python",
    "examples",
    "fuzz",
    "ballista/include",
    "ballista/native",
    "ballista/rust",
    "bench",
)

# Each folder may include itself and those named here.
ALLOWED = {
    "base": set(),
    "codec": {"base"},
    "encoding": {"base"},
    "python": {"base", "codec", "encoding"},
    "registry": {"base", "codec"},
    "result": {"base", "codec", "encoding"},
    "wire": {"base", "codec", "encoding"},
    "backend": {"base", "codec", "encoding", "python", "result", "wire"},
    "worker": {"base", "codec", "python", "backend", "wire"},
    "runtime": {
        "base",
        "codec",
        "encoding",
        "python",
        "registry",
        "backend",
        "result",
    },
    "abi": {
        "base",
        "codec",
        "python",
        "registry",
        "backend",
        "result",
        "runtime",
        "worker",
    },
}
PYTHON_FREE = {"base", "codec", "encoding", "registry", "result", "wire"}
MAX_LINES = {".h": 200, ".cc": 400, ".c": 400, ".rs": 400}
MAX_TEST_LINES = 800
# Longer files, each with its reason.
LONGER = {
    "include/springald/abi.h": "the one header of the C ABI is one file by design",
}

INCLUDE = re.compile(r'^#include [<"](springald/(\w+)/[^>"]+|[^>"]+)[>"]', re.MULTILINE)


def is_test(path: Path) -> bool:
    return "_test." in path.name or (path.suffix == ".rs" and "tests" in path.parts)


def problems_of(path: Path) -> list[str]:
    name = path.relative_to(ROOT).as_posix()
    text = path.read_text()
    problems = []
    limit = MAX_TEST_LINES if is_test(path) else MAX_LINES[path.suffix]
    lines = text.count("\n")
    if lines > limit and name not in LONGER:
        problems.append(f"{name} has {lines} lines, {limit} are allowed")
    if SOURCES not in path.parents or "_test" in path.name:
        return problems
    folder = path.relative_to(SOURCES).parts[0]
    for match in INCLUDE.finditer(text):
        included = match[2]
        if included and included != folder and included not in ALLOWED[folder]:
            problems.append(
                f"{name} includes {match[1]}: {folder}/ may not see {included}/"
            )
        if folder in PYTHON_FREE and match[1] in ("Python.h", "nanobind/nanobind.h"):
            problems.append(f"{name} includes {match[1]}: {folder}/ is free of Python")
    return problems


def version_problems() -> list[str]:
    """Compares the version of the crates, which cargo wants in its own file."""
    version = (ROOT / "VERSION").read_text().strip()
    workspace = tomllib.loads((ROOT / "ballista" / "rust" / "Cargo.toml").read_text())
    found = workspace["workspace"]["package"]["version"]
    if found == version:
        return []
    return [f"ballista/rust/Cargo.toml is of version {found}, and VERSION says {version}"]


def main() -> int:
    files = [
        path
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.suffix in MAX_LINES and "target" not in path.parts
    ]
    problems = [problem for path in sorted(files) for problem in problems_of(path)]
    problems += version_problems()
    print("\n".join(problems) or f"{len(files)} files are where they belong")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
