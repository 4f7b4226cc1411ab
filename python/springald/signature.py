"""Decides a UDF's mode, types and null policy from its function, hints and keywords."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from springald.async_rows import DEFAULT_MAX_CONCURRENCY
from springald.callables import (
    default_name,
    is_async,
    refuse_unsuitable,
    underlying_function,
)
from springald.column_modes.choices import ColumnChoices
from springald.column_modes.column_hints import IteratorHint
from springald.errors import UdfDefinitionError
from springald.hints import (
    PYTHON_TYPES,
    Converters,
    Hint,
    evaluate_annotation,
    read_hint,
)
from springald.hints.shape import Shape, UnfitTypeError
from springald.limits import NO_LIMITS, Limits
from springald.mode_choice import choose_columns, choose_mode, choose_null_handling

__all__ = ["Options", "Signature", "resolve_limits", "resolve_signature"]

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
    max_concurrency: int | None = None
    dtype_backend: str | None = None
    timeout: float | None = None
    memory_limit: int | str | None = None
    cpu_limit: float | None = None
    max_open_files: int | None = None
    max_result_size: int | str | None = None


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
        converters: What makes the values that the function's hints say, in row mode; None
            where those are Arrow's own, or where only the definition is known.
        max_concurrency: How many rows of a batch are awaited at once; None where the
            function is not async, or where that is not known here.
        columns: Of modes pandas, numpy and iterator: how columns are handed over.
        limits: What a batch may use in a worker process.
    """

    name: str
    mode: str
    arguments: tuple[pa.Field, ...]
    result: pa.Field
    engine_result: pa.Field
    volatility: str
    null_handling: str
    parameters: inspect.Signature | None
    converters: Converters | None = None
    max_concurrency: int | None = None
    columns: ColumnChoices | None = None
    limits: Limits = NO_LIMITS


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


def resolve_limits(name: str, options: Options) -> Limits:
    """Return the limits of the UDF `name`.

    Raises:
        UdfDefinitionError: One is no number above 0; the message names the keyword.
    """
    try:
        return Limits.of_options(options)
    except ValueError as error:
        raise UdfDefinitionError(str(error), udf_name=name) from None


def _resolve(name: str, function: Any, options: Options) -> Signature:
    parameters = _parameters(function)
    takes_batches = _takes_batches(function, parameters, options)
    refuse_unsuitable(function, may_yield=takes_batches)
    if takes_batches:
        slots, batches = _slots_of_batches(function, parameters, options)
    else:
        slots, batches = _slots(function, parameters, options), None
    returned = _returned_slot(function, parameters, options)
    mode = "iterator" if takes_batches else _mode([*slots, returned], options)
    if not slots and mode != "row":
        raise UdfDefinitionError(
            f"A UDF without arguments is not possible in {mode} mode, because the "
            "function cannot know how many rows to return: pass mode='row', or hint the "
            "result with a Python type"
        )
    null_handling = choose_null_handling(
        mode, [slot.hint for slot in slots], options.null_handling
    )
    arguments = tuple(_argument(slot, mode, null_handling, options) for slot in slots)
    columns = choose_columns(
        mode,
        [(a.name, a.type, s.hint) for a, s in zip(arguments, slots, strict=True)],
        returned.hint,
        batches,
        options.dtype_backend,
    )
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
        converters=_converters(slots, returned, arguments, result)
        if mode == "row"
        else None,
        max_concurrency=_max_concurrency(function, mode, options),
        columns=columns,
        limits=resolve_limits(name, options),
    )


def _converters(
    slots: list[_Slot],
    returned: _Slot,
    arguments: tuple[pa.Field, ...],
    result: pa.Field,
) -> Converters | None:
    def shape(slot: _Slot) -> Shape | None:
        return None if slot.hint is None else slot.hint.shape

    named = zip(slots, arguments, strict=True)
    try:
        return Converters.of(
            [(slot.name, field.type, shape(slot)) for slot, field in named],
            (result.type, shape(returned)),
        )
    except UnfitTypeError as error:
        text = str(error)
        raise UdfDefinitionError(text[0].upper() + text[1:]) from None


def _mode(slots: list[_Slot], options: Options) -> str:
    mode = choose_mode([(_called(slot), slot.hint) for slot in slots], options.mode)
    if mode is not None:
        return mode
    for slot in slots:
        if slot.explicit is None:
            raise UdfDefinitionError(_missing_type(slot))
    return "arrow"


