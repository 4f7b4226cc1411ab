"""Collects the licences and notices of the crates in libspringald_ballista.so.

usage: rust_notices.py OUTPUT
"""

import json
import platform
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
NOTICE_FILE = re.compile(r"(un)?licen[cs]e|copying|copyright|notice", re.IGNORECASE)
HEADER = """\
libspringald_ballista.so holds the Rust crates below, each under the licence named beside
it. The texts that they ship follow; a text that several share stands once.
"""


def metadata() -> dict[str, Any]:
    """Return what cargo knows of the workspace and all crates for this platform.

    Raises:
        subprocess.CalledProcessError: cargo failed, and said why.
    """
    target = f"{platform.machine()}-unknown-linux-gnu"
    arguments = ("--locked", "--format-version", "1", "--filter-platform", target)
    listed = subprocess.run(
        ["sh", ROOT / "tools" / "rust.sh", "cargo", "metadata", *arguments],
        check=True,
        stdout=subprocess.PIPE,
    )
    known: dict[str, Any] = json.loads(listed.stdout)
    return known


def linked_crates(known: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the registry's crates that the library links, those of tests left out."""
    crates = {crate["id"]: crate for crate in known["packages"]}
    needs = {node["id"]: node["deps"] for node in known["resolve"]["nodes"]}
    found: set[str] = set()
    ahead = [key for key in crates if crates[key]["name"] == "springald-ballista"]
    while ahead:
        key = ahead.pop()
        if key not in found:
            found.add(key)
            kinds = ((need["pkg"], need["dep_kinds"]) for need in needs[key])
            ahead += [pkg for pkg, kind in kinds if any(k["kind"] is None for k in kind)]
    linked = (crates[key] for key in found if crates[key]["source"] is not None)
    return sorted(linked, key=lambda crate: (crate["name"], crate["version"]))


def notices_of(crate: dict[str, Any]) -> Iterator[str]:
    """Yield the texts of the licence and notice files that a crate ships."""
    for path in sorted(Path(crate["manifest_path"]).parent.iterdir()):
        if path.is_file() and NOTICE_FILE.match(path.name):
            yield path.read_text(errors="replace").strip()


def main() -> None:
    """Write the notices to the file that the command line names."""
    users = defaultdict(list)
    lines = [HEADER]
    for crate in linked_crates(metadata()):
        name = f"{crate['name']} {crate['version']}"
        lines.append(f"{name}: {crate['license'] or 'see its text below'}")
        for text in notices_of(crate):
            users[text].append(name)
    for text, names in users.items():
        lines += ["", "-" * 90, ", ".join(names), "-" * 90, text]
    Path(sys.argv[1]).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
