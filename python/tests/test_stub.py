"""The committed stub of the native module says what the module has."""

import subprocess
import sys
from pathlib import Path

STUB = Path(__file__).parents[1] / "springald" / "_springald.pyi"


def test_stub_is_that_of_the_built_module(tmp_path: Path) -> None:
    """`make stub` writes it anew."""
    fresh = tmp_path / "_springald.pyi"
    subprocess.run(
        [
            sys.executable, "-m", "nanobind.stubgen", "-q",
            "-m", "springald._springald", "-o", fresh,
        ],
        check=True,
        timeout=60,
    )  # fmt: skip
    assert fresh.read_text() == STUB.read_text()
