"""What `springald config` prints, and `springald.get_include()` and its like return."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import pyarrow
import pytest

import springald
from springald import build_flags, cli

PACKAGE = Path(springald.__file__).parent

pytestmark = pytest.mark.embedded_only(reason="it is about files, not queries")


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert cli.main(["config", *arguments]) == 0
    return capsys.readouterr().out.splitlines()


def test_the_folders_hold_what_they_are_asked_for() -> None:
    assert (Path(springald.get_include()) / "springald" / "abi.h").is_file()
    own, *of_arrow = springald.get_library_dirs()
    assert (Path(own) / "libspringald.so").is_file()
    assert (Path(own) / "libspringald_codec.so").is_file()
    assert of_arrow == pyarrow.get_library_dirs()
    assert list(Path(of_arrow[0]).glob("libarrow.so.*"))


def test_flags_come_in_one_line_and_paths_in_their_own(capsys) -> None:
    flags, include, library, cmake, python = printed(
        capsys, "--include-dir", "--cflags", "--library-dir", "--cmake-dir", "--python"
    )
    assert flags == f"-I{PACKAGE}/include -I{pyarrow.get_include()}"
    assert (include, library) == (f"{PACKAGE}/include", str(PACKAGE))
    assert (Path(cmake) / "SpringaldConfig.cmake").is_file()
    assert (Path(cmake) / "SpringaldConfigVersion.cmake").is_file()
    assert python == sys.executable


def test_a_program_links_one_of_the_two_libraries(capsys) -> None:
    (runtime,) = printed(capsys, "--ldflags")
    (codec,) = printed(capsys, "--ldflags", "--codec")
    assert runtime.split()[-1] == "-lspringald"
    assert codec.split()[-1] == "-lspringald_codec"
    assert f"-Wl,-rpath,{PACKAGE}" in runtime.split()
    assert "-lpython" not in runtime


def test_a_program_that_embeds_python_gets_this_one(capsys) -> None:
    (flags,) = printed(capsys, "--embed", "--cflags", "--ldflags")
    assert f"-I{sysconfig.get_paths()['include']}" in flags.split()
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert f"-lpython{version}" in flags.split()


def test_a_python_without_a_shared_library_becomes_part_of_the_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    variables = {
        "Py_ENABLE_SHARED": 0,
        "LDVERSION": "3.11",
        "LIBDIR": "/opt/lib",
        "LIBPL": "/opt/lib/python3.11/config",
        "LINKFORSHARED": "-Xlinker -export-dynamic",
        "LIBS": "-ldl",
        "SYSLIBS": "-lm",
    }
    monkeypatch.setattr(sysconfig, "get_config_var", variables.get)
    flags = build_flags.link_flags(embed=True)
    assert flags[flags.index("-lspringald") + 1 :] == [
        "-L/opt/lib", "-L/opt/lib/python3.11/config", "-Xlinker", "-export-dynamic",
        "-lpython3.11", "-ldl", "-lm",
    ]  # fmt: skip


@pytest.mark.parametrize("arguments", [(), ("--embed",), ("--libs",)])
def test_mistakes_have_status_2_and_say_what_there_is(capsys, arguments) -> None:
    with pytest.raises(SystemExit) as exit_:
        cli.main(["config", *arguments])
    assert exit_.value.code == 2
    assert "--ldflags" in capsys.readouterr().err


def test_the_command_lists_it_beside_the_programs() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "springald", "--help"],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert "config     prints what a C compiler needs" in done.stdout
    assert "springald config [flags]" in done.stdout
