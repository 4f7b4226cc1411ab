"""Several functions under one name: what is refused, and what works in this process."""

import re

import datafusion
import pyarrow as pa
import pytest
from datafusion import col

from springald import (
    BallistaSessionContext,
    Overloads,
    UdfDefinitionError,
    overloads,
    udf,
)


@udf
def int_size(n: int) -> int:
    return n.bit_length()


@udf
def str_size(text: str) -> int:
    return len(text)


@udf
def scaled(x: float, factor: float = 2.0) -> float:
    return x * factor


@udf
def plain_scaled(x: float) -> float:
    return x


def test_the_functions_get_the_name() -> None:
    size_of = overloads(int_size, str_size, name="size_of")
    assert isinstance(size_of, Overloads)
    assert size_of.name == "size_of"
    assert [f.name for f in size_of.functions] == ["size_of", "size_of"]
    assert [f.input_types for f in size_of.functions] == [[pa.int64()], [pa.string()]]
    assert repr(size_of) == "<springald overloads size_of(int64), size_of(string)>"
    assert size_of.with_name("other").name == "other"


def test_plain_functions_and_overloads_may_be_given() -> None:
    def size(n: int) -> int:
        return n

    first = overloads(size, name="size")
    both = overloads(first, str_size.with_name("size"))
    assert [f.input_types for f in both.functions] == [[pa.int64()], [pa.string()]]


def test_a_default_is_a_further_list_of_types() -> None:
    sizes = overloads(scaled, str_size, name="s")
    assert [f.input_types for f in sizes.alternatives] == [
        [pa.float64(), pa.float64()],
        [pa.float64()],
        [pa.string()],
    ]


def test_two_functions_of_the_same_types_are_refused() -> None:
    message = r"(?s)same arguments, \(int64\): int_size \(line \d+\), and int_size"
    with pytest.raises(UdfDefinitionError, match=message) as raised:
        overloads(int_size, int_size, name="size_of")
    assert raised.value.udf_name == "size_of"


def test_a_function_of_the_types_of_another_with_defaults_is_refused() -> None:
    message = (
        r"same arguments, \(double\): scaled \(line \d+\) with defaults, "
        r"and plain_scaled \(line \d+\)"
    )
    with pytest.raises(UdfDefinitionError, match=message):
        overloads(scaled, plain_scaled, name="scaled")


def test_different_names_need_one() -> None:
    with pytest.raises(UdfDefinitionError, match="'int_size', 'str_size': pass"):
        overloads(int_size, str_size)


def test_at_least_one_function() -> None:
    with pytest.raises(UdfDefinitionError, match="at least one"):
        overloads(name="f")


def test_options_belong_to_the_functions() -> None:
    size_of = overloads(int_size, str_size, name="size_of")
    with pytest.raises(UdfDefinitionError, match="volatility cannot be given"):
        udf(size_of, volatility="stable")
    assert udf(size_of, name="other").name == "other"


@pytest.mark.embedded_only(reason="a cluster has them")
def test_registering_them_in_this_process_says_what_to_do() -> None:
    size_of = overloads(int_size, str_size, name="size_of")
    message = re.escape("size_of(int64), size_of(string). Register each under a name")
    for context in (BallistaSessionContext(), datafusion.SessionContext()):
        with pytest.raises(UdfDefinitionError, match=message) as raised:
            context.register_udf(size_of)
        assert "df://host:port" in str(raised.value)
        assert "name='size_of_int64'" in str(raised.value)


def test_a_call_with_plain_values_says_to_choose() -> None:
    size_of = overloads(int_size, str_size, name="size_of")
    with pytest.raises(TypeError, match="call the function that you mean"):
        size_of(1)


@pytest.mark.embedded_only(reason="a cluster has them")
def test_an_expression_is_for_clusters(ctx: BallistaSessionContext) -> None:
    pytest.importorskip("springald_ballista")
    size_of = overloads(int_size, str_size, name="size_of")
    with pytest.raises(Exception, match="'size_of' runs on the executors of a cluster"):
        ctx.table("people").select(size_of(col("n"))).collect()


@pytest.mark.embedded_only(reason="a cluster fills defaults in SQL too")
def test_defaults_are_filled_in_python_calls(ctx: BallistaSessionContext) -> None:
    frame = ctx.table("people").select(scaled(col("celsius")).alias("r"))
    assert frame.to_pydict()["r"][0] == 25.6
    by_keyword = ctx.table("people").select(scaled(col("celsius"), factor=1.0).alias("r"))
    assert by_keyword.to_pydict()["r"][0] == 12.8
    ctx.register_udf(scaled)
    with pytest.raises(Exception, match="scaled"):
        ctx.sql("SELECT scaled(celsius) FROM people")
