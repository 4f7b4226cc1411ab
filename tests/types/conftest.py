"""Fixtures of the types' tests; see the options of conftest.py at the root."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
# Where contexts.py is, which says where contexts run.
sys.path.append(str(HERE.parents[1] / "python" / "tests"))
HELPERS = ("catalogue", "generated", "specification", "values")


@pytest.fixture(scope="module", autouse=True)
def functions_travel_by_value(request: pytest.FixtureRequest) -> Iterator[None]:
    """Other processes do not import the tests: what tests define travels as code."""
    config = request.config
    if not config.getoption("--cluster") and not config.getoption("--sidecar"):
        yield
        return
    import cloudpickle

    modules = [request.module, *(sys.modules[n] for n in HELPERS if n in sys.modules)]
    for module in modules:
        cloudpickle.register_pickle_by_value(module)
    yield
    for module in modules:
        cloudpickle.unregister_pickle_by_value(module)
