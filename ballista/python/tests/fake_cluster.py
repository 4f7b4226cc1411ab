"""A cluster without processes: what stands for its scheduler and the native module."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pyarrow as pa
from datafusion import SessionContext, col

import springald
from springald import Udf

PYTHON = ".".join(map(str, sys.version_info[:3]))


def executor(**changes: Any) -> dict[str, Any]:
    """Return what a scheduler says about an executor of this very Python."""
    answer = {
        "id": "e1",
        "host": "10.0.0.7",
        "port": 50051,
        "springald": springald.__version__,
        "python": PYTHON,
        "implementation": sys.implementation.name,
        "pyarrow": pa.__version__,
        "cloudpickle": "3.1.2",
        "functions": [],
    }
    return {**answer, **changes}


class FakeScheduler:
    """An HTTP server on a port that the system gives; `body` is what it answers."""

    def __init__(self) -> None:
        self.requests = 0
        self.status = 200
        self.delay = threading.Event()
        self.delay.set()
        self.answer(executors=[executor()])
        scheduler = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                scheduler.requests += 1
                scheduler.delay.wait(20)
                self.send_response(
                    scheduler.status if self.path == "/springald/v1/cluster" else 404
                )
                self.send_header("Content-Length", str(len(scheduler.body)))
                self.end_headers()
                self.wfile.write(scheduler.body)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def answer(self, **changes: Any) -> None:
        versions = {
            "springald": springald.__version__,
            "ballista": "55.0.0",
            "datafusion": "55.2.0",
        }
        self.body = json.dumps({**versions, "executors": [], **changes}).encode()

    def stop(self) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()


class FakeCodec:
    """A codec that knows nothing, which is what a plain session's is."""

    def __init__(self) -> None:
        self._session = SessionContext()
        self.__datafusion_codec_id__ = "springald"

    def __datafusion_logical_extension_codec__(self, session: Any = None) -> Any:
        return self._session.__datafusion_logical_extension_codec__()

    def __datafusion_physical_extension_codec__(self, session: Any = None) -> Any:
        return self._session.__datafusion_physical_extension_codec__()


class FakeNative:
    """Stands for `springald_ballista._native`."""

    def __init__(self) -> None:
        self.options: list[str] = []
        self.rewritten: list[tuple[bytes, list[bytes]]] = []

    def Codec(self, options: str) -> Any:
        self.options.append(options)
        return FakeCodec()

    def Planner(self, options: str) -> Any:
        return None  # keeps the session's own

    def Placeholder(self, definitions: Sequence[bytes]) -> Sequence[bytes]:
        return definitions

    def rewrite_expression(
        self, expression: bytes, definitions: Sequence[bytes]
    ) -> bytes:
        """Return a call of the first function over the column `n`, whatever it was."""
        self.rewritten.append((expression, list(definitions)))
        return Udf.from_bytes(definitions[0])(col("n")).to_bytes()
