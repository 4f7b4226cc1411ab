"""The package as users get it: sdist, the wheel of that sdist, an empty environment."""

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
import pyarrow as pa
from springald import BallistaSessionContext, udf

@udf
def double(x: float) -> float:
    return x * 2

ctx = BallistaSessionContext()
ctx.register_udf(double)
print(ctx.sql("SELECT double(21.0) AS answer").to_pylist())
"""


def run(*command: object, **options: object) -> str:
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        timeout=900,
        **options,  # type: ignore[arg-type]
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the sdist from this tree."""
    out = tmp_path_factory.mktemp("sdist")
    build = (
        "import sys; from scikit_build_core.build import build_sdist; "
        "build_sdist(sys.argv[1])"
    )
    run(sys.executable, "-c", build, out, cwd=ROOT)
    (archive,) = out.glob("springald-*.tar.gz")
    return archive


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from the sdist, with the build packages of this environment."""
    out = tmp_path_factory.mktemp("wheel")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    run(
        sys.executable, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps",
        "--wheel-dir", out, sdist, env={**os.environ, "PATH": path},
    )  # fmt: skip
    (built,) = out.glob("springald-*.whl")
    return built


@pytest.mark.timeout(900)
def test_sdist_holds_the_sources_and_nothing_built(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for needed in (
        "LICENSE",
        "VERSION",
        "include/springald/abi.h",
        "cmake/Targets.cmake",
    ):
        assert needed in names
    built = (name for name in names if name.startswith(("build/", ".venv/")))
    assert not [*built, *(name for name in names if name.endswith(".so"))]


@pytest.mark.timeout(900)
def test_wheel_holds_the_libraries_and_the_header(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for needed in ("libspringald.so", "libspringald_codec.so", "py.typed", "__init__.py"):
        assert f"springald/{needed}" in names
    assert "springald/include/springald/abi.h" in names
    assert "springald/cmake/SpringaldConfig.cmake" in names
    for notice in ("LICENSE", "NOTICE"):
        assert any(name.endswith(f".dist-info/licenses/{notice}") for name in names)
    assert not [name for name in names if name.endswith((".cc", ".a"))]


@pytest.mark.timeout(900)
def test_wheel_runs_in_an_empty_environment_with_an_empty_home(
    wheel: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    network = ("PIP_", "SSL_", "http", "HTTP")
    settings = {k: v for k, v in os.environ.items() if k.startswith(network)}
    environment = {**settings, "HOME": str(home), "PATH": "/usr/bin:/bin"}
    run(python, "-m", "pip", "install", "--quiet", wheel, env=environment)
    printed = run(python, "-W", "error", "-c", PROGRAM, env=environment, cwd=tmp_path)
    assert printed == "[{'answer': 42.0}]\n"
