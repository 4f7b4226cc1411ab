"""Where the contexts of the tests run: in this process, or on a cluster (--cluster)."""

import os

from datafusion import SessionConfig

from springald import BallistaSessionContext

# Holds the cluster's address, also for the scripts that tests start.
VARIABLE = "SPRINGALD_TEST_ADDRESS"


def on_cluster() -> bool:
    """Return whether functions run on executors, which get copies of them."""
    return VARIABLE in os.environ


def open_context(config: SessionConfig | None = None) -> BallistaSessionContext:
    """Return a new context of the kind that is being tested."""
    return BallistaSessionContext(os.environ.get(VARIABLE), config=config)
