"""Reads `dialects` of `sentric.yaml`: conventions that an operator adds without code."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, cast

from sentric.errors import SettingError
from sentric.stated import Section
from sentric_analyzer.dialects.mapped import FIELDS, Condition, Mapped, Shape
from sentric_analyzer.dialects.source import Source
from sentric_analyzer.dialects.telling import Operation

_OPERATIONS = {"agent": Operation.AGENT, "model": Operation.MODEL, "tool": Operation.TOOL}
_KEYS = ("name", "scope", "conversation", *_OPERATIONS)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def mapped_dialects(section: Section, taken: Collection[str]) -> tuple[Mapped, ...]:
    """The conventions of a section, in its order.

    Args:
        section: `dialects`.
        taken: names that others have.

    Raises:
        SettingError: it cannot be used; the message names the file, the place in it, and the cure.
    """
    if section.stated is None:
        return ()
    if not isinstance(section.stated, list):
        raise SettingError(f"{section.where}: must be a list, each entry with a name")
    names = set(taken)
    found: list[Mapped] = []
    for number, stated in enumerate(section.stated):
        where = f"{section.where}[{number}]"
        mapped = _dialect(_entries(stated, where), where)
        if mapped.name in names:
            raise SettingError(f"{where}.name: {mapped.name!r} is the name of another dialect: choose one of its own")
        names.add(mapped.name)
        found.append(mapped)
    return tuple(found)


def _dialect(stated: Mapping[str, Any], where: str) -> Mapped:
    _known(stated, _KEYS, where)
    name, scope = _text(stated, "name", where), _text(stated, "scope", where)
    if not _NAME.fullmatch(name):
        raise SettingError(f"{where}.name: must be up to 64 of A-Z a-z 0-9 _ . -, beginning with a letter or digit")
    shapes = [
        _shape(operation, _entries(stated[key], f"{where}.{key}"), f"{where}.{key}")
        for key in stated  # in the order of the file
        if (operation := _OPERATIONS.get(key)) is not None
    ]
    if not shapes:
        raise SettingError(f"{where}: tells of nothing: add {', '.join(_OPERATIONS)}, or some of them")
    conversation = _sources(stated["conversation"], f"{where}.conversation") if "conversation" in stated else ()
    return Mapped(name, shapes, scope=scope, conversation=conversation)


def _shape(operation: Operation, stated: Mapping[str, Any], where: str) -> Shape:
    allowed = FIELDS[operation]
    _known(stated, ("when", *sorted(allowed)), where)
    if "when" not in stated:
        raise SettingError(f"{where}: has no `when`: name an attribute that only such spans have")
    fields = {name: _sources(stated[name], f"{where}.{name}") for name in stated if name in allowed}
    return Shape(operation, tuple(_conditions(stated["when"], f"{where}.when")), fields)


def _conditions(stated: Any, where: str) -> Iterator[Condition]:
    if isinstance(stated, str) and stated:
        yield Condition(stated)
        return
    if not isinstance(stated, dict) or not stated:
        raise SettingError(f"{where}: must be the name of an attribute, or attributes with their values")
    for attribute, value in _entries(cast(object, stated), where).items():
        values = tuple(value) if isinstance(value, list) else (value,)
        if not values or not all(isinstance(one, str | int | float) for one in values):
            raise SettingError(f"{where}.{attribute}: must be a text, a number, true or false, or a list of these")
        yield Condition(attribute, values)


def _sources(stated: Any, where: str) -> tuple[Source, ...]:
    several = stated if isinstance(stated, list) else [stated]
    if not several:
        raise SettingError(f"{where}: is empty: name an attribute, or leave it out")
    found: list[Source] = []
    for one in several:
        if not isinstance(one, str):
            raise SettingError(f"{where}: must be the name of an attribute, or a list of such names")
        try:
            found.append(Source.of(one))
        except ValueError as error:
            raise SettingError(f"{where}: {one!r} {error}") from None
    return tuple(found)


def _entries(stated: object, where: str) -> Mapping[str, Any]:
    if not isinstance(stated, dict):
        raise SettingError(f"{where}: must be a mapping of names to values")
    for name in cast(dict[object, Any], stated):
        if not isinstance(name, str):
            raise SettingError(f"{where}: {name!r} is no name: put it in quotes")
    return cast(dict[str, Any], stated)


def _known(stated: Mapping[str, Any], allowed: Collection[str], where: str) -> None:
    for name in stated:
        if name not in allowed:
            raise SettingError(f"{where}: unknown key {name!r}: use some of {', '.join(allowed)}")


def _text(stated: Mapping[str, Any], key: str, where: str) -> str:
    found = stated.get(key, "")
    if not isinstance(found, str):
        raise SettingError(f"{where}.{key}: must be a text")
    return found
