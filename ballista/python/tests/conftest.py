"""A cluster without processes: a scheduler that only answers, and a hidden session here.

What these tests are about is the client's Python. The native module is replaced: plans of
the hidden session run in this process, and placeholders are the functions themselves.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import datafusion
import pyarrow as pa
import pytest
from datafusion import SessionContext
from fake_cluster import FakeNative, FakeScheduler

from springald import BallistaSessionContext, Udf

if importlib.util.find_spec("springald_ballista") is None:
    # Not put on the path from here: other tests ask whether it is installed.
    collect_ignore = [
        "test_cli.py",
        "test_connection.py",
        "test_expressions.py",
        "test_placement.py",
        "test_service.py",
    ]


@pytest.fixture
def scheduler() -> Iterator[FakeScheduler]:
    fake = FakeScheduler()
    yield fake
    fake.delay.set()
    fake.stop()


@pytest.fixture
def native(monkeypatch: pytest.MonkeyPatch) -> FakeNative:
    from springald_ballista import connection, functions

    fake = FakeNative()
    monkeypatch.setattr(connection, "load_native", lambda: fake)

    def first(definitions: Sequence[bytes]) -> Udf:
        return Udf.from_bytes(definitions[0])

    monkeypatch.setattr(functions, "datafusion", SimpleNamespace(udf=first))
    return fake


@pytest.fixture
def remote(monkeypatch: pytest.MonkeyPatch) -> list[datafusion.LogicalPlan]:
    """The plans that ran on the cluster, in order."""
    from springald_ballista.session import HiddenSession

    plans: list[datafusion.LogicalPlan] = []
    rehome = HiddenSession.rehome

    def record(
        plan: datafusion.LogicalPlan, session: SessionContext
    ) -> datafusion.DataFrame:
        if not isinstance(session, BallistaSessionContext):
            plans.append(plan)
        return rehome(plan, session)

    monkeypatch.setattr(HiddenSession, "rehome", staticmethod(record))
    return plans


@pytest.fixture
def open_context(
    scheduler: FakeScheduler, native: FakeNative
) -> Callable[..., BallistaSessionContext]:
    """Opens contexts on the cluster."""

    def open_one(**options: Any) -> BallistaSessionContext:
        return BallistaSessionContext(f"df://127.0.0.1:{scheduler.port}", **options)

    return open_one


@pytest.fixture
def ctx(
    open_context: Callable[..., BallistaSessionContext],
    remote: list[datafusion.LogicalPlan],
) -> BallistaSessionContext:
    """A context on the cluster with a table `people`: name (string), n (int64)."""
    context = open_context()
    columns = {"name": pa.array(["ada", None, "grace"]), "n": pa.array([1, 2, 3])}
    context.from_arrow(pa.table(columns), name="people")
    return context
