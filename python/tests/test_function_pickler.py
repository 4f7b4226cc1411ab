"""What is in a function's pickle, whichever version of cloudpickle writes it."""

from __future__ import annotations

import copyreg
import inspect
import pickle
import types
from collections.abc import Iterator

import cloudpickle
import pytest

from springald import Udf, UdfExecutionError, udf
from springald.payload import pickle_function


def reciprocal(x: int) -> float:
    return 1 / x


def outer(factor: int):
    class Scale:
        def times(self, x: float) -> float:
            return x * factor

    def scaled(x: int) -> float:
        return (lambda value: Scale().times(value))(1 / x)

    return scaled


def codes_of(function) -> Iterator[types.CodeType]:
    """Yield the code of `function`, and all code in it or in what it closes over."""
    remaining = [function.__code__]
    for cell in function.__closure__ or ():
        if inspect.isclass(cell.cell_contents):
            remaining.append(cell.cell_contents.times.__code__)
    while remaining:
        code = remaining.pop()
        yield code
        remaining += [one for one in code.co_consts if isinstance(one, types.CodeType)]


@pytest.fixture(params=["keeps the name", "writes another"])
def reduce_code(request, monkeypatch):
    """Let cloudpickle reduce code as version 3.1.2 does, or as 3.1.3."""
    table = cloudpickle.Pickler.dispatch_table
    installed = table[types.CodeType]

    def reduce(code: types.CodeType):
        name = "<dynamic-code>" if request.param == "writes another" else code.co_filename
        make, arguments = installed(code)
        place = arguments.index(code.co_name) - 1
        assert isinstance(arguments[place], str)
        return make, (*arguments[:place], name, *arguments[place + 1 :])

    monkeypatch.setitem(table, types.CodeType, reduce)


@pytest.mark.usefixtures("reduce_code")
def test_all_code_of_a_function_names_its_file():
    # With the loader of pickle alone, as cloudpickle.loads is the same function.
    back = pickle.loads(pickle_function(outer(3), "scaled"))
    assert back(2) == 1.5
    codes = list(codes_of(back))
    assert sorted(code.co_name for code in codes) == ["<lambda>", "scaled", "times"]
    assert {code.co_filename for code in codes} == {__file__}
    assert [code.co_firstlineno for code in codes_of(back)] == [
        code.co_firstlineno for code in codes_of(outer(3))
    ]


def test_only_the_files_name_differs_from_what_cloudpickle_writes():
    function = outer(3)
    ours = pickle.loads(pickle_function(function, "scaled")).__code__
    theirs = pickle.loads(cloudpickle.dumps(function)).__code__
    assert ours.replace(co_filename="") == theirs.replace(co_filename="")
    # A function may be called what cloudpickle writes for a file.
    function.__code__ = function.__code__.replace(co_name="<dynamic-code>")
    back = pickle.loads(pickle_function(function, "scaled")).__code__
    assert (back.co_filename, back.co_name) == (__file__, "<dynamic-code>")


def test_equal_functions_have_equal_bytes():
    """Whether their files' names are one object, which depends on how code is loaded."""

    def scaled(x: int) -> float:
        return (lambda value: value * 3)(1 / x)

    function = types.FunctionType(renamed(scaled.__code__), globals(), "scaled")
    function.__qualname__ = scaled.__qualname__
    function.__annotations__ = scaled.__annotations__
    assert len({id(code.co_filename) for code in codes_of(function)}) == 2
    assert pickle_function(function, "f") == pickle_function(scaled, "f")


def renamed(code: types.CodeType) -> types.CodeType:
    """Return a copy of `code`, in which each file's name is an object of its own."""
    constants = [
        renamed(one) if isinstance(one, types.CodeType) else one for one in code.co_consts
    ]
    return code.replace(
        co_filename="".join(list(code.co_filename)), co_consts=tuple(constants)
    )


def test_a_traceback_shows_the_file_and_the_line_of_a_function_that_travelled(ctx):
    def inverse(x: int) -> float:
        return reciprocal(x)

    ctx.register_udf(Udf.from_bytes(udf(inverse).to_bytes()))
    with pytest.raises(UdfExecutionError) as caught:
        ctx.sql("SELECT inverse(n) FROM people").collect()
    line = inverse.__code__.co_firstlineno + 1
    assert caught.value.traceback_text.splitlines()[1:3] == [
        f'  File "{__file__}", line {line}, in inverse',
        "    return reciprocal(x)",
    ]


class Unit:
    def __init__(self, factor: int) -> None:
        self.factor = factor

    def __reduce__(self):
        raise TypeError("not without a reducer")


def test_reducers_of_copyreg_are_asked(monkeypatch):
    unit = Unit(3)

    def times(x: int) -> int:
        return x * unit.factor

    monkeypatch.setitem(copyreg.dispatch_table, Unit, lambda one: (Unit, (one.factor,)))
    assert pickle.loads(pickle_function(times, "times"))(2) == 6
