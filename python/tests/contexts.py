"""Where the functions of the tests run: here, in workers (--sidecar) or on a cluster."""

import os

from datafusion import SessionConfig

from springald import BallistaSessionContext

# Hold the cluster's address and the backend, also for the scripts that tests start.
VARIABLE = "SPRINGALD_TEST_ADDRESS"
BACKEND_VARIABLE = "SPRINGALD_TEST_BACKEND"
_shared: list[BallistaSessionContext] = []


def on_cluster() -> bool:
    """Return whether functions run on executors, which get copies of them."""
    return VARIABLE in os.environ


def in_workers() -> bool:
    """Return whether functions run in worker processes, which get copies of them."""
    return os.environ.get(BACKEND_VARIABLE) == "sidecar"


def elsewhere() -> bool:
    """Return whether functions run in another process than this one."""
    return on_cluster() or in_workers()


def open_context(config: SessionConfig | None = None) -> BallistaSessionContext:
    """Return a new context of the kind that is being tested."""
    context = BallistaSessionContext(os.environ.get(VARIABLE), config=config)
    if in_workers():
        if not _shared:
            _shared.append(BallistaSessionContext(udf_backend="sidecar", udf_workers=2))
        # One pool for all tests, which saves each a new one.
        context._cluster = _shared[0]._cluster
    return context
