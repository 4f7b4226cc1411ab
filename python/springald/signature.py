"""Decides a UDF's mode, types and null policy from its function, hints and keywords."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from springald.callables import (
    default_name,
    refuse_unsuitable,
    underlying_function,
)
from springald.errors import UdfDefinitionError
from springald.type_hints import PYTHON_TYPES, Hint, evaluate_annotation, read_hint

__all__ = ["Options", "Signature", "resolve_signature"]

_MODES = ("arrow", "row")
_LATER_MODES = ("pandas", "numpy", "iterator")
_NULL_HANDLINGS = ("call", "skip")
_VOLATILITIES = ("immutable", "stable", "volatile")


@dataclass(frozen=True)
class Options:
    """What the user said about a UDF, beside the function itself; None means nothing."""

    return_type: Any = None
    input_types: Any = None
    name: str | None = None
    mode: str | None = None
    volatility: Any = None
    null_handling: str | None = None


@dataclass(frozen=True)
class Signature:
    """A UDF without its function: everything that is needed to plan with it.

    Attributes:
        arguments: One field per argument. In a row-mode UDF with ``null_handling``
            "skip", a field that is not nullable is one that the function is given no null
            for.
        result: Type of the result. Not nullable: the function must not return None.
        engine_result: What the engine is told. Nullable unless the user said otherwise,
            because a skipped row is null whatever the function returns.
        parameters: The function's own signature, or None where Python knows none.
    """

    name: str
    mode: str
    arguments: tuple[pa.Field, ...]
    result: pa.Field
    engine_result: pa.Field
    volatility: str
    null_handling: str
    parameters: inspect.Signature | None


@dataclass(frozen=True)
class _Slot:
    """One argument while it is being resolved."""

    name: str
    hint: Hint | None
    explicit: pa.Field | None


def resolve_signature(function: Any, options: Options) -> Signature:
    """Return the signature of `function` as a UDF.

    Raises:
        UdfDefinitionError: The function cannot be a UDF, or a type is missing; the
            message names the parameter.
    """
    name = default_name(function) if options.name is None else options.name
    if not isinstance(name, str) or not name:
        raise UdfDefinitionError(
            f"A UDF's name must be a string with text in it: {name!r}"
        )
    try:
        return _resolve(name, function, options)
    except UdfDefinitionError as error:
        if not error.udf_name:
            error.udf_name = name
        raise


def _resolve(name: str, function: Any, options: Options) -> Signature:
    refuse_unsuitable(function)
    parameters = _parameters(function)
    slots = _slots(function, parameters, options)
    returned = _returned_slot(function, parameters, options)
    mode = _mode(slots, returned, options)
    if not slots and mode != "row":
        raise UdfDefinitionError(
            "A UDF without arguments is not possible in arrow mode, because the function "
            "cannot know how many rows to return: pass mode='row', or hint the result "
            "with a Python type"
        )
    null_handling = _null_handling(mode, slots, options)
    arguments = tuple(_argument(slot, mode, null_handling, options) for slot in slots)
    result = pa.field(returned.name, _type_of(returned), _returns_null(returned, mode))
    never_null = (
        isinstance(options.return_type, pa.Field)
        and not options.return_type.nullable
        and not (null_handling == "skip" and any(not a.nullable for a in arguments))
    )
    return Signature(
        name=name,
        mode=mode,
        arguments=arguments,
        result=result,
        engine_result=result.with_nullable(not never_null),
        volatility=_volatility(options.volatility),
        null_handling=null_handling,
        parameters=parameters,
    )


def _parameters(function: Any) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):  # some functions written in C have none
        return None


def _slots(
    function: Any, parameters: inspect.Signature | None, options: Options
) -> list[_Slot]:
    explicit = (
        None if options.input_types is None else _explicit_types(options.input_types)
    )
    positional, extra = _positional(parameters)
    required = [p for p in positional if p.default is inspect.Parameter.empty]
    if explicit is None:
        if parameters is None or (extra is not None and not positional):
            raise UdfDefinitionError(
                "The number of arguments is not known from the function: pass "
                "input_types, one Arrow type per argument, as in "
                "input_types=[pa.float64()]"
            )
        count = len(positional)
    else:
        count = len(explicit)
        unlimited = parameters is None or extra is not None
        if count < len(required) or (count > len(positional) and not unlimited):
            raise UdfDefinitionError(
                "The number of input types does not match the function's parameters: "
                f"{count} types, {len(positional)} parameters "
                f"({', '.join(p.name for p in positional)})"
            )
    slots = []
    for index in range(count):
        parameter = positional[index] if index < len(positional) else extra
        annotation = (
            inspect.Parameter.empty if parameter is None else parameter.annotation
        )
        name = f"value_{index}"
        if parameter is not None and index < len(positional):
            name = parameter.name
        hint = read_hint(evaluate_annotation(annotation, underlying_function(function)))
        slots.append(
            _Slot(name, hint, _field(explicit[index], name) if explicit else None)
        )
    return slots


def _positional(
    parameters: inspect.Signature | None,
) -> tuple[list[inspect.Parameter], inspect.Parameter | None]:
    """Return the parameters that a row fills, and the one that takes the rest."""
    positional: list[inspect.Parameter] = []
    extra = None
    for parameter in parameters.parameters.values() if parameters is not None else ():
        if parameter.kind is parameter.VAR_POSITIONAL:
            extra = parameter
        elif parameter.kind in (
            parameter.POSITIONAL_ONLY,
            parameter.POSITIONAL_OR_KEYWORD,
        ):
            positional.append(parameter)
        elif (
            parameter.kind is parameter.KEYWORD_ONLY
            and parameter.default is parameter.empty
        ):
            raise UdfDefinitionError(
                f"Parameter {parameter.name!r} can be given by keyword only, which the "
                "engine does not do: give it a default, or make it positional"
            )
    return positional, extra


def _explicit_types(types_given: Any) -> list[Any]:
    if isinstance(types_given, pa.DataType | pa.Field | str | type):
        return [types_given]
    if not isinstance(types_given, Iterable):
        raise UdfDefinitionError(_not_a_type("input_types", types_given))
    return list(types_given)


def _field(type_given: Any, name: str) -> pa.Field:
    if isinstance(type_given, pa.Field):
        return type_given
    if isinstance(type_given, pa.DataType):
        return pa.field(name, type_given)
    raise UdfDefinitionError(_not_a_type(f"The type of {name!r}", type_given))


def _not_a_type(what: str, type_given: Any) -> str:
    example = "pa.float64()"
    if isinstance(type_given, type) and type_given in PYTHON_TYPES:
        example = f"pa.{PYTHON_TYPES[type_given]}()".replace("pa.double", "pa.float64")
    return (
        f"{what} is not an Arrow type: {type_given!r}. Pass a pyarrow type such as "
        f"{example}"
    )


def _returned_slot(
    function: Any, parameters: inspect.Signature | None, options: Options
) -> _Slot:
    annotation = (
        inspect.Parameter.empty if parameters is None else parameters.return_annotation
    )
    hint = read_hint(evaluate_annotation(annotation, underlying_function(function)))
    if options.return_type is None:
        return _Slot("return", hint, None)
    given = options.return_type
    if isinstance(given, list | tuple) and len(given) == 1:
        given = given[0]
    if isinstance(given, pa.DataType | pa.Field):
        return _Slot("return", hint, _field(given, "value"))
    raise UdfDefinitionError(_not_a_type("return_type", options.return_type))


def _mode(slots: list[_Slot], returned: _Slot, options: Options) -> str:
    if options.mode is not None:
        mode = str(options.mode)
        if mode in _LATER_MODES:
            raise UdfDefinitionError(
                f"mode={mode!r} is not in this version: use one of {_join(_MODES)}"
            )
        if mode not in _MODES:
            raise UdfDefinitionError(
                f"There is no mode {options.mode!r}: use one of {_join(_MODES)}"
            )
        return mode
    kinds: dict[str, str] = {}
    for slot in [*slots, returned]:
        if slot.hint is None:
            continue
        if slot.hint.kind == "unknown":
            raise UdfDefinitionError(
                f"{_called(slot)}: {slot.hint.reason}. Change the hint, or pass "
                "mode='arrow' or mode='row' with input_types and return_type"
            )
        kinds.setdefault(slot.hint.kind, _called(slot))
    if len(kinds) > 1:
        raise UdfDefinitionError(
            "The hints mix columns and single values: "
            f"{kinds['arrow']} is hinted as a pyarrow array, {kinds['row']} as a Python "
            "value. Hint all of them one way, or pass mode='arrow' or mode='row'"
        )
    if kinds:
        return next(iter(kinds))
    if all(slot.explicit is not None for slot in [*slots, returned]):
        return "arrow"
    missing = next(slot for slot in [*slots, returned] if slot.explicit is None)
    raise UdfDefinitionError(_missing_type(missing))


def _null_handling(mode: str, slots: list[_Slot], options: Options) -> str:
    given = options.null_handling
    if given is None:
        hinted = any(slot.hint is not None and slot.hint.kind == "row" for slot in slots)
        return "skip" if mode == "row" and hinted else "call"
    if given not in _NULL_HANDLINGS:
        raise UdfDefinitionError(
            f"There is no null_handling {given!r}: use one of {_join(_NULL_HANDLINGS)}"
        )
    if mode == "arrow" and given == "skip":
        raise UdfDefinitionError(
            "null_handling='skip' is for row mode: in arrow mode the function gets the "
            "whole column with its nulls"
        )
    return given


def _argument(slot: _Slot, mode: str, null_handling: str, options: Options) -> pa.Field:
    field = (
        slot.explicit
        if slot.explicit is not None
        else pa.field(slot.name, _type_of(slot))
    )
    if mode == "arrow" or null_handling == "call":
        return field.with_nullable(True)
    if slot.hint is not None and slot.hint.kind == "row":
        return field.with_nullable(slot.hint.nullable)
    return field.with_nullable(options.null_handling is None)


def _returns_null(returned: _Slot, mode: str) -> bool:
    if returned.explicit is not None and not returned.explicit.nullable:
        return False
    if mode == "row" and returned.hint is not None and returned.hint.kind == "row":
        return returned.hint.nullable
    return True


def _type_of(slot: _Slot) -> pa.DataType:
    if slot.explicit is not None:
        return slot.explicit.type
    if slot.hint is not None and slot.hint.type is not None:
        return slot.hint.type
    raise UdfDefinitionError(_missing_type(slot))


def _missing_type(slot: _Slot) -> str:
    keyword = "return_type" if slot.name == "return" else "input_types"
    if slot.hint is not None and slot.hint.kind == "unknown":
        return f"{_called(slot)} has no type: {slot.hint.reason}. Pass {keyword}"
    hinted = (
        "its hint does not say which Arrow type it is" if slot.hint else "it has no hint"
    )
    return (
        f"{_called(slot)} has no type: {hinted}. Hint it with a Python type, or pass "
        f"{keyword}, as in {keyword}="
        + ("pa.float64()" if keyword == "return_type" else "[pa.float64()]")
    )


def _called(slot: _Slot) -> str:
    return "The result" if slot.name == "return" else f"Parameter {slot.name!r}"


def _volatility(given: Any) -> str:
    volatility = "immutable" if given is None else str(given).lower()
    if volatility not in _VOLATILITIES:
        raise UdfDefinitionError(
            f"There is no volatility {given!r}: use one of {_join(_VOLATILITIES)}"
        )
    return volatility


def _join(words: Iterable[str]) -> str:
    return ", ".join(repr(word) for word in words)
