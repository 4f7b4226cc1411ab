"""The options --cluster and --sidecar, which python/tests and tests/types share."""

import os
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parent
# python/tests/contexts.py reads the cluster's address from there.
ADDRESS_VARIABLE = "SPRINGALD_TEST_ADDRESS"
BACKEND_VARIABLE = "SPRINGALD_TEST_BACKEND"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--cluster",
        action="store_true",
        help="run python/tests and tests/types on a cluster of processes, not embedded",
    )
    parser.addoption(
        "--sidecar",
        action="store_true",
        help="run python/tests and tests/types with functions in worker processes",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "embedded_only(reason): functions must run in this process, for the reason that "
        "is given",
    )
    if config.getoption("--cluster") and not find_spec("springald_ballista"):
        raise pytest.UsageError(
            "--cluster needs springald-ballista (and that Rust 1.94+): make setup"
        )


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    if config.getoption("--cluster") or config.getoption("--sidecar"):
        for item in items:
            if marker := item.get_closest_marker("embedded_only"):
                item.add_marker(pytest.mark.skip(reason=marker.kwargs["reason"]))


@pytest.fixture(scope="session", autouse=True)
def where_contexts_run(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Start the cluster of `--cluster`, which all contexts of the session use."""
    if request.config.getoption("--sidecar"):
        os.environ[BACKEND_VARIABLE] = "sidecar"
        yield
        del os.environ[BACKEND_VARIABLE]
        return
    if not request.config.getoption("--cluster"):
        yield
        return
    sys.path.insert(0, str(ROOT / "tests"))
    from cluster.processes import Cluster

    with Cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        os.environ[ADDRESS_VARIABLE] = cluster.address
        yield
        del os.environ[ADDRESS_VARIABLE]
