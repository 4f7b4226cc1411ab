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

from springald.captured_names import CapturedNames

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
_PURE_BUILTINS = frozenset(
    """
    abs all any ascii bin bool bytearray bytes callable chr complex dict divmod enumerate
    filter float format frozenset getattr hasattr hex int isinstance issubclass iter len
    list map max memoryview min next oct ord pow range repr reversed round set slice
    sorted str sum tuple type zip
    """.split()
)
# Attributes that depend on the moment or on chance, or write somewhere, also in modules
# of the list above.
_TELLING_NAMES = frozenset(
    """
    now today utcnow random rand randn randint default_rng dump tofile save savez savetxt
    seterr setcontext getcontext localcontext to_csv to_parquet to_sql to_json to_pickle
    write writelines __dict__ __globals__ __class__ __setattr__ modules
    """.split()
)
# Methods that change the object they are called on.
_CHANGING_NAMES = frozenset(
    """
    add append appendleft clear difference_update discard extend extendleft insert
    intersection_update move_to_end pop popitem popleft remove reverse rotate setdefault
    sort subtract symmetric_difference_update update
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
_SCALARS = (
    bool, int, float, complex, str, bytes, types.NoneType, types.EllipsisType, re.Pattern,
    datetime.date, datetime.time, datetime.timedelta, datetime.tzinfo, zoneinfo.ZoneInfo,
    decimal.Decimal, enum.Enum, range,
)  # fmt: skip
_CONTAINERS = (list, dict, set)
# Built-in classes whose methods may stand alone, as in udf(str.upper).
_VALUE_CLASSES = (
    bool, int, float, complex, str, bytes, datetime.date, datetime.datetime,
    datetime.time, datetime.timedelta, decimal.Decimal,
)  # fmt: skip


class _Obstacle(Exception):
    """Says why calls may not be shared."""


def distinct_plan(function: Any) -> tuple[str, list[tuple[Any, ...]]]:
    """Return why equal rows may not share a call of `function`, "" where they may.

    The second item are the names that this depends on; see captured_names.py.
    """
    if os.environ.get("SPRINGALD_DISTINCT") == "0":
        return "SPRINGALD_DISTINCT=0 is set", []
    names = CapturedNames()
    try:
        _check_callable(function, names, set())
    except _Obstacle as obstacle:
        return str(obstacle), []
    except RecursionError:
        return "its code or what it reads is nested too deeply to be judged", []
    return "", names.entries


def _check_callable(function: Any, names: CapturedNames, seen: set[int]) -> None:
    if id(function) in seen:
        return
    seen.add(id(function))
    if type(function) is types.FunctionType:
        _check_function(function, names, seen)
    elif isinstance(function, types.MethodDescriptorType):
        if function.__objclass__ not in _VALUE_CLASSES:
            raise _Obstacle(f"it is a method of {function.__objclass__.__name__}")
    elif isinstance(function, types.BuiltinFunctionType):
        _check_builtin(function)
    elif isinstance(function, type):
        _check_class(function)
    else:
        raise _Obstacle(f"it is a {type(function).__name__}, which may keep a state")


def _check_builtin(function: types.BuiltinFunctionType) -> None:
    owner = function.__self__
    if isinstance(owner, types.ModuleType):
        known = owner.__name__ in _PURE_MODULES or (
            owner.__name__ == "builtins" and function.__name__ in _PURE_BUILTINS
        )
        if not known or function.__name__ in _TELLING_NAMES:
            raise _Obstacle(f"it calls {owner.__name__}.{function.__name__}")
    elif not _is_scalar(owner):
        raise _Obstacle(f"it calls {function.__name__} of a {type(owner).__name__}")


def _check_class(kind: type) -> None:
    if issubclass(kind, enum.Enum):
        return
    known = kind.__module__ in _PURE_MODULES or (
        kind.__module__ == "builtins"
        and (kind.__name__ in _PURE_BUILTINS or issubclass(kind, BaseException))
    )
    if not known:
        raise _Obstacle(f"it uses the class {kind.__name__}, which may keep a state")


def _check_function(
    function: types.FunctionType, names: CapturedNames, seen: set[int]
) -> None:
    code = function.__code__
    if code.co_flags & (0x20 | 0x80 | 0x200):  # generators and coroutines
        raise _Obstacle(f"{function.__name__} is a generator or a coroutine")
    for default in (
        *(function.__defaults__ or ()),
        *(function.__kwdefaults__ or {}).values(),
    ):
        if not _is_scalar(default):
            raise _Obstacle(f"a default value is a {type(default).__name__}")
    codes = _codes_of(code)
    changes = any(map(_changes_containers, codes))
    for one in codes:
        outside = set(code.co_freevars)
        for instruction in dis.get_instructions(one):
            _check_instruction(instruction, outside)
            name = instruction.argval
            is_global = instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME")
            if is_global or (
                instruction.opname in ("LOAD_DEREF", "LOAD_CLASSDEREF")
                and name in outside
            ):
                _check_outside(function, name, changes, names, seen)


def _codes_of(code: types.CodeType) -> list[types.CodeType]:
    """Return `code` and those of the functions and comprehensions inside it."""
    inner = [part for part in code.co_consts if isinstance(part, types.CodeType)]
    return [code, *(one for part in inner for one in _codes_of(part))]


def _changes_containers(code: types.CodeType) -> bool:
    return bool(_CHANGING_NAMES.intersection(code.co_names)) or any(
        instruction.opname in _CHANGING_OPERATIONS
        or (instruction.opname == "BINARY_OP" and instruction.argrepr.endswith("="))
        for instruction in dis.get_instructions(code)
    )


def _check_instruction(instruction: dis.Instruction, outside: set[str]) -> None:
    reason = _TELLING_OPERATIONS.get(instruction.opname)
    if reason is not None:
        raise _Obstacle(reason.format(instruction.argval))
    if instruction.opname in ("STORE_DEREF", "DELETE_DEREF"):
        if instruction.argval in outside:
            raise _Obstacle(f"it changes the outer variable '{instruction.argval}'")
    elif (
        instruction.opname.startswith(("LOAD_ATTR", "LOAD_METHOD"))
        and instruction.argval in _TELLING_NAMES
    ):
        raise _Obstacle(f"it uses the attribute '{instruction.argval}'")


def _check_outside(
    function: Callable[..., Any],
    name: str,
    changes: bool,
    names: CapturedNames,
    seen: set[int],
) -> None:
    try:
        value = names.find(function, name)
    except LookupError:
        raise _Obstacle(f"it reads the name '{name}', which means nothing yet") from None
    if isinstance(value, types.ModuleType):
        if value.__name__ not in _PURE_MODULES:
            raise _Obstacle(f"it uses the module {value.__name__}")
    elif type(value) in _CONTAINERS:
        if changes:
            raise _Obstacle(f"it may change '{name}', a {type(value).__name__}")
        if not _holds_scalars(value):
            raise _Obstacle(f"'{name}' holds more than plain values")
    elif not _is_scalar(value):
        if not callable(value):
            raise _Obstacle(
                f"it uses '{name}', a {type(value).__name__}, which may keep a state"
            )
        try:
            _check_callable(value, names, seen)
        except _Obstacle as obstacle:
            raise _Obstacle(f"of '{name}': {obstacle}") from None


def _is_scalar(value: Any) -> bool:
    if isinstance(value, tuple | frozenset):
        return all(map(_is_scalar, value))
    return isinstance(value, _SCALARS)


def _holds_scalars(container: Any) -> bool:
    if isinstance(container, dict):
        return all(map(_is_scalar, container)) and all(
            _is_scalar(value) or (type(value) in _CONTAINERS and _holds_scalars(value))
            for value in container.values()
        )
    return all(
        _is_scalar(value) or (type(value) in _CONTAINERS and _holds_scalars(value))
        for value in container
    )
