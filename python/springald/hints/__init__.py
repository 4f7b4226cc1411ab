"""What the hints of a function say: Arrow types, nulls, and values to convert.

Row mode gives a function the values of ``pyarrow.Array.to_pylist`` and takes what
``pyarrow.array`` takes. Where a hint wants another object (a dataclass, an ``Enum``, a
``tuple``), the function runs as a :class:`ConvertedFunction`.

===================================== ======================== ==========================
hint                                  Arrow type               the function gets
===================================== ======================== ==========================
``float``, ``int``, ``bool``          float64, int64, bool     as hinted
``str``, ``bytes``                    string, binary           as hinted
``date``                              date32                   as hinted
``datetime``                          timestamp[us]            without a time zone
``time``, ``timedelta``               time64[us], duration[us] as hinted
``Decimal``                           decimal128(38, 18)       as hinted
``UUID``                              uuid (extension)         as hinted
``pa.MonthDayNano``                   month_day_nano_interval  as hinted
``list[X]``, ``Sequence[X]``,         list<X>                  ``list``
``MutableSequence``, ``Collection``
``set[X]``, ``Set[X]``, ``frozenset`` list<X>                  ``set``, ``frozenset``
``tuple[X, ...]``                     list<X>                  ``tuple``
``tuple[X, Y]``                       struct<f0: X, f1: Y>     ``tuple``
``dict[K, V]``, ``Mapping[K, V]``,    map<K, V>                ``dict``; a key that comes
``MutableMapping[K, V]``                                       twice is an error
dataclass, ``NamedTuple``             struct of its fields     an object of the class
``TypedDict``                         struct of its keys       ``dict``
``Literal["a", "b"]``                 that of the values       the value, checked
``Enum``                              that of the values       the member
``X | None``                          that of X                ``None`` for a null
``Annotated[X, <Arrow type>]``        the given one            as hinted by X
``NewType``, type aliases             that of what they name   as it
===================================== ======================== ==========================

* The type of ``Decimal`` is that of PySpark. A result with more than 18 digits after the
  point, or 20 before it, is an error and is not rounded, and an argument has 18 digits
  after the point: ``Annotated[Decimal, pa.decimal128(10, 2)]`` says what is meant.
* The engine makes an argument's column the hinted type where that only widens numbers,
  or changes how text or a list is laid out. Everything else (another precision of a
  decimal, another unit of a time, a struct with other fields or a map with other values)
  it refuses: name the column's own type with ``Annotated`` or ``input_types``, or cast
  the column.
* What is inside a list, a map or a struct may be null in Arrow, so a function may find a
  ``None`` there though the hint inside has none, and may return one.
* A struct is read by the names of its fields. Fields of a dataclass with ``init=False``
  are not part of it; ``ClassVar`` is none. A key of a ``TypedDict`` that is not required
  is missing from the ``dict`` where the struct's field is null.
* Types given to ``udf`` win over those of hints. The function still gets what its hints
  say where that fits: a ``UUID`` also from string and binary, a dataclass from a struct
  whose fields are in another order, with more fields, or without those that have a
  default, an ``Enum`` from every type that holds its values.
* A result must be what its hint says: an object of the dataclass, a value of the
  ``Literal``, a member of the ``Enum`` (or the value of one). All else is a
  ``UdfResultError``. For the other hints pyarrow's rules decide, as without hints.
* Refused, with the reason: hints that name themselves (a tree has no Arrow type), type
  variables, several types (``int | str``), containers that do not say of what.
"""

from __future__ import annotations

from springald.hints.annotations import evaluate_annotation
from springald.hints.converted_function import (
    ConvertedFunction,
    Converters,
    convert_function,
    converters_of,
)
from springald.hints.hint import Hint
from springald.hints.read_hint import read_hint
from springald.hints.refused_value import RefusedValue
from springald.hints.scalar_hints import PYTHON_TYPES

__all__ = [
    "PYTHON_TYPES",
    "ConvertedFunction",
    "Converters",
    "Hint",
    "RefusedValue",
    "convert_function",
    "converters_of",
    "evaluate_annotation",
    "read_hint",
]
