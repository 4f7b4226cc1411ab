"""The command `springald` finds the programs and passes their flags on."""

import subprocess
import sys
import types

import pytest

import springald
from springald import cli


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "springald", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_version_and_help():
    assert run("--version").stdout == f"springald {springald.__version__}\n"
    text = run("--help").stdout
    assert "scheduler  plans queries" in text
    assert "executor   runs tasks" in text


@pytest.mark.parametrize("arguments", [(), ("sheduler",), ("--port", "1")])
def test_mistakes_have_status_2_and_say_what_there_is(arguments):
    result = run(*arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert "{scheduler,executor}" in result.stderr


@pytest.fixture
def modules(monkeypatch):
    """Puts modules in place of those of `springald_ballista`."""

    def put(name: str, **content: object) -> None:
        module = types.ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)

    return put


def test_the_scheduler_takes_the_place_of_the_process(modules, monkeypatch):
    calls = []
    modules("springald_ballista.scheduler", program=lambda: "/opt/springald-scheduler")
    monkeypatch.setattr("os.execv", lambda path, argv: calls.append((path, argv)))
    cli.main(["scheduler", "--bind-port", "0", "--help", "--version", "-x"])
    assert calls == [
        (
            "/opt/springald-scheduler",
            ["springald scheduler", "--bind-port", "0", "--help", "--version", "-x"],
        )
    ]


def test_the_executor_runs_in_this_process(modules):
    def run_executor(flags: list[str]) -> int:
        assert flags == ["--vcores", "2", "--udf-timeout", "none", "--help"]
        return 7

    modules("springald_ballista.executor", main=run_executor)
    given = ["executor", "--vcores", "2", "--udf-timeout", "none", "--help"]
    assert cli.main(given) == 7


@pytest.mark.parametrize("command", ["scheduler", "executor"])
def test_without_the_package(monkeypatch, capsys, command):
    for name in list(sys.modules):
        if name.partition(".")[0] == "springald_ballista":
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "springald_ballista", None)
    monkeypatch.setattr(
        sys, "meta_path", [_Missing("springald_ballista"), *sys.meta_path]
    )
    monkeypatch.delitem(sys.modules, "springald_ballista")
    assert cli.main([command, "--help"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == (
        "springald: cluster support is missing: pip install springald-ballista\n"
    )


class _Missing:
    def __init__(self, name: str) -> None:
        self._name = name

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name == self._name:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def test_a_package_of_another_version(modules, monkeypatch, capsys):
    class Broken:
        def find_spec(self, name, path=None, target=None):
            if name == "springald_ballista.executor":
                raise ImportError("springald-ballista 1 needs springald 1")

    monkeypatch.delitem(sys.modules, "springald_ballista.executor", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    assert cli.main(["executor"]) == 1
    assert (
        capsys.readouterr().err == "springald: springald-ballista 1 needs springald 1\n"
    )


def test_the_programs_path():
    from springald_ballista.scheduler import program

    assert program().endswith("springald_ballista/bin/springald-scheduler")


def test_the_executor_is_the_native_one_and_ends_the_process(modules, monkeypatch):
    arguments, ended = [], []
    native = types.SimpleNamespace(run_executor=lambda a: arguments.append(a) or 3)
    monkeypatch.setattr("atexit._run_exitfuncs", lambda: ended.append("functions"))
    monkeypatch.setattr("os._exit", ended.append)
    modules("springald_ballista._native", **vars(native))
    import springald_ballista

    monkeypatch.setattr(
        springald_ballista, "_native", sys.modules["springald_ballista._native"],
        raising=False,
    )  # fmt: skip
    monkeypatch.delitem(sys.modules, "springald_ballista.executor", raising=False)
    from springald_ballista.executor import main

    main(["--vcores", "1"])
    assert ended == ["functions", 3]
    assert arguments == [["springald executor", "--vcores", "1"]]
    monkeypatch.delitem(sys.modules, "springald_ballista.executor")
