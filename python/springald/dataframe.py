"""`datafusion.DataFrame` whose methods raise a UDF's own errors."""

from __future__ import annotations

import sys
import types
from typing import TYPE_CHECKING, Any

import datafusion
import datafusion.record_batch

from springald.engine_call import wrap_method
from springald.record_batch import RecordBatchStream

if TYPE_CHECKING:
    from springald.context import BallistaSessionContext

__all__ = ["DataFrame", "adopt_result"]

_INTERNAL_DATAFRAME = sys.modules["datafusion._internal"].DataFrame
_NOT_WRAPPED = {"__init__", "__arrow_c_stream__"}


class DataFrame(datafusion.DataFrame):
    """A lazy query: ``datafusion.DataFrame``, with the errors of Springald.

    Every method, transformations included (the engine may call an immutable function
    while planning), raises :class:`springald.UdfError` and its subclasses for failures of
    UDFs, and whatever ``datafusion`` raises for the rest.

    That of a cluster's context runs on the cluster: every method that gives rows,
    :meth:`cache` and :meth:`describe` too. The ``write_*`` methods raise
    :class:`springald.ClusterError` there.
    """

    def __init__(self, df: Any, context: BallistaSessionContext | None = None) -> None:
        """Use the methods of a context instead."""
        super().__init__(df)
        # The engine holds a session only weakly: a query outlives its context through
        # this.
        self._context = context
        self._cluster = None if context is None else context._cluster

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return the rows as an Arrow C stream; see ``datafusion.DataFrame``.

        Failures while it is read reach its foreign consumer as the engine's text.
        """
        export = datafusion.DataFrame.__arrow_c_stream__
        if self._cluster is None:
            return export(self, requested_schema)
        return self._cluster.enter(export, self, requested_schema)


def adopt_result(context: BallistaSessionContext | None, result: Any) -> Any:
    """Return what the engine returned as a class of ours, where there is one."""
    kind = type(result)
    if kind is datafusion.DataFrame:
        return DataFrame(result.df, context)
    if kind is _INTERNAL_DATAFRAME:
        # `select_exprs` of the 55 wheel returns what its classes wrap.
        return DataFrame(result, context)
    if kind is datafusion.record_batch.RecordBatchStream:
        return _adopt_stream(result)
    if (
        kind is list
        and result
        and type(result[0]) is datafusion.record_batch.RecordBatchStream
    ):
        return [_adopt_stream(stream) for stream in result]
    return result


def _adopt_stream(stream: datafusion.record_batch.RecordBatchStream) -> RecordBatchStream:
    adopted = RecordBatchStream(stream.rbs)
    adopted.query_share = getattr(stream, "query_share", None)
    return adopted


def _adopt(self: DataFrame, result: Any) -> Any:
    return adopt_result(self._context, result)


for _name, _method in vars(datafusion.DataFrame).items():
    if isinstance(_method, types.FunctionType) and _name not in _NOT_WRAPPED:
        setattr(DataFrame, _name, wrap_method(_method, _adopt))
