"""Fixtures of the Python tests, which run embedded or, with --cluster, on a cluster."""

import os
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pytest
from contexts import VARIABLE, open_context

from springald import BallistaSessionContext

HERE = Path(__file__).parent
EMAILS = ["ada@example.org", None, "no at sign", "grace@navy.mil", ""]
CELSIUS = [12.8, None, -3.5, 0.0, 31.1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--cluster",
        action="store_true",
        help="run the tests of python/tests on a cluster of processes, not embedded",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "embedded_only(reason): cannot run on a cluster, for the reason that is given",
    )
    if config.getoption("--cluster") and not find_spec("springald_ballista"):
        raise pytest.UsageError(
            "--cluster needs springald-ballista (and that Rust 1.94+): make setup"
        )


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    if config.getoption("--cluster"):
        for item in items:
            if marker := item.get_closest_marker("embedded_only"):
                item.add_marker(pytest.mark.skip(reason=marker.kwargs["reason"]))


@pytest.fixture(scope="session", autouse=True)
def where_contexts_run(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Start the cluster of `--cluster`, which all contexts of the session use."""
    if not request.config.getoption("--cluster"):
        yield
        return
    sys.path.insert(0, str(HERE.parents[1] / "tests"))
    from cluster.processes import Cluster

    with Cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        os.environ[VARIABLE] = cluster.address
        yield
        del os.environ[VARIABLE]


@pytest.fixture(scope="module", autouse=True)
def functions_travel_by_value(request: pytest.FixtureRequest) -> Iterator[None]:
    """Executors cannot import the tests, so what tests define travels as code."""
    if not request.config.getoption("--cluster"):
        yield
        return
    import cloudpickle

    cloudpickle.register_pickle_by_value(request.module)
    yield
    cloudpickle.unregister_pickle_by_value(request.module)


@pytest.fixture
def ctx() -> BallistaSessionContext:
    """A context with a table `people`: email (string), celsius (float64), n (int64)."""
    context = open_context()
    columns = {
        "email": pa.array(EMAILS),
        "celsius": pa.array(CELSIUS),
        "n": pa.array(range(5), pa.int64()),
    }
    context.from_arrow(pa.table(columns), name="people")
    return context
