"""Runs the cases inside callgrind; started by callgrind.py, never by hand.

usage: python -m instructions.run_cases PACKAGE SHIM GOLDEN ROWS CALLS CASE...

PACKAGE is the folder of the springald that is to be counted, SHIM the compiled
counted_calls.c, GOLDEN the definition to decode. Each case is run once uncounted, over
2 * ROWS rows or 2 * CALLS calls, so that interpreter, allocators and caches are warm, and
then counted over ROWS (CALLS) and over 2 * ROWS (CALLS): the difference is free of what a
batch (the counting itself) costs. Prints JSON: for each case that cannot be run here,
the reason.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
from instructions.cases import CASES, Case, Kind

_ARROW_ARRAY_BYTES = 80
_ARROW_SCHEMA_BYTES = 72
_MISSING = "this build has no {}"

# Runs `size` rows or calls, counted under a label, or uncounted for None. Returns the
# status of the last call.
Count = Callable[[bytes | None, int], int]


class CannotRun(Exception):
    """This build cannot run the case; the text says why."""


class Counter:
    """Calls one build of springald through its C ABI. For the thread that has the GIL."""

    def __init__(self, package: Path, shim: Path, golden: Path) -> None:
        import springald  # the build under count: PYTHONPATH says which

        found = Path(springald.__file__).parent
        if found != package:
            raise SystemExit(f"counts the wrong build: {found}, expected {package}")
        self._springald = springald
        self._library = ctypes.PyDLL(str(package / "libspringald.so"))
        self._shim = ctypes.PyDLL(str(shim))
        self._shim.LastMessage.restype = ctypes.c_char_p
        self._golden = golden.read_bytes()
        self._kept_alive: list[object] = []  # handles and C structs, until the end

    def last_message(self) -> str:
        """Return what the last failed call said."""
        return str(self._shim.LastMessage().decode())

    def prepared(self, case: Case, rows: int) -> Count:
        """Return what runs `case`, over batches of up to `rows` rows for `Kind.ROWS`.

        Raises:
            CannotRun: This build lacks what the case needs.
        """
        if case.kind is Kind.DECODE:
            return self._decodes()
        os.environ["SPRINGALD_INLINE"] = "1" if case.inlined else "0"
        os.environ["SPRINGALD_DISTINCT"] = "1" if case.distinct else "0"
        function = self._udf(case)
        if case.kind is Kind.ROWS:
            return self._rows(self._loaded(function), case.columns(rows))
        columns = case.columns(case.batch_rows)
        if case.kind is Kind.ENGINE:
            return self._engine_calls(function, columns[0])
        handle = self._loaded(function)
        if case.kind is Kind.CALL:
            return self._calls(handle, columns[0])
        return self._invokes(handle, columns)

    def _udf(self, case: Case) -> Any:
        assert case.function is not None
        types = [case.type] * case.num_arguments
        udf = self._springald.udf
        try:
            if case.function.__annotations__["return"] == "pa.Array":
                return udf(case.function, types, case.type)
            return udf(case.function, name=case.function.__name__)
        except (self._springald.UdfError, TypeError) as error:
            raise CannotRun(f"its function is refused: {error}") from error

    def _entry(self, name: str) -> ctypes.c_void_p:
        """Return the address of a function of the C ABI."""
        try:
            return ctypes.cast(self._library[name], ctypes.c_void_p)
        except AttributeError:
            raise CannotRun(_MISSING.format(name)) from None

    def _loaded(self, function: Any) -> ctypes.c_void_p:
        """Return a `springald_function*`, of a runtime of its own."""
        data = function.to_bytes()
        definition, runtime, loaded = (ctypes.c_void_p() for _ in range(3))
        library = self._library
        statuses = (
            library.springald_definition_decode(
                data, ctypes.c_size_t(len(data)), ctypes.byref(definition), None
            ),
            library.springald_runtime_create(None, ctypes.byref(runtime), None),
            library.springald_runtime_load(
                runtime, definition, ctypes.byref(loaded), None
            ),
        )
        if any(statuses):
            raise CannotRun(f"{function.name} cannot be loaded: statuses {statuses}")
        return loaded

    def _lent(self, columns: list[pa.Array]) -> Any:
        """Return the columns as C structs, which stay alive with this object."""
        structs = ctypes.create_string_buffer(_ARROW_ARRAY_BYTES * len(columns))
        schema = ctypes.create_string_buffer(_ARROW_SCHEMA_BYTES)
        for index, column in enumerate(columns):
            column._export_to_c(
                ctypes.addressof(structs) + index * _ARROW_ARRAY_BYTES,
                ctypes.addressof(schema),
            )
        self._kept_alive.append(structs)
        return structs

    def _rows(self, function: ctypes.c_void_p, columns: list[pa.Array]) -> Count:
        invoke = self._entry("springald_function_invoke")
        batches = {
            size: self._lent([column.slice(0, size) for column in columns])
            for size in (len(columns[0]) // 2, len(columns[0]))
        }
        return lambda label, size: int(
            self._shim.CountInvoke(
                label, ctypes.c_int64(1), invoke, function, batches[size],
                ctypes.c_size_t(len(columns)), ctypes.c_int64(size),
            )
        )  # fmt: skip

    def _invokes(self, function: ctypes.c_void_p, columns: list[pa.Array]) -> Count:
        invoke = self._entry("springald_function_invoke")
        batch = self._lent(columns)
        return lambda label, size: int(
            self._shim.CountInvoke(
                label, ctypes.c_int64(size), invoke, function, batch,
                ctypes.c_size_t(len(columns)), ctypes.c_int64(len(columns[0])),
            )
        )  # fmt: skip

    def _calls(self, function: ctypes.c_void_p, column: pa.Array) -> Count:
        call = self._entry("springald_function_call")
        return lambda label, size: int(
            self._shim.CountCall(
                label, ctypes.c_int64(size), call, function, ctypes.py_object(column)
            )
        )

    def _engine_calls(self, function: Any, column: pa.Array) -> Count:
        # What the engine calls: in builds of before, an object around the native one.
        called = getattr(function, "_called", function._native)
        return lambda label, size: int(
            self._shim.CountEngineCall(
                label, ctypes.c_int64(size), ctypes.py_object(called),
                ctypes.py_object(column),
            )
        )  # fmt: skip

    def _decodes(self) -> Count:
        decode = self._entry("springald_definition_decode")
        release = self._entry("springald_definition_release")
        return lambda label, size: int(
            self._shim.CountDecode(
                label, ctypes.c_int64(size), decode, release, self._golden,
                ctypes.c_size_t(len(self._golden)),
            )
        )  # fmt: skip


def run(counter: Counter, case: Case, rows: int, calls: int) -> None:
    """Count `case`.

    Raises:
        CannotRun: This build lacks what the case needs, or does another thing.
    """
    size = rows if case.kind is Kind.ROWS else calls
    count = counter.prepared(case, 2 * rows)
    status = count(None, 2 * size)
    if status != case.status:
        raise CannotRun(
            f"ended with another status than it should: {status}, expected "
            f"{case.status}: {counter.last_message()}"
        )
    for counted in (size, 2 * size):
        # So that a collection falls on the same row each time, and looks at nothing else.
        gc.collect()
        gc.freeze()
        count(f"{case.name}|{counted}".encode(), counted)


def main(arguments: list[str]) -> None:
    package, shim, golden, rows, calls, *names = arguments
    counter = Counter(Path(package), Path(shim), Path(golden))
    reasons = {}
    for case in CASES:
        if case.name in names:
            try:
                run(counter, case, int(rows), int(calls))
            except CannotRun as error:
                reasons[case.name] = str(error)
    print(json.dumps(reasons))


if __name__ == "__main__":
    main(sys.argv[1:])
