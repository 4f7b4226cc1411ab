"""Fixtures of the Python tests; see the options of conftest.py at the root."""

from collections.abc import Iterator

import pyarrow as pa
import pytest
from contexts import open_context

from springald import BallistaSessionContext

EMAILS = ["ada@example.org", None, "no at sign", "grace@navy.mil", ""]
CELSIUS = [12.8, None, -3.5, 0.0, 31.1]


@pytest.fixture(scope="module", autouse=True)
def functions_travel_by_value(request: pytest.FixtureRequest) -> Iterator[None]:
    """Other processes do not import the tests: what tests define travels as code."""
    config = request.config
    if not config.getoption("--cluster") and not config.getoption("--sidecar"):
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
