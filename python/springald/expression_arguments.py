"""The expressions among the arguments of a method of the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from datafusion import Expr
from datafusion.expr import SortExpr

__all__ = ["replace_expressions"]


def replace_expressions(value: Any, replace: Callable[[Expr], Expr]) -> Any:
    """Return an argument with each expression in it replaced by ``replace(expression)``.

    Looks into sort expressions, lists, tuples, sets, dictionaries and iterators (which
    come back as lists). Whatever holds no expression that changes is the same object.
    """
    if isinstance(value, Expr):
        return replace(value)
    if isinstance(value, SortExpr):
        inner = value.expr()
        replaced = replace(inner)
        if replaced is inner:
            return value
        return SortExpr(replaced, value.ascending(), value.nulls_first())
    if isinstance(value, dict):
        changed = {key: replace_expressions(v, replace) for key, v in value.items()}
        return changed if any(changed[key] is not value[key] for key in value) else value
    if isinstance(value, Iterator):
        return [replace_expressions(item, replace) for item in value]
    if isinstance(value, list | tuple | set | frozenset):
        items = list(value)
        replaced_items = [replace_expressions(item, replace) for item in items]
        if all(a is b for a, b in zip(items, replaced_items, strict=True)):
            return value
        # Expressions cannot be hashed, so no set holds one. Named tuples become tuples.
        return tuple(replaced_items) if isinstance(value, tuple) else replaced_items
    return value
