"""Says whether equal rows of a batch may share one call of a row function.

A function that is declared immutable gives the same result for the same values, so one
call for each different row is enough for the result. It may still do something else that
one would miss: print, count, draw random numbers although it is declared immutable by
default. So the function's code is looked through, and everything that it reaches outside
must be known to have no effect. What cannot be judged is called for every row.

Called by the C++ runtime when it makes a row function ready. ``SPRINGALD_DISTINCT=0`` in
the environment switches it off; ``volatility="stable"`` does so for one function.
"""

from __future__ import annotations

import builtins
import datetime
import decimal
import dis
import enum
import os
import re
import types
import zoneinfo
from collections.abc import Callable
from typing import Any

from springald.callables import class_name
from springald.captured_names import CapturedNames
from springald.hints import Converters, converters_of

__all__ = ["distinct_plan"]

# Modules whose functions depend on their arguments alone; but see _TELLING_NAMES.
_PURE_MODULES = frozenset(
    """
    ast base64 binascii bisect calendar cmath codecs collections colorsys copy datetime
    decimal difflib enum fractions functools hashlib hmac html html.entities ipaddress
    itertools json json.decoder json.encoder math numbers numpy operator pyarrow
    pyarrow.compute pandas re statistics string struct textwrap typing unicodedata
    urllib.parse zlib zoneinfo
    """.split()
)
# Those of them that cannot be made to change an object they are given.
_READING_MODULES = frozenset(
    "cmath datetime decimal html math re string textwrap unicodedata".split()
)
_PURE_BUILTINS = frozenset(
    """
    abs all any ascii bin bool bytearray bytes callable chr complex dict divmod enumerate
    filter float format frozenset getattr hasattr hex int isinstance issubclass iter len
    list map max memoryview min next oct ord pow range repr reversed round set slice
    sorted str sum tuple type zip
    """.split()
)
_READING_BUILTINS = _PURE_BUILTINS - {"filter", "getattr", "iter", "map", "next", "type"}
# Attributes that depend on the moment or on chance, or reach what is not looked at, also
# in modules of the list above.
_TELLING_NAMES = frozenset(
    """
    now today utcnow random rand randn randint default_rng dump tofile save savez savetxt
    seterr setcontext getcontext localcontext to_csv to_parquet to_sql to_json to_pickle
    write writelines __dict__ __globals__ __class__ __setattr__ modules set_option
    setfirstweekday set_cpu_count set_io_thread_count purge register unregister
    """.split()
)
# What may be asked of a container outside, and of the values of rows meanwhile.
_READING_NAMES = frozenset(
    """
    get keys values items index count copy union intersection difference issubset
    issuperset isdisjoint
    capitalize casefold center encode decode endswith expandtabs find isalnum isalpha
    isascii isdecimal isdigit isidentifier islower isnumeric isprintable isspace istitle
    isupper join ljust lower lstrip partition removeprefix removesuffix replace rfind
    rindex rjust rpartition rsplit rstrip split splitlines startswith strip swapcase title
    translate upper zfill format hex bit_length is_integer real imag
    year month day hour minute second microsecond weekday isoweekday isocalendar isoformat
    strftime date time toordinal timestamp total_seconds days seconds
    match fullmatch search findall finditer sub group groups groupdict start end span
    """.split()
)
_CHANGING_OPERATIONS = frozenset({"STORE_SUBSCR", "DELETE_SUBSCR", "STORE_SLICE"})
_TELLING_OPERATIONS = {
    "STORE_GLOBAL": "it changes the global '{}'",
    "DELETE_GLOBAL": "it changes the global '{}'",
    "STORE_ATTR": "it sets the attribute '{}'",
    "DELETE_ATTR": "it sets the attribute '{}'",
    "IMPORT_NAME": "it imports '{}'",
}
# Exactly these: a subclass may do anything.
_SCALARS = frozenset(
    {
        bool, int, float, complex, str, bytes, types.NoneType, types.EllipsisType, range,
        re.Pattern, datetime.date, datetime.timedelta, datetime.timezone,
        zoneinfo.ZoneInfo, decimal.Decimal,
    }
)  # fmt: skip
_MOMENTS = (datetime.datetime, datetime.time)
_CONTAINERS = frozenset({list, dict, set})
# Built-in classes whose methods may stand alone, as in udf(str.upper).
_VALUE_CLASSES = frozenset(
    {
        bool, int, float, complex, str, bytes, datetime.date, datetime.datetime,
        datetime.time, datetime.timedelta, decimal.Decimal,
    }
)  # fmt: skip
_GENERATOR_FLAGS = 0x20 | 0x80 | 0x200  # of code objects: also coroutines


