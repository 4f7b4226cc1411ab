"""Types that an engine cannot carry, each with the reason: what the guide's table says.

A type in here that works is a failure of a test, and so is one that fails and is not in
here. A function with such a type is refused when it is registered, by name.
"""

from __future__ import annotations

from collections.abc import Mapping

from contexts import on_cluster

# The name in the catalogue -> why not.
NOT_EMBEDDED: Mapping[str, str] = {}

NOT_ON_CLUSTER: Mapping[str, str] = {}


def not_carried() -> Mapping[str, str]:
    """Return the types that the engine of this session's contexts cannot carry."""
    return NOT_ON_CLUSTER if on_cluster() else NOT_EMBEDDED
