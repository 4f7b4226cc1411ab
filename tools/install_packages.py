"""Installs groups of packages of pyproject.toml into this interpreter's environment.

usage: install_packages.py GROUP...

`build` is what building and running the wheel needs; the other names are those of
[dependency-groups], with exact versions.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
groups = project["dependency-groups"]


def packages_of(group: str) -> list[str]:
    names = list(groups[group])
    if group == "build":
        names += project["build-system"]["requires"]
        names += project["project"]["dependencies"]
    return names


packages = [name for group in sys.argv[1:] for name in packages_of(group)]
subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *packages], check=True)
