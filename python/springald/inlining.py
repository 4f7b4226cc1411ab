"""Makes the batch form of a row function whose body is one pure expression.

``def f(c): return c * 9 / 5 + 32`` becomes ``[c * 9 / 5 + 32 for c in rows]``: the same
values without a call per row. Only where nobody can tell the difference: the expression
names nothing but the parameters, so it has no effects, and the runtime runs the function
itself again for a block in which anything goes wrong, so that errors are those of the
function. Called by the C++ runtime when it makes a row function ready.

``SPRINGALD_INLINE=0`` in the environment switches it off.
"""

from __future__ import annotations
import __future__

import ast
import functools
import inspect
import operator
import os
import sys
import textwrap
import types
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["batch_form", "is_observed"]

# What an expression may be made of. A name is a parameter, whose value is an immutable
# object of a built-in class: all of these are without effects on such values.
_PURE = (
    ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Constant, ast.Name,
    ast.Load, ast.Subscript, ast.Slice, ast.Tuple, ast.JoinedStr, ast.FormattedValue,
    ast.operator, ast.unaryop, ast.boolop, ast.cmpop,
)  # fmt: skip
# Attributes and methods of those classes, which take such values and return such values.
_PURE_NAMES = frozenset(
    """
    capitalize casefold center count encode decode endswith expandtabs find index isalnum
    isalpha isascii isdecimal isdigit isidentifier islower isnumeric isprintable isspace
    istitle isupper join ljust lower lstrip partition removeprefix removesuffix replace
    rfind rindex rjust rpartition rsplit rstrip split splitlines startswith strip swapcase
    title upper zfill hex bit_length is_integer conjugate real imag numerator denominator
    year month day hour minute second microsecond weekday isoweekday isoformat strftime
    date time toordinal timestamp
    """.split()
)
# Fields of a code object that say what it does.
_MEANING = (
    "co_code", "co_consts", "co_names", "co_varnames", "co_freevars", "co_cellvars",
    "co_argcount", "co_posonlyargcount", "co_kwonlyargcount", "co_flags",
)  # fmt: skip
# The bits of `co_flags` that stand for `from __future__ import ...`.
_FUTURE_FLAGS = functools.reduce(
    operator.or_,
    (getattr(__future__, name).compiler_flag for name in __future__.all_feature_names),
)


def batch_form(
    function: Any, num_arguments: int
) -> Callable[[Iterator[Any]], list[Any]] | None:
    """Return a function from an iterator over rows to the list of results, or None.

    A row is the argument itself where there is one, else the tuple of the arguments.
    """
    if os.environ.get("SPRINGALD_INLINE") == "0":
        return None
    if type(function) is not types.FunctionType or function.__code__.co_freevars:
        return None
    node = _source_node(function)
    if node is None:
        return None
    names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
    expression = _returned_expression(node)
    if expression is None or len(names) != num_arguments or _has_more(node.args):
        return None
    if not all(_is_pure(part, names) for part in ast.walk(expression)):
        return None
    return _compiled(names, expression)


def is_observed() -> bool:
    """Return whether a debugger, profiler or coverage tool counts the calls."""
    if sys.gettrace() is not None or sys.getprofile() is not None:
        return True
    monitoring = getattr(sys, "monitoring", None)
    return monitoring is not None and any(map(monitoring.get_tool, range(6)))


def _source_node(function: types.FunctionType) -> ast.FunctionDef | ast.Lambda | None:
    """Return the syntax of `function`, where its source is certainly that of its code."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
    kind = ast.Lambda if function.__name__ == "<lambda>" else ast.FunctionDef
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, kind) and _has_code(node, function.__code__)
    ]
    return found[0] if found else None


def _has_code(node: ast.FunctionDef | ast.Lambda, code: types.CodeType) -> bool:
    if isinstance(node, ast.Lambda):
        whole: ast.Module | ast.Expression = ast.Expression(node)
        mode = "eval"
    else:
        if node.name != code.co_name:
            return False
        plain = ast.FunctionDef(**{**vars(node), "decorator_list": [], "returns": None})
        whole, mode = ast.Module([plain], []), "exec"
    compiled = compile(
        ast.fix_missing_locations(whole),
        "<check>",
        mode,
        code.co_flags & _FUTURE_FLAGS,
        dont_inherit=True,
    )
    inner = [c for c in compiled.co_consts if isinstance(c, types.CodeType)]
    return any(all(_same(c, code, field) for field in _MEANING) for c in inner)


def _same(ours: types.CodeType, theirs: types.CodeType, field: str) -> bool:
    a, b = getattr(ours, field), getattr(theirs, field)
    if field == "co_flags":
        return bool(a | inspect.CO_NESTED == b | inspect.CO_NESTED)
    # Equal constants may differ in class: 1 and 1.0 and True.
    return bool(a == b) and repr(a) == repr(b)


def _has_more(arguments: ast.arguments) -> bool:
    return bool(arguments.vararg or arguments.kwarg or arguments.kwonlyargs)


def _returned_expression(node: ast.FunctionDef | ast.Lambda) -> ast.expr | None:
    if isinstance(node, ast.Lambda):
        return node.body
    body = node.body
    first = body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        body = body[1:]  # a docstring
    if len(body) == 1 and isinstance(body[0], ast.Return):
        return body[0].value
    return None


def _is_pure(part: ast.AST, names: list[str]) -> bool:
    if isinstance(part, ast.Name):
        return part.id in names
    if isinstance(part, ast.Attribute):
        return part.attr in _PURE_NAMES
    if isinstance(part, ast.Call):
        return isinstance(part.func, ast.Attribute)
    if isinstance(part, ast.keyword):
        return part.arg is not None
    if isinstance(part, ast.Compare) and not _compares_by_value(part):
        return False
    return isinstance(part, _PURE)


def _compares_by_value(comparison: ast.Compare) -> bool:
    """Return False for an `is` between values, which may be other objects here."""
    return all(
        not isinstance(operation, ast.Is | ast.IsNot)
        or (isinstance(value, ast.Constant) and value.value is None)
        for operation, value in zip(comparison.ops, comparison.comparators, strict=True)
    )


def _compiled(
    names: list[str], expression: ast.expr
) -> Callable[[Iterator[Any]], list[Any]]:
    row: ast.expr = ast.Name(names[0], ast.Store())
    if len(names) > 1:
        row = ast.Tuple([ast.Name(name, ast.Store()) for name in names], ast.Store())
    loop = ast.comprehension(row, ast.Name("rows", ast.Load()), [], 0)
    body = ast.Return(ast.ListComp(expression, [loop]))
    arguments = ast.arguments([], [ast.arg("rows")], None, [], [], None, [])
    function = ast.FunctionDef("batch", arguments, [body], [])
    module = ast.fix_missing_locations(ast.Module([function], []))
    scope: dict[str, Any] = {"__builtins__": {}}
    exec(compile(module, "<springald>", "exec", dont_inherit=True), scope)
    batch: Callable[[Iterator[Any]], list[Any]] = scope["batch"]
    return batch
