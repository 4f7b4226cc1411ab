"""Errors that executors put into the engine's text come out as what they were."""

import base64
import json

import pytest

from springald import (
    ClusterError,
    UdfCancelledError,
    UdfDependencyError,
    UdfError,
    UdfExecutionError,
)
from springald.carried_error import find_carried_error
from springald.error_crossing import translated

EXECUTION = {
    "kind": "udf",
    "code": 2,
    "message": "no @ in 'x'\nsecond line é",
    "udf_name": "domain",
    "exception_type": "ValueError",
    "traceback": '  File "a.py", line 3, in domain\n    raise ValueError(x)',
    "arguments": "('x',)",
    "row": 3,
    "retryable": False,
}


def token(fields: object) -> str:
    encoded = base64.urlsafe_b64encode(json.dumps(fields).encode()).decode()
    return f"springald-error:{encoded}:end"


def in_engine_text(carried: str) -> str:
    inner = f'Execution("the text for people\\n{carried}")'
    return (
        "DataFusion error: FFI error: Execution error: Job 7 failed: "
        f"DataFusionError(Shared(External(DataFusionError({inner}))))"
    )


def test_an_execution_error_keeps_everything():
    error = find_carried_error(in_engine_text(token(EXECUTION)))
    assert type(error) is UdfExecutionError
    assert error.udf_name == "domain"
    assert error.exception_type == "ValueError"
    assert error.exception_message == EXECUTION["message"]
    assert error.traceback_text == EXECUTION["traceback"]
    assert (error.row, error.arguments) == (3, "('x',)")
    assert not error.retryable


def test_the_padding_may_be_missing():
    for message in ("", "a", "ab", "abc"):
        text = token({**EXECUTION, "message": message}).replace("=", "")
        error = find_carried_error(text)
        assert isinstance(error, UdfExecutionError)
        assert error.exception_message == message


def test_the_class_follows_the_code():
    assert type(find_carried_error(token({**EXECUTION, "code": 5}))) is UdfDependencyError
    assert type(find_carried_error(token({**EXECUTION, "code": 999}))) is UdfError


def test_errors_of_the_cluster():
    fields = {"kind": "cluster", "message": "the table is too large", "retryable": True}
    error = find_carried_error(in_engine_text(token(fields)))
    assert type(error) is ClusterError
    assert str(error) == "the table is too large"
    assert error.retryable


def test_the_last_one_wins():
    first, last = token({**EXECUTION, "udf_name": "inner"}), token(EXECUTION)
    error = find_carried_error(f"{first} quoted by {last}")
    assert isinstance(error, UdfExecutionError)
    assert error.udf_name == "domain"


def test_an_interrupt_at_the_executor_is_not_the_users():
    error = find_carried_error(token({**EXECUTION, "code": 7}))
    assert type(error) is UdfCancelledError


GARBAGE = [
    "",
    "springald-error::end",
    "springald-error:****:end",
    "springald-error:AAAA:end",
    "springald-error:A:end",
    "springald-error:AAAA",
    token([1, 2]),
    token("text"),
    token({}),
    token({"kind": "udf"}),
    token({"kind": "udf", "code": "2"}),
    token({"kind": "udf", "code": True}),
    token({"kind": "other", "code": 2, "message": "m"}),
    "springald-error:" + base64.urlsafe_b64encode(b"[" * 100_000).decode() + ":end",
    "springald-error:" + base64.urlsafe_b64encode(b"9" * 10_000).decode() + ":end",
    "springald-error:" + "A" * ((1 << 20) + 4) + ":end",
    "springald-error:" * 1000,
]


@pytest.mark.parametrize("text", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_is_only_text(text):
    assert find_carried_error(text) is None
    original = RuntimeError(text)
    with pytest.raises(RuntimeError) as caught, translated():
        raise original
    assert caught.value is original


def test_garbage_does_not_hide_what_came_before_it():
    text = f"{token(EXECUTION)} and springald-error:AAAA:end"
    assert isinstance(find_carried_error(text), UdfExecutionError)


def test_fields_of_a_wrong_kind_are_left_out():
    fields = {**EXECUTION, "message": 7, "row": "3", "traceback": None, "arguments": {}}
    error = find_carried_error(token(fields))
    assert isinstance(error, UdfExecutionError)
    assert (error.exception_message, error.row, error.arguments) == ("", None, "")


def test_translation_raises_it_without_the_engines_text():
    with pytest.raises(UdfExecutionError) as caught, translated():
        raise RuntimeError(in_engine_text(token(EXECUTION)))
    assert caught.value.__suppress_context__