class _Obstacle(Exception):
    """Says why calls may not be shared."""


def distinct_plan(function: Any) -> tuple[str, list[tuple[Any, ...]]]:
    """Return why equal rows may not share a call of `function`, "" where they may.

    The second item are the names that this depends on; see captured_names.py.
    """
    if os.environ.get("SPRINGALD_DISTINCT") == "0":
        return "SPRINGALD_DISTINCT=0 is set", []
    look = _Look()
    try:
        look.at_callable(function)
        look.check_containers()
    except _Obstacle as obstacle:
        return str(obstacle), []
    except RecursionError:
        return "its code or what it reads is nested too deeply to be judged", []
    return "", look.names.entries


class _Look:
    """One look through a function and all that it reaches."""

    def __init__(self) -> None:
        self.names = CapturedNames()
        self._seen: set[int] = set()
        self._containers: list[str] = []  # "'seen', a list"
        self._changes: list[str] = []  # what might change them

    def check_containers(self) -> None:
        """Refuse a container outside where something might change it."""
        if self._containers and self._changes:
            raise _Obstacle(f"it may change {self._containers[0]}: {self._changes[0]}")

    def at_callable(self, function: Any) -> None:
        if id(function) in self._seen:
            return
        self._seen.add(id(function))
        converters = converters_of(function)
        if converters is not None:
            self._at_converted(function, converters)
        elif type(function) is types.FunctionType:
            self._at_function(function)
        elif isinstance(function, types.MethodDescriptorType):
            if function.__objclass__ not in _VALUE_CLASSES:
                raise _Obstacle(f"it is a method of {function.__objclass__.__name__}")
        elif isinstance(function, types.BuiltinFunctionType):
            self._at_builtin(function)
        elif isinstance(function, type):
            self._at_class(function)
        else:
            raise _Obstacle(f"it is a {class_name(function)}, which may keep a state")

    def _at_converted(self, function: Any, converters: Converters) -> None:
        """Look at a function whose values are converted, and at their classes."""
        for kind in converters.classes():
            if not _is_plain_enum(kind) or "_missing_" in vars(kind):
                raise _Obstacle(f"its hints name {kind.__name__}, which may keep a state")
        self.at_callable(function.__wrapped__)

    def _at_builtin(self, function: types.BuiltinFunctionType) -> None:
        owner, name = function.__self__, function.__name__
        if not isinstance(owner, types.ModuleType):
            if type(owner) not in _SCALARS:
                raise _Obstacle(f"it calls {name} of a {type(owner).__name__}")
            return
        module = owner.__name__.lstrip("_")  # operator's functions are of _operator
        is_known = (
            name in _PURE_BUILTINS if owner is builtins else module in _PURE_MODULES
        )
        if not is_known or name in _TELLING_NAMES:
            raise _Obstacle(f"it calls {module}.{name}")
        if name not in _READING_BUILTINS and module not in _READING_MODULES:
            self._changes.append(f"it calls {name}")

    def _at_class(self, kind: type) -> None:
        if kind.__module__ == "builtins":
            if kind.__name__ in _READING_BUILTINS or issubclass(kind, BaseException):
                return
            self._changes.append(f"it calls {kind.__name__}")
            if kind.__name__ in _PURE_BUILTINS:
                return
        if kind.__module__ in _PURE_MODULES:
            if kind.__module__ not in _READING_MODULES:
                self._changes.append(f"it uses the class {kind.__name__}")
            return
        raise _Obstacle(f"it uses the class {kind.__name__}, which may keep a state")

    def _at_function(self, function: types.FunctionType) -> None:
        if function.__module__ in _PURE_MODULES:
            # Of the standard library; what it may change is what it is given.
            if function.__module__ not in _READING_MODULES:
                self._changes.append(f"it calls {function.__name__}")
            return
        code = function.__code__
        if code.co_flags & _GENERATOR_FLAGS:
            raise _Obstacle(f"{function.__name__} is a generator or a coroutine")
        for default in (
            *(function.__defaults__ or ()),
            *(function.__kwdefaults__ or {}).values(),
        ):
            if not _is_scalar(default):
                raise _Obstacle(f"a default value is a {type(default).__name__}")
        outside = frozenset(code.co_freevars)
        for one in _codes_of(code):
            module: types.ModuleType | None = None
            for instruction in dis.get_instructions(one):
                self._at_instruction(instruction, outside)
                name = instruction.argval
                is_attribute = instruction.opname.startswith(("LOAD_ATTR", "LOAD_METHOD"))
                if is_attribute and module is not None:
                    self._at_attribute(module, name)
                module = None
                if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME") or (
                    instruction.opname in ("LOAD_DEREF", "LOAD_CLASSDEREF")
                    and name in outside
                ):
                    module = self._at_name(function, name)

    def _at_instruction(
        self, instruction: dis.Instruction, outside: frozenset[str]
    ) -> None:
        operation, name = instruction.opname, instruction.argval
        reason = _TELLING_OPERATIONS.get(operation)
        if reason is not None:
            raise _Obstacle(reason.format(name))
        if operation in ("STORE_DEREF", "DELETE_DEREF") and name in outside:
            raise _Obstacle(f"it changes the outer variable '{name}'")
        if operation.startswith(("LOAD_ATTR", "LOAD_METHOD")):
            if name in _TELLING_NAMES:
                raise _Obstacle(f"it uses the attribute '{name}'")
            if name not in _READING_NAMES:
                self._changes.append(f"it uses the attribute '{name}'")
        elif operation in _CHANGING_OPERATIONS or (
            operation == "BINARY_OP" and instruction.argrepr.endswith("=")
        ):
            self._changes.append("it assigns to a part of something")

    def _at_attribute(self, module: types.ModuleType, name: str) -> None:
        """Look at `module.name`, which somebody may have replaced, or may replace."""
        value = self.names.find_attribute(module, name)
        if isinstance(value, types.FunctionType | types.BuiltinFunctionType):
            self.at_callable(value)
        elif callable(value):
            home = getattr(value, "__module__", None) or type(value).__module__
            if home.partition(".")[0] not in _PURE_MODULES:
                raise _Obstacle(f"{module.__name__}.{name} is a {type(value).__name__}")
            if module.__name__ not in _READING_MODULES:
                self._changes.append(f"it uses {module.__name__}.{name}")

    def _at_name(
        self, function: Callable[..., Any], name: str
    ) -> types.ModuleType | None:
        """Look at what `name` means in `function`; return it if it is a module."""
        try:
            value = self.names.find(function, name)
        except LookupError:
            raise _Obstacle(
                f"it reads the name '{name}', which means nothing yet"
            ) from None
        if isinstance(value, types.ModuleType):
            if value.__name__ not in _PURE_MODULES:
                raise _Obstacle(f"it uses the module {value.__name__}")
            return value
        if type(value) in _CONTAINERS:
            if not _holds_scalars(value):
                raise _Obstacle(f"'{name}' holds more than plain values")
            self._containers.append(f"'{name}', a {type(value).__name__}")
        elif not _is_scalar(value) and not _is_plain_enum(value):
            if not callable(value):
                raise _Obstacle(
                    f"it uses '{name}', a {type(value).__name__}, which may keep a state"
                )
            try:
                self.at_callable(value)
            except _Obstacle as obstacle:
                raise _Obstacle(f"of '{name}': {obstacle}") from None
        return None


