"""Fixtures of the Python tests."""

import pyarrow as pa
import pytest

from springald import BallistaSessionContext

EMAILS = ["ada@example.org", None, "no at sign", "grace@navy.mil", ""]
CELSIUS = [12.8, None, -3.5, 0.0, 31.1]


@pytest.fixture
def ctx() -> BallistaSessionContext:
    """A context with a table `people`: email (string), celsius (float64), n (int64)."""
    context = BallistaSessionContext()
    columns = {
        "email": pa.array(EMAILS),
        "celsius": pa.array(CELSIUS),
        "n": pa.array(range(5), pa.int64()),
    }
    context.from_arrow(pa.table(columns), name="people")
    return context
