"""Each misbehaviour fails its own query and no other, and leaves nothing behind."""

from __future__ import annotations

import importlib
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest

from springald import BallistaSessionContext, UdfError

from .bad_row import NUM_ROWS
from .healthy import HEALTHY_SUM, healthy_sum, open_context, sum_of
from .leftovers import (
    WORKER,
    Process,
    descriptors,
    marked_processes,
    shared_memory,
    wait_until,
)

RIGHT_SUM = sum(range(NUM_ROWS))


def misbehaviours() -> list[ModuleType]:
    """Return the fixtures of this folder; see the package's docstring."""
    package = __name__.rpartition(".")[0]
    names = sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py"))
    modules = [
        importlib.import_module(f"{package}.{name}")
        for name in names
        if not name.startswith("test_")
    ]
    return [module for module in modules if hasattr(module, "faulty")]


def name_of(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]


@contextmanager
def healthy_queries(context: BallistaSessionContext) -> Iterator[list[int]]:
    """Have a thread query `healthy` for as long as the block takes; gives its answers.

    Raises what the thread raised.
    """
    answers: list[int] = []
    is_over = threading.Event()

    def ask() -> None:
        while not answers or not is_over.is_set():
            answers.append(healthy_sum(context))

    with ThreadPoolExecutor(1) as executor:
        asking = executor.submit(ask)
        try:
            yield answers
        finally:
            is_over.set()
        asking.result()


def query_faulty(context: BallistaSessionContext, module: ModuleType) -> None:
    """Query the misbehaving function, and check what becomes of that."""
    outcome: object
    try:
        outcome = sum_of(context, getattr(module, "CALL", "faulty(n)"))
    except UdfError as error:
        outcome = error
    if module.ERROR is None or getattr(module, "MAY_SUCCEED", False):
        if outcome == RIGHT_SUM:
            return
    # Exactly this class: a more special one would say more than is true.
    assert type(outcome) is module.ERROR, outcome
    assert re.search(module.MESSAGE, str(outcome)), outcome
    assert outcome.udf_name == "faulty"


def num_worker_processes(mark: str) -> int:
    return sum(process.name == WORKER for process in marked_processes(mark))


@pytest.mark.parametrize("module", misbehaviours(), ids=name_of)
def test_harms_nobody_else(
    module: ModuleType, mark: str, new_children: Callable[[], list[Process]]
) -> None:
    descriptors_before = Counter(descriptors())
    context = open_context()
    context.register_udf(module.faulty, name="faulty", **module.OPTIONS)
    with healthy_queries(context) as answers:
        query_faulty(context, module)
    assert set(answers) == {HEALTHY_SUM}
    assert healthy_sum(context) == HEALTHY_SUM
    if not getattr(module, "LEAVES_PROCESSES", False):
        assert wait_until(
            lambda: num_worker_processes(mark) == context.udf_workers().alive
        )
    assert context.udf_workers().busy == 0

    context.close()

    assert marked_processes(mark) == []
    assert new_children() == []
    assert context.udf_workers().alive == 0
    assert shared_memory() == []
    # Connections of other tests of this process may end meanwhile.
    assert Counter(descriptors()) - descriptors_before == Counter()
