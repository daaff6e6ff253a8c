"""Attributes that are read when they are first asked for."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

Owner = TypeVar("Owner")
Value = TypeVar("Value")


class lazy(Generic[Owner, Value]):  # noqa: N801  # a decorator, like `property`
    """A method whose value is kept in the instance. `functools.cached_property` takes a lock before Python 3.12."""

    def __init__(self, read: Callable[[Owner], Value]) -> None:
        self._read = read
        self.__doc__ = read.__doc__

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> "lazy[Owner, Value]": ...
    @overload
    def __get__(self, instance: Owner, owner: type[Any]) -> Value: ...
    def __get__(self, instance: Owner | None, owner: type[Any]) -> "Value | lazy[Owner, Value]":
        if instance is None:
            return self
        value = instance.__dict__[self._name] = self._read(instance)
        return value
