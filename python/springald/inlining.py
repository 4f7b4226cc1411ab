"""Makes the batch form of a row function whose body is one pure expression.

``def f(c): return c * 9 / 5 + 32`` becomes ``[c * 9 / 5 + 32 for c in rows]``: the same
values without a call per row. Only where nobody can tell the difference: the expression
names nothing but the parameters, known built-in functions and outer constants, so it has
no effects, and the runtime runs the function itself again for a block in which anything
goes wrong, so that errors are those of the function. Called by the C++ runtime when it
makes a row function ready.

``SPRINGALD_INLINE=0`` in the environment switches it off.
"""

from __future__ import annotations
import __future__

import ast
import builtins
import functools
import inspect
import math
import operator
import os
import textwrap
import types
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from springald.callables import class_name
from springald.captured_names import CapturedNames
from springald.hints import converters_of

__all__ = ["BatchForm", "batch_form"]

# What an expression may be made of. A name is that of an immutable object of a built-in
# class, as all arguments are: all of these are without effects on such values.
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
# Functions of `builtins` that are without effects on such values, too.
_PURE_BUILTINS = frozenset(
    """
    abs ascii bin bool bytes chr complex divmod float format hex int len max min oct ord
    pow repr round str
    """.split()
)
# Classes of outer constants.
_CONSTANT_CLASSES = (bool, int, float, complex, str, bytes, types.NoneType)
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


@dataclass(frozen=True)
class BatchForm:
    """A function from an iterator over rows to the list of results.

    Attributes:
        function: Takes rows: the used argument itself where there is one, else a tuple of
            the used arguments. None where there is no batch form.
        reason: Why there is none; else empty.
        used: The positions of the arguments that the expression uses.
        names: The outer names in it; see captured_names.py.
    """

    function: Callable[[Iterator[Any]], list[Any]] | None
    reason: str = ""
    used: tuple[int, ...] = ()
    names: list[tuple[Any, ...]] = field(default_factory=list)


def batch_form(function: Any, num_arguments: int) -> BatchForm:
    """Return the batch form of `function`, or one that says why there is none."""
    try:
        return _batch_form(function, num_arguments)
    except _Obstacle as obstacle:
        return BatchForm(None, str(obstacle))


class _Obstacle(Exception):
    """Says why a function cannot be inlined."""


def _batch_form(function: Any, num_arguments: int) -> BatchForm:
    if os.environ.get("SPRINGALD_INLINE") == "0":
        raise _Obstacle("SPRINGALD_INLINE=0 is set")
    if converters_of(function) is not None:
        raise _Obstacle("its values are converted, as its hints say")
    if type(function) is not types.FunctionType:
        raise _Obstacle(
            f"it is an object of the class {class_name(function)}, not a function of "
            "Python"
        )
    node = _source_node(function)
    if node is None:
        raise _Obstacle("its source is not known, as at a prompt or after exec")
    names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
    expression = _returned_expression(node)
    if expression is None:
        raise _Obstacle("its body is more than one return statement")
    if len(names) != num_arguments or _has_more(node.args):
        raise _Obstacle("it has other parameters than one for each argument")
    if num_arguments == 0:
        raise _Obstacle("it has no arguments")
    outer = _OuterNames(function, names)
    for part in ast.walk(expression):
        _check_pure(part, outer)
    used = {part.id for part in ast.walk(expression) if isinstance(part, ast.Name)}
    positions = tuple(i for i, name in enumerate(names) if name in used) or (0,)
    batch = _compiled([names[i] for i in positions], expression, outer.values, function)
    return BatchForm(batch, "", positions, outer.captured.entries)


class _OuterNames:
    """The names of an expression that are no parameters.

    Attributes:
        values: What they mean, by name.
        captured: Where they come from.
        parameters: The names that are.
    """

    def __init__(self, function: types.FunctionType, parameters: list[str]) -> None:
        self.values: dict[str, Any] = {}
        self.captured = CapturedNames()
        self.parameters = frozenset(parameters)
        self._function = function
        self._accepted: set[ast.expr] = set()

    def check(self, node: ast.Name) -> None:
        """Refuse a name that may mean something with effects.

        A function may stand only where it is called: what becomes of one that is handed
        on cannot be seen.
        """
        if node.id in self.parameters or node in self._accepted:
            return
        value = self._value(node)
        if type(value) not in _CONSTANT_CLASSES:
            raise _Obstacle(f"it uses '{node.id}', a {type(value).__name__}")

    def check_called(self, node: ast.expr) -> None:
        """Refuse to call anything but a pure built-in function or a method."""
        if isinstance(node, ast.Attribute):
            return
        if not isinstance(node, ast.Name) or node.id in self.parameters:
            raise _Obstacle("it calls the result of an expression")
        value = self._value(node)
        if not any(value is vars(builtins)[name] for name in _PURE_BUILTINS):
            raise _Obstacle(f"it calls '{node.id}'")
        self._accepted.add(node)

    def check_attribute(self, node: ast.Attribute) -> None:
        """Refuse attributes but those of `math` and of immutable values."""
        owner = node.value
        if isinstance(owner, ast.Name) and owner.id not in self.parameters:
            if self._value(owner) is math:
                self._check_math(node.attr)
                self._accepted.add(owner)
                return
            self.check(owner)
        if node.attr not in _PURE_NAMES:
            raise _Obstacle(f"it uses the attribute '{node.attr}'")

    def _check_math(self, name: str) -> None:
        value = self.captured.find_attribute(math, name)
        if type(value) is not float and getattr(value, "__self__", None) is not math:
            raise _Obstacle(f"math.{name} is not that of the standard library")

    def _value(self, node: ast.Name) -> Any:
        if node.id not in self.values:
            try:
                self.values[node.id] = self.captured.find(self._function, node.id)
            except LookupError:
                raise _Obstacle(f"its name '{node.id}' means nothing yet") from None
        return self.values[node.id]


