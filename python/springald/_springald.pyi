"""The C++ runtime behind springald, through its C ABI."""

from collections.abc import Sequence
from typing import Any


abi_version: int = 4

class Definition:
    """
    A function as it travels: signature, environment and payload. Immutable.
    """

    @staticmethod
    def decode(data: bytes) -> Definition:
        """Read the bytes that `to_bytes` made. Runs no code of the function."""

    @staticmethod
    def create(*, name: str, mode: int, arguments: object, result: object, volatility: int, null_handling: int, python_implementation: str, python_version: str, cloudpickle_version: str, pyarrow_version: str, requirements: Sequence[tuple[str, str]], source: tuple[str, int, str] | None, payload: bytes, payload_reference: str, timeout_ms: int = 0, memory_limit_bytes: int = 0, cpu_limit_ms: int = 0, max_open_files: int = 0, max_result_bytes: int = 0) -> Definition:
        """
        Make a definition; the numbers are those of proto/springald.proto, and 0 sets no limit.
        """

    def to_bytes(self) -> bytes: ...

    @property
    def hash(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def mode(self) -> int: ...

    @property
    def volatility(self) -> int: ...

    @property
    def null_handling(self) -> int: ...

    @property
    def python_implementation(self) -> str: ...

    @property
    def python_version(self) -> str: ...

    @property
    def cloudpickle_version(self) -> str: ...

    @property
    def pyarrow_version(self) -> str: ...

    @property
    def payload_reference(self) -> str: ...

    @property
    def timeout_ms(self) -> int: ...

    @property
    def memory_limit_bytes(self) -> int: ...

    @property
    def cpu_limit_ms(self) -> int: ...

    @property
    def max_open_files(self) -> int: ...

    @property
    def max_result_bytes(self) -> int: ...

    @property
    def requirements(self) -> list[tuple[str, str]]: ...

    @property
    def source(self) -> tuple[str, int, str] | None: ...

    @property
    def payload(self) -> bytes: ...

    @property
    def arguments(self, /) -> Any: ...

    @property
    def result(self, /) -> Any: ...

class Workers:
    """
    The worker processes of a runtime; 0 is the default of a limit, -1 is none.
    """

    def __init__(self) -> None: ...

    @property
    def max_workers(self) -> int: ...

    @max_workers.setter
    def max_workers(self, arg: int, /) -> None: ...

    @property
    def python_executable(self) -> str: ...

    @python_executable.setter
    def python_executable(self, arg: str, /) -> None: ...

    @property
    def preload(self) -> list[str]: ...

    @preload.setter
    def preload(self, arg: Sequence[str], /) -> None: ...

    @property
    def timeout_ms(self) -> int: ...

    @timeout_ms.setter
    def timeout_ms(self, arg: int, /) -> None: ...

    @property
    def memory_limit_bytes(self) -> int: ...

    @memory_limit_bytes.setter
    def memory_limit_bytes(self, arg: int, /) -> None: ...

    @property
    def cpu_limit_ms(self) -> int: ...

    @cpu_limit_ms.setter
    def cpu_limit_ms(self, arg: int, /) -> None: ...

    @property
    def max_open_files(self) -> int: ...

    @max_open_files.setter
    def max_open_files(self, arg: int, /) -> None: ...

    @property
    def max_result_bytes(self) -> int: ...

    @max_result_bytes.setter
    def max_result_bytes(self, arg: int, /) -> None: ...

    @property
    def max_batches_per_worker(self) -> int: ...

    @max_batches_per_worker.setter
    def max_batches_per_worker(self, arg: int, /) -> None: ...

    @property
    def idle_timeout_ms(self) -> int: ...

    @idle_timeout_ms.setter
    def idle_timeout_ms(self, arg: int, /) -> None: ...

class Function:
    """A function that is ready to run over Arrow arrays."""

    def __call__(self, /, *args, **kwargs):
        """Call self as a function."""

    @property
    def name(self) -> str: ...

    @property
    def hash(self) -> str: ...

    def metrics(self) -> dict[str, float]: ...

    def describe(self) -> dict[str, Any]: ...

    def call_stream(self, stream_id: int, *arrays: Any) -> Any:
        """Run one batch of a stream, which this begins if it is new."""

    def end_stream(self, stream_id: int, failed: bool) -> None:
        """End a stream; `failed` where there were to be more batches."""

    def output(self) -> str:
        """The last lines that the function has printed in worker processes."""

class Runtime:
    """Owns the loaded functions."""

    def __init__(self, *, log: object, make_error: object, workers: Workers | None = None) -> None:
        """`workers`: run what is loaded in worker processes like these."""

    def load(self, definition: Definition, live: object | None = None) -> Function:
        """Make a function of the definition's payload, or of the live object."""

    def interrupt(self, hold: bool = False) -> int:
        """
        Cancel every call that is in progress and return how many there were. With `hold`, calls that begin later are cancelled too, until `resume`.
        """

    def resume(self, delay_s: float = 0.0) -> None:
        """Let calls begin again, after `delay_s` seconds."""

    def in_call(self) -> bool: ...

    def shutdown(self) -> None:
        """End the worker processes, for good."""

    def workers(self) -> dict[str, int]: ...

def serve_workers(control_fd: int) -> None:
    """Fork workers for the process at the other end of the socket."""
