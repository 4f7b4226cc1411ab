"""Checks what compilers do not: direction of includes, Python-free folders, lengths."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "cpp" / "springald"

# Each folder may include itself and those named here.
ALLOWED = {
    "base": set(),
    "codec": {"base"},
    "python": {"base", "codec"},
    "registry": {"base", "codec"},
    "result": {"base", "codec"},
    "backend": {"base", "codec", "python", "result"},
    "runtime": {"base", "codec", "python", "registry", "backend", "result"},
    "abi": {"base", "codec", "python", "registry", "backend", "result", "runtime"},
}
PYTHON_FREE = {"base", "codec", "registry", "result"}
MAX_LINES = {".h": 200, ".cc": 400, ".c": 400}
MAX_TEST_LINES = 800
# Longer files, each with its reason.
LONGER = {
    "include/springald/abi.h": "the one header of the C ABI is one file by design",
}

INCLUDE = re.compile(r'^#include [<"](springald/(\w+)/[^>"]+|[^>"]+)[>"]', re.MULTILINE)


def problems_of(path: Path) -> list[str]:
    name = path.relative_to(ROOT).as_posix()
    text = path.read_text()
    problems = []
    limit = MAX_TEST_LINES if "_test." in path.name else MAX_LINES[path.suffix]
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


def main() -> int:
    folders = (SOURCES, ROOT / "include", ROOT / "python" / "bindings", ROOT / "fuzz")
    files = [p for f in folders for p in f.rglob("*") if p.suffix in MAX_LINES]
    problems = [problem for path in sorted(files) for problem in problems_of(path)]
    print("\n".join(problems) or f"{len(files)} files are where they belong")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
