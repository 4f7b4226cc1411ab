"""Fixtures of the cluster tests: one cluster for most, small ones for those that kill."""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import cloudpickle
import pytest

from springald import BallistaSessionContext

from .call_log import CallLog
from .processes import Cluster
from .weather import Both, WeatherFiles

HERE = Path(__file__).parent
MISSING = "springald-ballista is not installed (needs Rust 1.94+): make setup"
RUNNING = pytest.StashKey[list[Cluster]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[RUNNING] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if importlib.util.find_spec("springald_ballista") is None:
        for item in items:
            if HERE in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=MISSING))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Any:
    """Attach what the programs have logged to the report of a test that failed."""
    report = yield
    if report.failed:
        for cluster in item.config.stash[RUNNING]:
            for program in cluster.programs():
                report.sections.append((f"log of {program.name}", program.report()))
    return report


@pytest.fixture(scope="session", autouse=True)
def functions_travel_by_value() -> Iterator[None]:
    """Executors cannot import the tests, so what tests define travels as code."""
    package = sys.modules[__name__.rpartition(".")[0]]
    cloudpickle.register_pickle_by_value(package)
    yield
    cloudpickle.unregister_pickle_by_value(package)


@pytest.fixture(scope="session")
def cluster(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Cluster]:
    """Two executors of two cores each. For tests that leave it as it was."""
    running = pytestconfig.stash[RUNNING]
    with Cluster(tmp_path_factory.mktemp("cluster")) as started:
        running.append(started)
        yield started
        running.remove(started)


@pytest.fixture
def start_cluster(
    tmp_path: Path, pytestconfig: pytest.Config
) -> Iterator[Callable[..., Cluster]]:
    """Start clusters for one test: called with the keywords of Cluster."""
    running = pytestconfig.stash[RUNNING]
    own: list[Cluster] = []
    with ExitStack() as stack:

        def start(**options: Any) -> Cluster:
            folder = tmp_path / f"cluster-{len(own) + 1}"
            folder.mkdir()
            own.append(stack.enter_context(Cluster(folder, **options)))
            running.append(own[-1])
            return own[-1]

        yield start
        for cluster in own:
            running.remove(cluster)


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> WeatherFiles:
    """The weather as CSV, Parquet and JSON."""
    return WeatherFiles.write(tmp_path_factory.mktemp("weather"))


@pytest.fixture
def ctx(cluster: Cluster, files: WeatherFiles) -> BallistaSessionContext:
    """A session on the cluster with the tables `weather`, `parts` and `lines`."""
    context = BallistaSessionContext(cluster.address)
    files.register(context)
    return context


@pytest.fixture
def both(cluster: Cluster, files: WeatherFiles) -> Both:
    """The same session embedded and on the cluster, with tables and functions."""
    return Both(files, cluster.address)


@pytest.fixture
def calls(tmp_path: Path) -> CallLog:
    """A log that functions of the test can write their calls to."""
    return CallLog(tmp_path / "calls")


@pytest.fixture
def interrupt_after() -> Iterator[Callable[[Callable[[], None]], None]]:
    """Sends Ctrl-C's signal to this process once a condition's wait is over."""
    # A job in the background of a shell inherits that SIGINT is ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    is_over = threading.Event()
    threads = []

    def start(wait: Callable[[], None]) -> None:
        def run() -> None:
            wait()
            if not is_over.is_set():
                os.kill(os.getpid(), signal.SIGINT)

        threads.append(threading.Thread(target=run))
        threads[-1].start()

    yield start
    is_over.set()
    for thread in threads:
        thread.join()
    signal.signal(signal.SIGINT, before)
