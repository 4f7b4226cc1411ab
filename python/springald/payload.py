"""Takes a function out of this process: pickle, source text, modules it needs."""

from __future__ import annotations

import importlib.metadata
import inspect
import sys
import types
from collections.abc import Iterator
from typing import Any

from springald.call_form import called_by
from springald.callables import underlying_function
from springald.class_function import ClassFunction
from springald.errors import UdfDefinitionError

__all__ = ["pickle_function", "requirements_of", "source_of"]


def pickle_function(function: Any, udf_name: str) -> bytes:
    """Return the bytes of `function`, for ``cloudpickle.loads``.

    Raises:
        UdfDefinitionError: It cannot be pickled; the message names the variable that
            could not, and why. ``__cause__`` is the original exception.
    """
    # Here, because embedded use never needs cloudpickle.
    from springald.function_pickler import pickled

    try:
        return pickled(function)
    except Exception as error:
        culprit = _first_unpicklable(function)
        what = f"{culprit} cannot be pickled" if culprit else "It cannot be pickled"
        raise UdfDefinitionError(
            f"{what} ({type(error).__name__}: {error}), so the function cannot leave "
            "this process. Make that object inside the function, or pass what it is made "
            "from",
            udf_name=udf_name,
        ) from error


def source_of(function: Any) -> tuple[str, int, str] | None:
    """Return (file name, first line's number, text) of `function`, where it has one."""
    inner = (
        function.class_
        if isinstance(function, ClassFunction)
        else underlying_function(function)
    )
    try:
        lines, first_line = inspect.getsourcelines(inner)
        file_name = inspect.getsourcefile(inner) or inspect.getfile(inner)
    except (OSError, TypeError):
        return None
    return file_name, max(first_line, 1), "".join(lines)


def requirements_of(function: Any) -> list[tuple[str, str]]:
    """Return (top-level module, version) of the packages that `function` names.

    Modules without a version (the standard library, the user's own files) are left out.
    Imports inside the function's body count as well.
    """
    names: set[str] = set()
    for one in _functions_of(function):
        names.update(_module_names(one, set()))
    found = [(name, _version_of(name)) for name in sorted(names)]
    return [(name, version) for name, version in found if version]


def _functions_of(function: Any) -> list[Any]:
    """Return the functions that `function` is made of: of a class all that it defines."""
    if not isinstance(function, ClassFunction):
        return [underlying_function(function)]
    return [value for base in function.class_.__mro__ for value in vars(base).values()]


def _module_names(function: Any, visited: set[int]) -> Iterator[str]:
    if not isinstance(function, types.FunctionType) or id(function) in visited:
        return
    visited.add(id(function))
    for _, value in _referenced(function):
        if isinstance(value, types.ModuleType):
            yield value.__name__.partition(".")[0]
            continue
        module = getattr(value, "__module__", None)
        if isinstance(module, str):
            yield module.partition(".")[0]
        yield from _module_names(value, visited)


def _version_of(module: str) -> str:
    if module in sys.stdlib_module_names or module in ("__main__", "builtins"):
        return ""
    try:
        return importlib.metadata.version(module)
    except (importlib.metadata.PackageNotFoundError, ValueError):
        # Some distributions are named differently from their module.
        version = getattr(sys.modules.get(module), "__version__", "")
        return version if isinstance(version, str) else ""


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _referenced(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    """Yield (how it is called, value) for what a function refers to."""
    for name, cell in zip(
        function.__code__.co_freevars, function.__closure__ or (), strict=True
    ):
        try:
            yield f"variable {name!r}", cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    seen = set()
    for code in _codes(function.__code__):
        for name in code.co_names:
            if name in function.__globals__ and name not in seen:
                seen.add(name)
                yield f"global {name!r}", function.__globals__[name]
            elif name in sys.modules and name not in seen:
                seen.add(name)  # an import inside the body, or an attribute's name
                if _imports(code, name):
                    yield f"module {name!r}", sys.modules[name]
    for index, value in enumerate(function.__defaults__ or ()):
        yield f"default value {index}", value
    for name, value in (function.__kwdefaults__ or {}).items():
        yield f"default value of {name!r}", value


def _imports(code: types.CodeType, name: str) -> bool:
    import dis

    return any(
        instruction.opname == "IMPORT_NAME" and instruction.argval == name
        for instruction in dis.get_instructions(code)
    )


def _first_unpicklable(function: Any) -> str:
    """Return how the part of `function` that cannot be pickled is called, or ``""``."""
    function = called_by(function)
    parts: list[tuple[str, Any]] = []
    function = called_by(function)
    if isinstance(function, ClassFunction):
        function = function.__wrapped__
    if isinstance(function, types.MethodType):
        owner = function.__self__
        parts += [
            (f"attribute {k!r}", v) for k, v in getattr(owner, "__dict__", {}).items()
        ]
        parts.append(("the object of the bound method", owner))
    elif hasattr(function, "func") and hasattr(function, "args"):  # functools.partial
        parts += [(f"bound argument {i}", v) for i, v in enumerate(function.args)]
        parts += [(f"bound argument {k!r}", v) for k, v in function.keywords.items()]
    elif not isinstance(function, types.FunctionType):
        parts += [
            (f"attribute {k!r}", v) for k, v in getattr(function, "__dict__", {}).items()
        ]
    inner = underlying_function(function)
    if isinstance(inner, types.FunctionType):
        parts += list(_referenced(inner))
    for called, value in parts:
        if not _can_be_pickled(value):
            return (
                f"The {called}" if not called.startswith("the ") else called.capitalize()
            )
    return ""


def _can_be_pickled(value: Any) -> bool:
    from springald.function_pickler import pickled

    try:
        pickled(value)
    except Exception:
        return False
    return True