def _source_node(function: types.FunctionType) -> ast.FunctionDef | ast.Lambda | None:
    """Return the syntax of `function`, where its source is certainly that of its code."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
    kind = ast.Lambda if function.__name__ == "<lambda>" else ast.FunctionDef
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, kind) and _has_code(node, function)
    ]
    return found[0] if found else None


def _has_code(node: ast.FunctionDef | ast.Lambda, function: types.FunctionType) -> bool:
    code = function.__code__
    if isinstance(node, ast.Lambda):
        statement: ast.stmt = ast.Expr(node)
    else:
        if node.name != code.co_name:
            return False
        statement = ast.FunctionDef(
            **{**vars(node), "decorator_list": [], "returns": None}
        )
    # Inside a function that has the outer variables, so that the code refers to them.
    parameters = [ast.arg(name) for name in code.co_freevars]
    arguments = ast.arguments([], parameters, None, [], [], None, [])
    enclosing = ast.FunctionDef("enclosing", arguments, [statement], [])
    # The compiler makes other code for the methods of a name that its module imports.
    imports = [
        ast.Import([ast.alias("any", name)])
        for name in code.co_names
        if isinstance(function.__globals__.get(name), types.ModuleType)
    ]
    compiled = _compile_silently(
        ast.Module([*imports, enclosing], []), "<check>", code.co_flags & _FUTURE_FLAGS
    )
    return any(
        all(_same(inner, code, field) for field in _MEANING)
        for outer in _codes_in(compiled)
        for inner in _codes_in(outer)
    )


def _compile_silently(
    module: ast.Module, file_name: str, flags: int = 0
) -> types.CodeType:
    """Compile what was compiled before, with the warnings that this gave."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        code: types.CodeType = compile(
            ast.fix_missing_locations(module), file_name, "exec", flags, True
        )
    return code


def _codes_in(code: types.CodeType) -> list[types.CodeType]:
    return [inner for inner in code.co_consts if isinstance(inner, types.CodeType)]


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


def _check_pure(part: ast.AST, outer: _OuterNames) -> None:
    """Refuse `part` of an expression; the parts above it were looked at before."""
    if isinstance(part, ast.Call):
        outer.check_called(part.func)
    elif isinstance(part, ast.Attribute):
        outer.check_attribute(part)
    elif isinstance(part, ast.Name):
        outer.check(part)
    elif isinstance(part, ast.keyword):
        if part.arg is None:
            raise _Obstacle("it unpacks a dictionary")
    elif isinstance(part, ast.Compare) and not _compares_by_value(part):
        raise _Obstacle("it compares objects by `is`")
    elif not isinstance(part, _PURE):
        raise _Obstacle(f"it contains a {type(part).__name__}")


def _compares_by_value(comparison: ast.Compare) -> bool:
    """Return False for an `is` between values, which may be other objects here."""
    return all(
        not isinstance(operation, ast.Is | ast.IsNot)
        or (isinstance(value, ast.Constant) and value.value is None)
        for operation, value in zip(comparison.ops, comparison.comparators, strict=True)
    )


def _compiled(
    names: list[str],
    expression: ast.expr,
    outer: dict[str, Any],
    function: types.FunctionType,
) -> Callable[[Iterator[Any]], list[Any]]:
    taken = {*names, *outer}
    rows, batch = _free_name("rows", taken), _free_name("batch", taken)
    row: ast.expr = ast.Name(names[0], ast.Store())
    if len(names) > 1:
        row = ast.Tuple([ast.Name(name, ast.Store()) for name in names], ast.Store())
    loop = ast.comprehension(row, ast.Name(rows, ast.Load()), [], 0)
    body = ast.Return(ast.ListComp(expression, [loop]))
    arguments = ast.arguments([], [ast.arg(rows)], None, [], [], None, [])
    module = ast.Module([ast.FunctionDef(batch, arguments, [body], [])], [])
    # A warning in the expression names the line of the function.
    ast.increment_lineno(expression, function.__code__.co_firstlineno - 1)
    scope: dict[str, Any] = {
        "__builtins__": {},
        "__name__": function.__module__,
        **outer,
    }
    exec(_compile_silently(module, function.__code__.co_filename), scope)
    compiled: Callable[[Iterator[Any]], list[Any]] = scope[batch]
    return compiled


def _free_name(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name
