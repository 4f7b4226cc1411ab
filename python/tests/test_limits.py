"""Limits of functions: what is accepted, and that they travel with the function."""

from __future__ import annotations

import math
import pickle
from decimal import Decimal
from fractions import Fraction
from typing import Any

import datafusion
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from springald import BallistaSessionContext, Udf, UdfDefinitionError, overloads, udf
from springald._springald import Definition
from springald.default_arguments import with_defaults
from springald.limits import Limits, parse_count, parse_seconds, parse_size

ALL: dict[str, Any] = {
    "timeout": 1.5,
    "memory_limit": "2GiB",
    "cpu_limit": 60,
    "max_open_files": 64,
    "max_result_size": 1000,
}
PARSED = Limits(
    timeout_s=1.5,
    memory_bytes=2 << 30,
    cpu_s=60.0,
    max_open_files=64,
    max_result_bytes=1000,
)


def double(x: int) -> int:
    return 2 * x


def add_one(column):
    return pc.add(column, 1)


# Parsing


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, 1),
        (4096, 4096),
        (np.int64(7), 7),
        (2**63 - 1, 2**63 - 1),
        ("4096", 4096),
        ("1B", 1),
        ("512MiB", 512 << 20),
        ("2GiB", 2 << 30),
        ("1TiB", 1 << 40),
        ("16KiB", 16 << 10),
        ("1.5GB", 1_500_000_000),
        ("1kb", 1000),
        ("3MB", 3_000_000),
        ("1TB", 10**12),
        (" 2 gib ", 2 << 30),
        ("0.5KiB", 512),
        ("0.0015kB", 1),
        ("9223372036854775807", 2**63 - 1),
    ],
)
def test_sizes(value, expected):
    assert parse_size(value, "memory_limit") == expected
    assert type(parse_size(value, "memory_limit")) is int


@pytest.mark.parametrize(
    "value",
    [0, -1, 2**63, True, 1.5, Decimal(4096), None, b"2GiB", [], "", "GiB", "2 gigabytes",
     "2G", "-2GiB", "1e9", "1_000", "0x10", ".5GiB", "1.GiB", "0.4B", "0GiB", "inf",
     "nan", "9000000TiB", "9" * 6000, "\u0663GiB", "2G\u0131B", "2GiB\0"],
)  # fmt: skip
def test_what_is_no_size_is_refused(value):
    with pytest.raises(ValueError, match=r"^memory_limit has to be .*'2GiB'") as caught:
        parse_size(value, "memory_limit")
    assert str(caught.value).endswith(f": {value!r}")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, 1000),
        (0.5, 500),
        (2.003, 2003),
        (0.1 + 0.2, 300),
        (1e-9, 1),
        (0.0004, 1),
        (np.float32(0.25), 250),
        (np.int8(3), 3000),
        (Fraction(1, 8), 125),
        (1e300, 2**63 - 1),
    ],
)
def test_seconds(value, expected):
    assert parse_seconds(value, "timeout") == expected
    assert type(parse_seconds(value, "timeout")) is int


@pytest.mark.parametrize(
    "value",
    [0, -1, -0.5, 0.0, math.inf, -math.inf, math.nan, True, "30", "30s", None, [],
     Decimal(1), 1j, 10**400],
)  # fmt: skip
def test_what_are_no_seconds_is_refused(value):
    with pytest.raises(ValueError, match=r"^timeout has to be a number of sec") as caught:
        parse_seconds(value, "timeout")
    assert str(caught.value).endswith(f": {value!r}")


@pytest.mark.parametrize("value", [0, -1, 2**63, True, 1.0, "64", None])
def test_what_is_no_count_is_refused(value):
    with pytest.raises(ValueError, match=r"^max_open_files has to be a whole") as caught:
        parse_count(value, "max_open_files")
    assert str(caught.value).endswith(f": {value!r}")


def test_counts():
    assert parse_count(1, "n") == 1
    assert parse_count(np.uint8(200), "n") == 200
    assert parse_count(2**63 - 1, "n") == 2**63 - 1


@pytest.mark.parametrize(
    "limits",
    [
        Limits(),
        PARSED,
        Limits(timeout_s=0.001),
        Limits(cpu_s=123456789.123),
        Limits(memory_bytes=2**63 - 1, max_result_bytes=1),
    ],
)
def test_limits_are_the_same_as_options_and_as_fields(limits):
    assert udf(double, **limits.as_options()).limits == limits
    assert Udf.from_bytes(udf(double, **limits.as_options()).to_bytes()).limits == limits


# Functions


def test_a_function_sets_none_unless_told():
    assert udf(double).limits == Limits()
    definition = Definition.decode(udf(double).to_bytes())
    assert (definition.timeout_ms, definition.max_result_bytes) == (0, 0)


def test_a_definition_without_limits_is_what_it_was():
    data = udf(double).to_bytes()
    assert data.startswith(b"\x08\x01\x10\x01")
    assert b"\x82\x01" not in data[-4:]