def _takes_batches(
    function: Any, parameters: inspect.Signature | None, options: Options
) -> bool:
    """Return whether `function` is one of mode iterator."""
    if options.mode is not None or parameters is None:
        return options.mode == "iterator"
    hints = (_hint_of(p, function) for p in parameters.parameters.values())
    return any(isinstance(hint, IteratorHint) for hint in hints)


def _hint_of(parameter: inspect.Parameter, function: Any) -> Hint | None:
    return read_hint(
        evaluate_annotation(parameter.annotation, underlying_function(function))
    )


def _slots_of_batches(
    function: Any, parameters: inspect.Signature | None, options: Options
) -> tuple[list[_Slot], IteratorHint | None]:
    """Return one slot for each column of a batch, and the hint of the batches."""
    positional, extra = _positional(parameters)
    required = [p for p in positional if p.default is inspect.Parameter.empty]
    if parameters is not None and (
        len(required) > 1 or not (positional or extra is not None)
    ):
        raise UdfDefinitionError(
            "An iterator-mode function takes one argument, the iterator of batches, and "
            f"this one has {len(required)} ({', '.join(p.name for p in required)}). A "
            "batch of several columns is a tuple: Iterator[tuple[pa.Array, pa.Array]]"
        )
    name = positional[0].name if positional else "batches"
    hint = _hint_of(positional[0], function) if positional else None
    batches = hint if isinstance(hint, IteratorHint) else None
    types = None if options.input_types is None else _explicit_types(options.input_types)
    if types is None and (batches is None or batches.is_open):
        raise UdfDefinitionError(
            f"Parameter {name!r} does not say how many columns a batch has: pass "
            "input_types, one Arrow type per column, as in input_types=[pa.float64()]"
        )
    columns: list[Hint | None] = [None] * len(types or ())
    if batches is not None:
        repeats = len(types or ()) if batches.is_open else 1
        columns = [*batches.columns] * repeats
    if types is not None and len(columns) != len(types):
        raise UdfDefinitionError(
            "The number of input types does not match the columns of a batch: "
            f"{len(types)} types, {len(columns)} columns in the hint of {name!r}"
        )
    names = [name] if len(columns) == 1 else [f"{name}_{i}" for i in range(len(columns))]
    slots = [
        _Slot(each, column, _field(types[index], each) if types is not None else None)
        for index, (each, column) in enumerate(zip(names, columns, strict=True))
    ]
    return slots, batches


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
        if hint is not None and parameter is not None and parameter.default is None:
            # `x: float = None` means `float | None`: a call without it gives None.
            hint = replace(hint, nullable=True)
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


def _max_concurrency(function: Any, mode: str, options: Options) -> int | None:
    given = options.max_concurrency
    if not is_async(function):
        if given is not None:
            raise UdfDefinitionError(
                "max_concurrency is for async functions, whose rows are awaited "
                "together: this one is called for one row after the other. Make it "
                "`async def`, or leave max_concurrency out"
            )
        return None
    if mode != "row":
        raise UdfDefinitionError(
            f"An async function cannot run in {mode} mode, because there is one call for "
            "a batch and so nothing to await together: pass mode='row', or hint the "
            "parameters with Python types, or use a plain `def`"
        )
    if given is None:
        return DEFAULT_MAX_CONCURRENCY
    if type(given) is not int or given < 1:
        raise UdfDefinitionError(
            f"max_concurrency has to be a whole number of at least 1: {given!r}"
        )
    return given


def _argument(slot: _Slot, mode: str, null_handling: str, options: Options) -> pa.Field:
    field = (
        slot.explicit
        if slot.explicit is not None
        else pa.field(slot.name, _type_of(slot))
    )
    if null_handling == "call":
        return field.with_nullable(True)
    if slot.hint is not None and slot.hint.kind == "row":
        return field.with_nullable(slot.hint.nullable)
    return field.with_nullable(options.null_handling is None)


def _returns_null(returned: _Slot, mode: str) -> bool:
    if pa.types.is_null(_type_of(returned)):
        return True
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
        slot.hint.reason or "its hint does not say which Arrow type it is"
        if slot.hint
        else "it has no hint"
    )
    is_column = slot.hint is not None and slot.hint.kind != "row"
    advice = "Pass" if is_column else "Hint it with a Python type, or pass"
    return (
        f"{_called(slot)} has no type: {hinted}. {advice} {keyword}, as in {keyword}="
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
