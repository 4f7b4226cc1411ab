"""Several functions under one name in SQL, each for other types of arguments."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from datafusion import Expr, lit
from datafusion.user_defined import ScalarUDF

from springald.cluster import placeholder
from springald.default_arguments import with_defaults
from springald.errors import UdfDefinitionError
from springald.runtime import UdfMetrics
from springald.scalar_udf import Udf

__all__ = ["Overloads", "combined"]


class Overloads(ScalarUDF):
    """Several functions of one name; made by :func:`springald.overloads`. Immutable.

    On a cluster it is registered as one function, and called with expressions it makes an
    expression that runs there. Any thread may use it.
    """

    def __init__(self, functions: Sequence[Udf], name: str) -> None:
        """Use :func:`springald.overloads` instead."""
        self._name = name
        self._functions = tuple(
            f if f.name == name else f.with_name(name) for f in functions
        )
        self._alternatives = _alternatives(name, self._functions)

    @property
    def name(self) -> str:
        """The name in SQL."""
        return self._name

    @property
    def functions(self) -> tuple[Udf, ...]:
        """The functions, in the order in which the engine tries to convert for them."""
        return self._functions

    @property
    def alternatives(self) -> tuple[Udf, ...]:
        """The functions, and each again for every number of arguments that it takes."""
        return self._alternatives

    def metrics(self) -> UdfMetrics:
        """Return what the functions have done so far in this process, together."""
        return UdfMetrics.sum(f.metrics() for f in self._alternatives)

    @property
    def _udf(self) -> Any:
        """What everything of `datafusion` takes from a function.

        Raises:
            UdfDefinitionError: Always: the engine of this process has no such functions.
        """
        first = self._functions[0]
        raise UdfDefinitionError(
            "Several functions under one name are not possible here, because the "
            "engine's Python package gives a function one list of argument types: "
            f"{self._described()}. Register each under a name of its own, as in "
            f"register_udf(f, name={first.name + '_' + _suffix(first)!r}), or use a "
            "cluster, with BallistaSessionContext('df://host:port')",
            udf_name=self.name,
        )

    def with_name(self, name: str) -> Overloads:
        """Return the same functions under another name, with counters of their own."""
        return Overloads(self._functions, name)

    def __call__(self, *args: Any) -> Any:
        """Return an expression for a cluster; the engine chooses the function there.

        Raises:
            TypeError: No argument is an expression: which function is meant then?
            UdfDefinitionError: A function cannot be pickled.
            ClusterError: The package `springald-ballista` is missing.
        """
        if not any(isinstance(value, Expr) for value in args):
            raise TypeError(
                f"{self.name}() stands for {len(self._functions)} functions and is "
                "called with columns of a cluster only: with plain values, call the "
                "function that you mean"
            )
        expressions = [v if isinstance(v, Expr) else lit(v) for v in args]
        return placeholder(self._alternatives)(*expressions)

    def __repr__(self) -> str:
        return f"<springald overloads {self._described()}>"

    def _described(self) -> str:
        return ", ".join(f"{self.name}({_types(f)})" for f in self._functions)


def combined(functions: Sequence[ScalarUDF], name: str | None) -> Overloads:
    """Return `functions` under one name; see :func:`springald.overloads`.

    Raises:
        UdfDefinitionError: There are none, one is no Python function, they have different
            names and `name` is None, or two take the same arguments.
    """
    if not functions:
        raise UdfDefinitionError("Overloads need functions: pass at least one")
    udfs: list[Udf] = []
    for function in functions:
        if isinstance(function, Overloads):
            udfs.extend(function.functions)
        elif isinstance(function, Udf):
            udfs.append(function)
        else:
            raise UdfDefinitionError(
                f"{function!r} is not a Python function that Springald can run, so it "
                "cannot be one of several functions under a name",
                udf_name=function.name,
            )
    names = list(dict.fromkeys(function.name for function in udfs))
    if name is None and len(names) > 1:
        raise UdfDefinitionError(
            f"The functions have different names, {', '.join(map(repr, names))}: pass "
            f"the one that they share in SQL, as in name={names[0]!r}"
        )
    return Overloads(udfs, names[0] if name is None else name)


def _alternatives(name: str, functions: Sequence[Udf]) -> tuple[Udf, ...]:
    """Return what :attr:`Overloads.alternatives` is. Raises UdfDefinitionError."""
    taken: dict[tuple[pa.DataType, ...], str] = {}
    alternatives = []
    for function in functions:
        for alternative in with_defaults(function):
            described = _place(function)
            if alternative is not function:
                described += " with defaults"
            first = taken.setdefault(tuple(alternative.input_types), described)
            if first is not described:
                raise UdfDefinitionError(
                    f"Two functions take the same arguments, ({_types(alternative)}): "
                    f"{first}, and {described}. Change the types of one, or leave it out",
                    udf_name=name,
                )
            alternatives.append(alternative)
    return tuple(alternatives)


def _types(function: Udf) -> str:
    return ", ".join(str(t) for t in function.input_types)


def _suffix(function: Udf) -> str:
    words = [str(t).partition("[")[0].partition("<")[0] for t in function.input_types]
    return "_".join(word.partition("(")[0] for word in words) or "0"


def _place(function: Udf) -> str:
    python_function = function._python_function()
    name = getattr(python_function, "__qualname__", repr(python_function))
    try:
        line = inspect.getsourcelines(python_function)[1]
    except (OSError, TypeError):
        return str(name)
    return f"{name} (line {line})"
