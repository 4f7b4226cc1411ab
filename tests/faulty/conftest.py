"""Fixtures of the tests of misbehaviour."""

from __future__ import annotations

import uuid

import pytest

from springald import BallistaSessionContext

from .leftovers import MARK


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
