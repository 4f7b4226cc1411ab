"""A class whose instances are functions, as a function: built once per process.

The instance is what is expensive (a model, a connection), so it is made late: in the
process that needs it, at its first batch, and then kept for as long as the function is.
"""

from __future__ import annotations

import functools
import inspect
import os
import threading
import weakref
from collections.abc import Callable
from typing import Any

from springald.errors import UdfDefinitionError
from springald.own_frames import users_traceback

__all__ = ["ClassFunction", "class_function_in", "is_class"]

# How deep forms are inside each other, at most: an object may say that it wraps itself.
_MAX_FORMS = 8


class ClassFunction:
    """Calls the one instance of a class, which it builds when it is first needed.

    Pickled as the class, with the arguments of a ``functools.partial`` where there is
    one, and without the instance. Any thread may call; one builds, the others wait. A
    forked child builds an instance of its own.

    An exception in the class's ``__init__`` goes to whoever needed the instance; the next
    call tries again, because what failed may have been a service that is back by then.
    """

    __slots__ = ("__name__", "__weakref__", "__wrapped__", "_instance", "_lock")

    def __init__(self, class_or_partial: Callable[..., Any]) -> None:
        """Take a class, or a ``functools.partial`` of one with arguments for it.

        Raises:
            UdfDefinitionError: Building it would need arguments, it is abstract, or its
                instances cannot be called.
        """
        _check(class_or_partial)
        self._take(class_or_partial)

    def _take(self, class_or_partial: Callable[..., Any]) -> None:
        self.__wrapped__ = class_or_partial
        self.__name__ = _class_of(class_or_partial).__name__
        self._instance: Any = None
        self._lock = threading.RLock()
        _of_this_process.add(self)

    @property
    def class_(self) -> type:
        """The class itself."""
        return _class_of(self.__wrapped__)  # type: ignore[no-any-return]

    @property
    def __signature__(self) -> inspect.Signature:
        """The parameters of the instance's ``__call__``."""
        return _signature_of_call(self.class_)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.instance()(*args, **kwargs)

    @property
    def is_built(self) -> bool:
        """Whether this process has the instance."""
        return self._instance is not None

    def instance(self) -> Callable[..., Any]:
        """Return the instance; build it first, where there is none yet."""
        if self._instance is None:
            with self._lock:
                if self._instance is None:
                    self._instance = self._build()
        return self._instance  # type: ignore[no-any-return]

    def try_instance(self) -> tuple[Any, BaseException | None]:
        """Return the instance, or None and what building it raised.

        The exception's traceback has the user's frames only.
        """
        try:
            return self.instance(), None
        except BaseException as error:
            return None, error.with_traceback(users_traceback(error))

    def _build(self) -> Any:
        try:
            return self.__wrapped__()
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            note = (
                f"This came from building the class {self.__name__} for its first call."
            )
            if note not in getattr(error, "__notes__", ()):
                error.add_note(note)
            raise

    # A class that was decorated finds this, or its Udf, under its own name, and goes on
    # using it as the class: for its attributes, and for isinstance.

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") and name in type(self).__slots__:
            raise AttributeError(name)  # not set yet
        return getattr(self.class_, name)

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(instance, self.class_)

    def __reduce__(self) -> tuple[Any, ...]:
        return _taken_over, (self.__wrapped__,)

    def __repr__(self) -> str:
        return f"<the function of the class {self.__name__}>"


def _taken_over(class_or_partial: Callable[..., Any]) -> ClassFunction:
    """Return the function of a class that was one elsewhere.

    It is not checked again: a class that names itself is not whole yet where its own
    pickle gets here.
    """
    function = ClassFunction.__new__(ClassFunction)
    function._take(class_or_partial)
    return function


def is_class(function: Any) -> bool:
    """Return whether `function` is a class, or a ``functools.partial`` of one."""
    return isinstance(_class_of(function), type)


def class_function_in(callable_: Any) -> ClassFunction | None:
    """Return the class inside the forms that are around it, or None where none is."""
    for _ in range(_MAX_FORMS):
        if isinstance(callable_, ClassFunction):
            return callable_
        callable_ = getattr(callable_, "__wrapped__", None)
    return None


def _class_of(function: Any) -> Any:
    while isinstance(function, functools.partial):
        function = function.func
    return function


def _check(function: Callable[..., Any]) -> None:
    kind = _class_of(function)
    name = kind.__qualname__
    if not any("__call__" in vars(base) for base in kind.__mro__):
        raise UdfDefinitionError(
            f"The class {name} cannot be a UDF, because its instances cannot be called: "
            "give it a method __call__, or pass a function"
        )
    if inspect.isabstract(kind):
        methods = ", ".join(sorted(kind.__abstractmethods__))
        raise UdfDefinitionError(
            f"The class {name} cannot be a UDF, because it is abstract: {methods}. Pass "
            "a class that implements them"
        )
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # some classes written in C have none
        return
    required = [
        parameter.name
        for parameter in parameters
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    if required:
        given = ", ".join(f"{one}=..." for one in required)
        raise UdfDefinitionError(
            f"The class {name} cannot be built, because each process builds it by itself "
            f"and its __init__ needs arguments: {', '.join(required)}. Give them "
            f"defaults, or pass functools.partial({name}, {given})"
        )


def _signature_of_call(kind: type) -> inspect.Signature:
    call = inspect.getattr_static(kind, "__call__")
    if isinstance(call, staticmethod | classmethod):
        return inspect.signature(kind.__call__)
    signature = inspect.signature(call)
    return signature.replace(parameters=list(signature.parameters.values())[1:])


_of_this_process: weakref.WeakSet[ClassFunction] = weakref.WeakSet()
# Instances of the parent process: a forked child must not use what they have open, nor
# close it.
_of_parents: list[Any] = []


def _forget_parents() -> None:
    for function in _of_this_process:
        _of_parents.append(function._instance)
        function._instance = None
        function._lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_parents)
