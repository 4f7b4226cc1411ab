"""The Rust glue to Ballista, through its C functions."""

from collections.abc import Sequence


def version() -> str:
    """Return the glue's own version."""

class Codec:
    """
    The logical and the physical codec of a session, which carry definitions in plans. `options` is JSON.
    """

    def __init__(self, options: str) -> None: ...

    @property
    def __datafusion_codec_id__(self) -> str:
        """The name under which the session's chain of codecs knows this one."""

    def __datafusion_logical_extension_codec__(self, session: object) -> object:
        """Return a capsule that the session can take over."""

    def __datafusion_physical_extension_codec__(self, session: object) -> object:
        """Return a capsule that the session can take over."""

class Planner:
    """
    The planner of a session whose queries run on a cluster. `options` is JSON.
    """

    def __init__(self, options: str) -> None: ...

    def __datafusion_query_planner__(self, session: object) -> object:
        """Return a capsule that the session can take over."""

class Placeholder:
    """
    A function for `datafusion.udf` that stands for encoded definitions of one name in plans, each for another list of argument types. It is never called in this process.
    """

    def __init__(self, definitions: Sequence[bytes]) -> None: ...

    def __datafusion_scalar_udf__(self) -> object:
        """Return a capsule that `datafusion.udf` takes over."""

def rewrite_expression(expression: bytes, definitions: Sequence[bytes]) -> bytes:
    """
    Return the expression with placeholders instead of the wheel's own Python functions.

    `expression` is what `Expr.to_bytes` gives; the pickle of each of its functions holds the text "springald:" and the hexadecimal hash of one of `definitions`, which are encoded.
    """

def run_executor(arguments: Sequence[str]) -> int:
    """
    Run an executor until SIGTERM or SIGINT and return its exit status.

    Functions run in worker processes with this interpreter's packages, or in this interpreter: the flags say which. The calling thread waits without the interpreter's lock. `arguments[0]` is the program's name. Call it from the main thread of a process of its own: it takes over the handling of signals.
    """
