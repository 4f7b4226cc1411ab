"""Writes docs/types.md: what each Arrow type is for a row function, found by trying.

Run by `make types`. The catalogue of tests/types has the types; the column of the cluster
is the table that the tests with --cluster verify.
"""

from __future__ import annotations

import datetime
import decimal
import sys
import uuid
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "types.md"
sys.path += [str(ROOT / "tests" / "types"), str(ROOT / "python" / "tests")]

from allowed_differences import crashing_values  # noqa: E402
from carried import NOT_EMBEDDED, NOT_ON_CLUSTER  # noqa: E402
from catalogue import ENTRIES, Entry  # noqa: E402
from row_functions import query, row_function, run  # noqa: E402
from values import VALUES  # noqa: E402

from springald import (  # noqa: E402
    BallistaSessionContext,
    UdfDefinitionError,
    UdfResultError,
    udf,
)

INTRODUCTION = """\
# Types

What a row function gets for a value of each Arrow type, what it may return where this is
the return type, and where functions with it can run. `make types` writes this page by
trying each type; a test fails where it is not true.

* A null is `None`, in and out. A class stands for its subclasses too.
* A value that does not fit (too large, cut, of another class) is a `UdfResultError` with
  the row. A class in "may return" does not say that each of its values fits.
* Nanoseconds are given as whole microseconds; a value that is none is an error.
* Under "hint" stands what makes the type of an argument or a result. `Annotated[int, …]`
  means `Annotated[int, pa.int8()]`, with the Arrow type in place of the dots; every type
  can also be given by `input_types` and `return_type`.

| type | the function gets | it may return | hint | embedded | cluster | why not |
| --- | --- | --- | --- | --- | --- | --- |
"""
HINTS: dict[str, Any] = {
    "bool": bool,
    "int": int,
    "float": float,
    "str": str,
    "bytes": bytes,
    "date": datetime.date,
    "datetime": datetime.datetime,
    "time": datetime.time,
    "timedelta": datetime.timedelta,
    "Decimal": decimal.Decimal,
    "UUID": uuid.UUID,
    "list[int]": list[int],
    "list[str]": list[str],
    "list[bool]": list[bool],
    "dict[str, int]": dict[str, int],
}
PREFIXES = {"numpy": "np.", "pandas": "pd.", "pyarrow": "pa."}


def class_name(class_: type) -> str:
    """Return a class as the page calls it: ``int``, ``np.int8``, ``datetime.date``."""
    package = class_.__module__.partition(".")[0]
    if package == "builtins":
        return class_.__qualname__
    return PREFIXES.get(package, package + ".") + class_.__qualname__


def described(values: list[Any]) -> str:
    """Return the classes of values as one hint, with what is inside of them."""
    classes = {type(v): [w for w in values if type(w) is type(v)] for v in values}
    parts = {_described(class_, found) for class_, found in classes.items()}
    return " | ".join(sorted(parts - {"None"}) + sorted(parts & {"None"}))


def _described(class_: type, values: list[Any]) -> str:
    if class_ is type(None):
        return "None"
    if class_ is list:
        inside = described([item for value in values for item in value])
        return f"list[{inside}]" if inside else "list"
    if class_ is tuple:
        columns = zip(*values, strict=True)
        return f"tuple[{', '.join(described(list(c)) for c in columns)}]"
    if class_ is dict:
        names = described([key for value in values for key in value])
        inside = described([item for value in values for item in value.values()])
        return f"dict[{names}, {inside}]"
    return class_name(class_)


def given(entry: Entry) -> list[Any]:
    """Return the values that a function gets for a column without nulls.

    Raises:
        UdfDefinitionError: The runtime does not take the type.
    """
    seen: list[Any] = []
    function = row_function(seen.append, entry.type, pa.bool_(), volatility="volatile")
    run(function, entry.array("table", 200, 0.0))
    return seen


def returnable(entry: Entry) -> list[str]:
    """Return the classes of which a value is taken for the type, without nulls."""
    found: dict[str, None] = {}
    for name, make in VALUES.items():
        class_ = type(make())
        ours = class_.__module__ == "values"
        if ours or make() is None or name in crashing_values(entry.name):
            continue
        function = row_function(lambda _, make=make: make(), pa.int64(), entry.type)
        try:
            result = run(function, pa.array([0], pa.int64()))
        except UdfResultError:
            continue
        if result.null_count == 0 or pa.types.is_null(entry.type):
            found[class_name(class_)] = None
    return list(found)


def hint_of(entry: Entry, values: list[Any]) -> str:
    """Return the shortest hint that makes the type."""
    for text, annotation in HINTS.items():
        if _hinted(annotation) == entry.type:
            return text
    classes = {type(value) for value in values}
    base = classes.pop() if len(classes) == 1 else object
    if _hinted(Annotated[base, entry.type]) == entry.type:
        return f"Annotated[{class_name(base)}, …]"
    return ""


def _hinted(annotation: Any) -> pa.DataType | None:
    def function(value):
        return value

    function.__annotations__ = {"value": annotation, "return": annotation}
    try:
        return udf(function).return_type
    except UdfDefinitionError:
        return None


def runs_embedded(entry: Entry) -> bool:
    """Return whether a query in this process carries the type."""
    if entry.name in NOT_EMBEDDED:
        return False
    function = row_function(entry.through, entry.type, entry.type)
    return len(query(BallistaSessionContext(), function, [entry.array("sql", 9)])) == 9


def line(entry: Entry) -> str:
    """Return the row of the table for one type."""
    try:
        values = given(entry)
        may_return = returnable(entry)
    except UdfDefinitionError as error:
        reason = error.exception_message.partition(". ")[0]
        return _row(entry.name, "", "", "", "no", "no", reason)
    reasons = {NOT_EMBEDDED.get(entry.name), NOT_ON_CLUSTER.get(entry.name)} - {None}
    return _row(
        entry.name,
        _code(described(values)),
        ", ".join(map(_code, may_return)),
        _code(hint_of(entry, values)),
        "yes" if runs_embedded(entry) else "no",
        "no" if entry.name in NOT_ON_CLUSTER else "yes",
        "; ".join(sorted(str(reason) for reason in reasons)),
    )


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |\n"


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|") if text else ""


def page() -> str:
    """Return the text of docs/types.md."""
    return INTRODUCTION + "".join(line(entry) for entry in ENTRIES)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)} has {len(ENTRIES)} types")
