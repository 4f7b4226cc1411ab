"""Fixtures of the types' tests, which run embedded or, with --cluster, on a cluster."""

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
    """Executors cannot import the tests, so what tests define travels as code."""
    if not request.config.getoption("--cluster"):
        yield
        return
    import cloudpickle

    modules = [request.module, *(sys.modules[n] for n in HELPERS if n in sys.modules)]
    for module in modules:
        cloudpickle.register_pickle_by_value(module)
    yield
    for module in modules:
        cloudpickle.unregister_pickle_by_value(module)
