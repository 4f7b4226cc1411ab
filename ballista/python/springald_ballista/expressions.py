"""Rewrites expressions so that they hold placeholders in place of Python functions.

An expression that a function makes, ``f(col("a"))``, holds the wheel's own object for a
Python function, which cannot travel to a cluster. So expressions are rewritten where they
enter a method of a cluster's context or DataFrame.
"""

from __future__ import annotations

from typing import Any

from datafusion import Expr

from springald.errors import UdfDefinitionError
from springald.expression_arguments import functions_in, rewritten_arguments
from springald.recover import pickled_with
from springald_ballista.functions import ClusterFunctions
from springald_ballista.native import Native
from springald_ballista.session import HiddenSession

__all__ = ["ExpressionRewriter"]

# What the wheel's Python aggregate and window functions begin with in bytes: a tag and a
# version, which is no character of any text.
_OTHER_FUNCTIONS = {b"DFPYUDA\x01": "aggregate", b"DFPYUDW\x01": "window"}


class ExpressionRewriter:
    """Puts placeholders into expressions. Any thread may call."""

    def __init__(
        self, native: Native, session: HiddenSession, functions: ClusterFunctions
    ) -> None:
        self._native = native
        self._session = session
        self._functions = functions

    def arguments(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments of a method with their expressions rewritten.

        Raises:
            UdfDefinitionError: A function in them cannot travel.
            UdfVersionMismatchError: An executor runs another Python.
            ClusterError: The scheduler does not answer.
        """
        return rewritten_arguments(args, kwargs, self.rewritten)

    def rewritten(self, expression: Expr, known: dict[bytes, Expr] | None = None) -> Expr:
        """Return `expression` with placeholders; itself where it has no functions.

        Equal expressions become one object, which `known` holds; see
        `springald.expression_arguments.rewritten_arguments`.
        """
        known = {} if known is None else known
        session = self._session.expression_session()
        functions = functions_in(expression, session, "sent to a cluster")
        if functions is None:
            return expression
        plain, found = functions
        for tag, kind in _OTHER_FUNCTIONS.items():
            if tag in plain:
                raise UdfDefinitionError(
                    f"The expression {expression} uses a Python {kind} function, which "
                    "cannot run on a cluster in this version"
                )
        if not found:
            return expression
        # Outside of the writing: pickling a function runs its user's code.
        portable = [self._functions.found(parts) for parts in found]
        hashes = iter([function.hash for function in portable])
        written = pickled_with(
            lambda: expression.to_bytes(session), lambda _: f"springald:{next(hashes)}"
        )
        if written not in known:
            definitions = {function.hash: function.definition for function in portable}
            data = self._native.rewrite_expression(written, list(definitions.values()))
            known[written] = Expr.from_bytes(data, session)
        return known[written]
