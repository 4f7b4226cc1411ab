"""The expressions among the arguments of a method of the engine, and their functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from datafusion import Expr, SessionContext
from datafusion.expr import SortExpr

from springald.errors import UdfDefinitionError
from springald.recover import Parts, pickled_with

__all__ = ["functions_in", "replace_expressions", "rewritten_arguments"]


def functions_in(
    expression: Expr, session: SessionContext, destination: str
) -> tuple[bytes, list[Parts]] | None:
    """Return an expression's bytes and the parts of its Python functions, in their order.

    None where it has no functions and no bytes, as a subquery has none. See
    `recover.pickled_with` for the parts.

    Args:
        expression: What is looked into.
        session: Writes it.
        destination: What is to become of it, as in "sent to a cluster".

    Raises:
        UdfDefinitionError: It has no bytes, and a function.
    """
    found: list[Parts] = []
    try:
        written = pickled_with(lambda: expression.to_bytes(session), found.append)
    except Exception as error:
        if not found:
            return None
        raise UdfDefinitionError(
            f"The expression {expression} uses a Python function inside something that "
            f"cannot be {destination}. Register the function and write the expression "
            f"in SQL. The engine says: {error}",
            udf_name=str(found[0][0]),
        ) from error
    return written, found


def rewritten_arguments(
    args: Iterable[Any],
    kwargs: Mapping[str, Any],
    rewrite: Callable[[Expr, dict[bytes, Expr]], Expr],
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of one call with their expressions rewritten.

    Args:
        args: Those by place.
        kwargs: Those by keyword.
        rewrite: Gets an expression, and what the call's expressions before it became, by
            their bytes: the engine compares those of one call (DISTINCT ON and its
            order), and takes two functions that were read from bytes for different ones.
    """
    known: dict[bytes, Expr] = {}

    def replace(expression: Expr) -> Expr:
        return rewrite(expression, known)

    return (
        tuple(replace_expressions(arg, replace) for arg in args),
        {k: replace_expressions(v, replace) for k, v in kwargs.items()},
    )


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