def _codes_of(code: types.CodeType) -> list[types.CodeType]:
    """Return `code` and those of the functions and comprehensions inside it."""
    inner = [part for part in code.co_consts if isinstance(part, types.CodeType)]
    return [code, *(one for part in inner for one in _codes_of(part))]


def _is_scalar(value: Any) -> bool:
    if type(value) in (tuple, frozenset):
        return all(map(_is_scalar, value))
    if type(value) in _MOMENTS:
        return _is_scalar(value.tzinfo)
    return type(value) in _SCALARS


def _is_plain_enum(value: Any) -> bool:
    """Return whether `value` is an Enum class, or a member of one, without code."""
    kind = value if isinstance(value, type) else type(value)
    return (
        issubclass(kind, enum.Enum)
        and kind.__bases__ in ((enum.Enum,), (enum.IntEnum,), (enum.StrEnum,))
        and not any(
            callable(part) or hasattr(part, "__get__")
            for name, part in vars(kind).items()
            if not name.startswith("_") and not isinstance(part, kind | property)
        )
        and not any(isinstance(part, property) for part in vars(kind).values())
    )


def _holds_scalars(container: Any) -> bool:
    if isinstance(container, dict):
        return all(map(_is_scalar, container)) and _holds_scalars(
            list(container.values())
        )
    return all(
        _is_scalar(value) or (type(value) in _CONTAINERS and _holds_scalars(value))
        for value in container
    )
