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

class Runtime:
    """Owns the loaded functions."""

    def __init__(self, *, log: object, make_error: object) -> None: ...

    def load(self, definition: Definition, live: object | None = None) -> Function:
        """Make a function of the definition's payload, or of the live object."""

    def interrupt(self, hold: bool = False) -> int:
        """
        Cancel every call that is in progress and return how many there were. With `hold`, calls that begin later are cancelled too, until `resume`.
        """

    def resume(self, delay_s: float = 0.0) -> None:
        """Let calls begin again, after `delay_s` seconds."""

    def in_call(self) -> bool: ...
