"""Decides a UDF's mode, and what depends on it, from hints and keywords."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pyarrow as pa

from springald.column_modes.choices import DTYPE_BACKENDS, ColumnChoices
from springald.column_modes.column_hints import ColumnHint, IteratorHint
from springald.errors import UdfDefinitionError
from springald.hints import Hint

__all__ = ["choose_columns", "choose_mode", "choose_null_handling"]

_MODES = ("arrow", "row", "pandas", "numpy", "iterator")
_NULL_HANDLINGS = ("call", "skip")
# What a hint of each kind says that a parameter is.
_WORDS = {
    "arrow": "a pyarrow array",
    "row": "a Python value",
    "pandas": "a pandas object",
    "numpy": "a NumPy array",
    "iterator": "an iterator of batches",
}


def choose_mode(hints: Sequence[tuple[str, Hint | None]], given: object) -> str | None:
    """Return the mode of a function, or None where neither hints nor keyword say it.

    Args:
        hints: Of each parameter and of the result: what errors call it, and its hint.
        given: The keyword, or None.

    Raises:
        UdfDefinitionError: There is no such mode, a hint has no meaning, or the hints
            are of several modes.
    """
    if given is not None:
        if given not in _MODES:
            raise UdfDefinitionError(
                f"There is no mode {given!r}: use one of {_join(_MODES)}"
            )
        return str(given)
    kinds: dict[str, str] = {}
    for called, hint in hints:
        if hint is None:
            continue
        if hint.kind == "unknown":
            raise UdfDefinitionError(
                f"{called}: {hint.reason}. Change the hint, or pass mode='arrow' or "
                "mode='row' with input_types and return_type"
            )
        kinds.setdefault(hint.kind, called)
    if len(kinds) > 1:
        raise UdfDefinitionError(
            "The hints mix columns and single values, or several kinds of columns: "
            + ", ".join(
                f"{name} is hinted as {_WORDS[kind]}" for kind, name in kinds.items()
            )
            + ". Hint all of them one way, or pass mode="
        )
    return next(iter(kinds), None)


def choose_null_handling(
    mode: str, hints: Iterable[Hint | None], given: str | None
) -> str:
    """Return ``"call"`` or ``"skip"``.

    Raises:
        UdfDefinitionError: There is no such word, or `mode` has no rows to skip.
    """
    if given is None:
        hinted = any(hint is not None and hint.kind == "row" for hint in hints)
        return "skip" if mode == "row" and hinted else "call"
    if given not in _NULL_HANDLINGS:
        raise UdfDefinitionError(
            f"There is no null_handling {given!r}: use one of {_join(_NULL_HANDLINGS)}"
        )
    if mode in ("arrow", "iterator") and given == "skip":
        raise UdfDefinitionError(
            "null_handling='skip' is for modes row, pandas and numpy: in "
            f"{mode} mode the function gets the whole column with its nulls"
        )
    return given


def choose_columns(
    mode: str,
    arguments: Sequence[tuple[str, pa.DataType, Hint | None]],
    returned: Hint | None,
    batches: IteratorHint | None,
    dtype_backend: str | None,
) -> ColumnChoices | None:
    """Return how columns are handed over, or None in modes arrow and row.

    Args:
        mode: The function's.
        arguments: Name, type and hint of each.
        returned: The hint of the result.
        batches: In mode iterator, the hint of the function's parameter.
        dtype_backend: The keyword, or None.

    Raises:
        UdfDefinitionError: A hint does not fit the mode or the type, or `dtype_backend`
            is unknown or has no meaning here.
    """
    pieces = _pieces(batches, returned) if mode == "iterator" else "arrow"
    if dtype_backend is not None:
        if dtype_backend not in DTYPE_BACKENDS:
            raise UdfDefinitionError(
                f"There is no dtype_backend {dtype_backend!r}: use one of "
                f"{_join(DTYPE_BACKENDS)}"
            )
        if mode != "pandas" and pieces != "pandas":
            raise UdfDefinitionError(
                f"dtype_backend={dtype_backend!r} is for functions of pandas Series, and "
                f"this one is of mode {mode!r}"
            )
    if mode not in ("pandas", "numpy", "iterator"):
        return None
    for name, type_, hint in arguments:
        _check_container(f"Parameter {name!r}", type_, hint)
    return ColumnChoices(
        dtype_backend=dtype_backend or "numpy",
        masked=tuple(_container(hint) == "MaskedArray" for _, _, hint in arguments),
        pieces="pandas" if pieces == "pandas" else "arrow",
        in_tuples=len(arguments) > 1 if batches is None else batches.in_tuples,
    )


def _pieces(batches: IteratorHint | None, returned: Hint | None) -> str:
    """Return what batches are made of: the kind that all hints of a function have."""
    kinds = {column.kind for column in batches.columns} if batches is not None else set()
    if isinstance(returned, IteratorHint):
        if returned.in_tuples:
            raise UdfDefinitionError(
                "The result is hinted as an iterator of tuples: a function yields one "
                "column, as in Iterator[pa.Array]; for several values, one of structs"
            )
        kinds.add(returned.columns[0].kind)
    elif returned is not None and returned.kind != "unknown" and batches is not None:
        raise UdfDefinitionError(
            f"The result is hinted as {_WORDS[returned.kind]}, and the parameter as an "
            "iterator of batches: hint the result as Iterator[pa.Array]"
        )
    if len(kinds) > 1:
        raise UdfDefinitionError(
            "The hints mix iterators over pyarrow arrays and over pandas objects: hint "
            "both one way"
        )
    return kinds.pop() if kinds else "arrow"


def _container(hint: Hint | None) -> str:
    return hint.container if isinstance(hint, ColumnHint) else ""


def _check_container(called: str, type_: pa.DataType, hint: Hint | None) -> None:
    is_struct = pa.types.is_struct(type_)
    if _container(hint) == "Series" and is_struct:
        raise UdfDefinitionError(
            f"{called} is hinted as pd.Series, and its type is {type_}: a struct comes "
            "as pd.DataFrame"
        )
    if _container(hint) == "DataFrame" and not is_struct:
        raise UdfDefinitionError(
            f"{called} is hinted as pd.DataFrame, and its type is {type_}: only a struct "
            "comes as one"
        )


def _join(words: Iterable[str]) -> str:
    return ", ".join(repr(word) for word in words)
