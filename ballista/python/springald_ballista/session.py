"""The hidden session: whatever it runs runs on the cluster.

The user's own session stays local. To run a query, its logical plan is made a plan of the
hidden session, whose planner sends plans to the scheduler.
"""

from __future__ import annotations

import json
import threading
import uuid
from typing import Any

import datafusion
from datafusion import LogicalPlan, SessionContext
from datafusion.extensions import SessionExtensionComponents

from springald_ballista.native import Native

__all__ = ["HiddenSession"]

# Tables in memory travel inside plans, and are repeated there for each task.
MAX_INLINE_BYTES = 8 << 20


class _Codecs:
    """Installs the codecs that carry our functions in plans."""

    def __init__(self, codec: Any) -> None:
        self._codec = codec

    def __datafusion_session_components__(
        self, ctx: SessionContext
    ) -> SessionExtensionComponents:
        return SessionExtensionComponents(
            logical_extension_codecs=(self._codec,),
            physical_extension_codecs=(self._codec,),
        )


class _CodecsAndPlanner(_Codecs):
    """Installs the planner as well, which sends plans to the scheduler."""

    def __init__(self, codec: Any, planner: Any) -> None:
        super().__init__(codec)
        self._planner = planner

    def __datafusion_session_planner__(self, ctx: SessionContext, fallback: Any) -> Any:
        return self._planner


class HiddenSession:
    """The hidden session of a context and of all handles on the context's session.

    Made when it is first needed, and again after the context's settings have changed: a
    session of the engine has the settings that it was made with. Whoever uses what
    :meth:`get` returned keeps it, because the engine holds sessions only weakly. Any
    thread may call.
    """

    def __init__(self, native: Native, authority: str) -> None:
        """Makes no session yet. `authority` is the scheduler's ``host:port``."""
        self._native = native
        self._authority = authority
        self._options = json.dumps(
            {
                "address": authority,
                "session_id": uuid.uuid4().hex,
                "max_inline_bytes": MAX_INLINE_BYTES,
                "settings": {},
            }
        )
        self._lock = threading.Lock()
        self._session: SessionContext | None = None
        self._writer: SessionContext | None = None

    def sibling(self) -> HiddenSession:
        """Return another hidden session for the same scheduler."""
        return HiddenSession(self._native, self._authority)

    def get(self, context: SessionContext) -> SessionContext:
        """Return the session, with the settings of `context`."""
        with self._lock:
            if self._session is None:
                extension = _CodecsAndPlanner(
                    self._native.Codec(self._options), self._native.Planner(self._options)
                )
                # The wheel's own pickles of functions would never reach our codec.
                self._session = (
                    SessionContext(SessionContext.copied_config(context))
                    .with_python_udf_inlining(enabled=False)
                    .with_extensions(extension)
                )
            return self._session

    def settings_changed(self) -> None:
        """Have the next query run with the settings that its context has by then."""
        with self._lock:
            self._session = None

    def expression_session(self) -> SessionContext:
        """Return a session that writes and reads expressions with our codec.

        Another one, because it lets the wheel write its own functions, which the planner
        of the hidden session must not.
        """
        with self._lock:
            if self._writer is None:
                codecs = _Codecs(self._native.Codec(self._options))
                self._writer = SessionContext().with_extensions(codecs)
            return self._writer

    @staticmethod
    def rehome(plan: LogicalPlan, session: SessionContext) -> datafusion.DataFrame:
        """Return `plan`, of whichever session, as a DataFrame of `session`."""
        # The classes' own methods: those of our subclasses would come back here.
        return SessionContext.create_dataframe_from_logical_plan(session, plan)
