"""Springald: Python functions inside SQL.

>>> from springald import BallistaSessionContext, udf
>>> @udf
... def domain(email: str) -> str | None:
...     return email.partition("@")[2] or None
>>> ctx = BallistaSessionContext()
>>> ctx.register_udf(domain)
>>> ctx.sql("SELECT domain('ada@example.org') AS d").to_pylist()
[{'d': 'example.org'}]

Start with ``help(springald.udf)`` and ``help(springald.BallistaSessionContext)``.
"""

import importlib.metadata as _metadata

_DATAFUSION_MAJOR = "55"


def _check_datafusion() -> None:
    """Refuse an engine whose inner interfaces this version was not made for."""
    try:
        found = _metadata.version("datafusion")
    except _metadata.PackageNotFoundError:
        raise ImportError(
            "springald needs the package datafusion, which is not installed: "
            f"pip install 'datafusion=={_DATAFUSION_MAJOR}.*'"
        ) from None
    if found.partition(".")[0] != _DATAFUSION_MAJOR:
        raise ImportError(
            f"springald needs datafusion {_DATAFUSION_MAJOR}, and {found} is installed: "
            f"pip install 'datafusion=={_DATAFUSION_MAJOR}.*'"
        )


_check_datafusion()

from springald.build_flags import get_include, get_library_dirs  # noqa: E402
from springald.cluster import ClusterExecutor, ExecutorFunction  # noqa: E402
from springald.context import BallistaSessionContext  # noqa: E402
from springald.dataframe import DataFrame  # noqa: E402
from springald.define import overloads, udf  # noqa: E402
from springald.errors import (  # noqa: E402
    ClusterError,
    UdfCancelledError,
    UdfCpuTimeError,
    UdfDefinitionError,
    UdfDependencyError,
    UdfError,
    UdfExecutionError,
    UdfMemoryError,
    UdfOpenFilesError,
    UdfResultError,
    UdfResultSizeError,
    UdfSecurityError,
    UdfTimeoutError,
    UdfVersionMismatchError,
    UdfWorkerLostError,
)
from springald.overloads import Overloads  # noqa: E402
from springald.record_batch import RecordBatchStream  # noqa: E402
from springald.runtime import UdfMetrics  # noqa: E402
from springald.scalar_udf import Udf  # noqa: E402
from springald.worker_figures import ExecutorWorkers, UdfWorkers  # noqa: E402

__version__ = _metadata.version("springald")

__all__ = [
    "BallistaSessionContext",
    "ClusterError",
    "ClusterExecutor",
    "DataFrame",
    "ExecutorFunction",
    "ExecutorWorkers",
    "Overloads",
    "RecordBatchStream",
    "Udf",
    "UdfCancelledError",
    "UdfCpuTimeError",
    "UdfDefinitionError",
    "UdfDependencyError",
    "UdfError",
    "UdfExecutionError",
    "UdfMemoryError",
    "UdfMetrics",
    "UdfOpenFilesError",
    "UdfResultError",
    "UdfResultSizeError",
    "UdfSecurityError",
    "UdfTimeoutError",
    "UdfVersionMismatchError",
    "UdfWorkerLostError",
    "UdfWorkers",
    "get_include",
    "get_library_dirs",
    "overloads",
    "udf",
]