@pytest.mark.parametrize(
    "make",
    [
        lambda: udf(**ALL)(double),
        lambda: udf(double, **ALL),
        lambda: udf(func=double, **ALL),
        lambda: udf(add_one, [pa.int64()], pa.int64(), "stable", "f", **ALL),
        lambda: udf([pa.int64()], pa.int64(), "stable", **ALL)(add_one),
        lambda: udf(add_one, input_types=[pa.int64()], return_type=pa.int64(), **ALL),
    ],
)
def test_every_form_takes_limits(make):
    function = make()
    assert function.limits == PARSED
    definition = Definition.decode(function.to_bytes())
    assert definition.timeout_ms == 1500
    assert definition.memory_limit_bytes == 2 << 30
    assert definition.cpu_limit_ms == 60_000
    assert definition.max_open_files == 64
    assert definition.max_result_bytes == 1000


@pytest.mark.parametrize("option", ALL)
def test_each_limit_stands_alone(option):
    function = udf(double, **{option: ALL[option]})
    expected = dict.fromkeys(ALL) | {option: PARSED.as_options()[option]}
    assert function.limits.as_options() == expected
    assert Udf.from_bytes(function.to_bytes()).limits == function.limits


@pytest.mark.parametrize("option", ALL)
def test_refuses_what_is_no_limit(option):
    with pytest.raises(UdfDefinitionError, match=f"{option} has to be a") as caught:
        udf(double, **{option: -3})
    assert str(caught.value).startswith("UDF 'double': ")
    assert str(caught.value).endswith(": -3")
    with pytest.raises(UdfDefinitionError, match=f"UDF 'other': {option} has to be"):
        udf(udf(double), name="other", **{option: 0})


def test_limits_are_part_of_the_identity():
    payload = Definition.decode(udf(double).to_bytes()).payload
    limited = udf(double, timeout=5)
    assert Definition.decode(limited.to_bytes()).payload == payload
    assert limited.portable_hash() != udf(double).portable_hash()


# Keeping them


def test_bytes_and_pickles_keep_limits():
    function = udf(double, **ALL)
    assert Udf.from_bytes(function.to_bytes()).limits == PARSED
    assert pickle.loads(pickle.dumps(function)).limits == PARSED
    again = Udf.from_bytes(function.to_bytes())
    assert again.to_bytes() == function.to_bytes()


def test_another_name_keeps_limits():
    function = udf(double, **ALL)
    for one in (function, Udf.from_bytes(function.to_bytes())):
        renamed = one.with_name("other")
        assert (renamed.name, renamed.limits) == ("other", PARSED)
        assert Udf.from_bytes(renamed.to_bytes()).limits == PARSED
        assert udf(one, name="another").limits == PARSED
    both = overloads(function, udf(lambda t: t, [pa.string()], pa.string()), name="twice")
    assert [f.limits for f in both.functions] == [PARSED, Limits()]


def test_another_definition_keeps_limits():
    function = udf(double, **ALL)
    for one in (function, Udf.from_bytes(function.to_bytes())):
        assert udf(one, volatility="volatile").limits == PARSED
        tighter = udf(one, timeout=1, name="tight")
        assert (tighter.name, tighter.volatility) == ("tight", "immutable")
        assert tighter.limits.timeout_s == 1
        assert tighter.limits.memory_bytes == PARSED.memory_bytes
        assert udf(tighter, volatility="stable").limits == tighter.limits


def test_limits_leave_types_as_they_are():
    function = Udf.from_bytes(udf(add_one, [pa.int64()], pa.int64()).to_bytes())
    limited = udf(function, max_open_files=3)
    assert (limited.input_types, limited.return_type) == ([pa.int64()], pa.int64())
    assert limited.limits == Limits(max_open_files=3)


def test_forms_with_defaults_keep_limits():
    @udf(**ALL)
    def scaled(x: float, factor: float = 10.0) -> float:
        return x * factor

    assert [form.limits for form in with_defaults(scaled)] == [PARSED, PARSED]


def test_registering_takes_limits(ctx: BallistaSessionContext) -> None:
    ctx.register_udf(double, **ALL)
    registered = ctx.udf("double")
    assert isinstance(registered, Udf)
    assert registered.limits == PARSED
    ctx.register_udf(udf(double, timeout=9, name="nine"), cpu_limit=1)
    nine = ctx.udf("nine")
    assert isinstance(nine, Udf)
    assert nine.limits == Limits(timeout_s=9, cpu_s=1)


def test_a_limited_function_runs(ctx: BallistaSessionContext) -> None:
    ctx.register_udf(double, **ALL)
    assert ctx.sql("SELECT double(21) AS r").to_pydict() == {"r": [42]}


def test_what_has_no_definition_of_ours_takes_no_limits():
    ready = datafusion.udf(add_one, [pa.int64()], pa.int64(), "stable", "ready")
    with pytest.raises(UdfDefinitionError, match="timeout cannot be given with it"):
        BallistaSessionContext().register_udf(ready, timeout=1)
    with pytest.raises(UdfDefinitionError, match="timeout cannot be"):
        BallistaSessionContext().register_udf(overloads(double), timeout=1)
