"""Fixtures of the tests of misbehaviour."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable

import pytest

from springald import BallistaSessionContext

from .leftovers import MARK, Process, children_of


@pytest.fixture(scope="session", autouse=True)
def engine_that_has_begun() -> None:
    """Have the engine's own threads and descriptors be there before any are counted."""
    BallistaSessionContext().sql("SELECT 1").collect()


@pytest.fixture
def mark(monkeypatch: pytest.MonkeyPatch) -> str:
    """A text that all processes have in their environment which a test starts."""
    text = uuid.uuid4().hex
    monkeypatch.setenv(MARK, text)
    return text


@pytest.fixture
def new_children() -> Callable[[], list[Process]]:
    """Return the children that this process has, and had not before the test.

    Other tests of this process may have some as long as it runs, a cluster for example.
    """
    before = {process.pid for process in children_of(os.getpid())}
    return lambda: [p for p in children_of(os.getpid()) if p.pid not in before]
