"""What was said, as a flat list of parts: the form that every spelling of a message is brought into."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import chain
from typing import NamedTuple

from sentric.events import JsonValue
from sentric_analyzer.dialects.values import ordered


class Role(StrEnum):
    """Who a part is from, as its message says: a claim, except that what a tool gave back is always the tool's."""

    HUMAN = "human"
    """The user, of whose words an emitter keeps a record that holds nothing else."""
    USER = "user"
    SYSTEM = "system"
    MODEL = "model"
    TOOL = "tool"

    __hash__ = str.__hash__  # an enum's own is slow, and every part is counted by its key


class Form(StrEnum):
    """What a part is."""

    TEXT = "text"
    REASONING = "reasoning"
    CALL = "call"
    RESPONSE = "response"

    __hash__ = str.__hash__


class Part(NamedTuple):
    """One part of a message.

    Attributes:
        key: equal for the same part told again.
        name: the tool's name, of a call and sometimes of a response.
        call_id: the model's id of a call, on the call and on its response.
        text: of a text, a reasoning or a response.
        arguments: of a call; None where they were not captured.
        cut: the arguments end in the middle.
    """

    role: Role
    form: Form
    key: tuple[str, ...]
    text: str = ""
    name: str = ""
    call_id: str = ""
    arguments: dict[str, JsonValue] | None = None
    cut: bool = False


class Parts(NamedTuple):
    """The parts of one attribute, in order.

    Attributes:
        readable: everything in the attribute was understood.
        media: it holds files or images, which are not read.
    """

    items: tuple[Part, ...] = ()
    readable: bool = True
    media: bool = False


NOTHING = Parts()


def said(role: Role, text: str, name: str = "") -> Part:
    """A text."""
    return Part(role, Form.TEXT, (role, Form.TEXT, text), text, name=name)


def wished(text: str) -> Parts:
    """What a record of the user's words tells, if anything. Told again as a user's text, it is the same."""
    return Parts((said(Role.USER, text)._replace(role=Role.HUMAN),)) if text else NOTHING


def reasoned(text: str) -> Part:
    """A reasoning, which only a model has."""
    return Part(Role.MODEL, Form.REASONING, (Role.MODEL, Form.REASONING, text), text)


def called(name: str, call_id: str, arguments: dict[str, JsonValue] | None, *, cut: bool = False) -> Part:
    """A call that a model makes."""
    return Part(
        Role.MODEL, Form.CALL, key_of_call(name, arguments), name=name, call_id=call_id, arguments=arguments, cut=cut
    )


def key_of_call(name: str, arguments: dict[str, JsonValue] | None) -> tuple[str, ...]:
    """The key of a call's part. Its id is not in it: some histories give calls ids of their own."""
    return ("call", name, ordered(arguments))


def answered(call_id: str, text: str, name: str = "") -> Part:
    """What a tool gave back."""
    return Part(Role.TOOL, Form.RESPONSE, ("response", call_id, text), text, name=name, call_id=call_id)


def joined(told: Iterable[Parts]) -> Parts:
    """The parts of several attributes as those of one."""
    every = [parts for parts in told if parts is not NOTHING]
    if len(every) == 1:
        return every[0]
    return Parts(
        tuple(chain.from_iterable(parts.items for parts in every)),
        all(parts.readable for parts in every),
        any(parts.media for parts in every),
    )


def once(parts: list[Part]) -> list[Part]:
    """Each call once: some messages tell of it in their content and beside it, in one of them without its arguments.

    Calls of one id that differ are all kept: nobody hides one behind another.
    """
    if len(parts) < 2:
        return parts
    kept: list[Part] = []
    known: set[tuple[str, ...]] = set()
    empty: dict[tuple[str, str], int] = {}
    for part in parts:
        if part.form is Form.CALL and part.call_id:
            of_name = (part.call_id, part.name)
            if (part.call_id, *part.key) in known or (not part.arguments and of_name in known):
                continue
            known |= {of_name, (part.call_id, *part.key)}
            if part.arguments and of_name in empty:
                kept[empty.pop(of_name)] = part
                continue
            if not part.arguments:
                empty[of_name] = len(kept)
        kept.append(part)
    return kept


def owned(parts: Sequence[Part]) -> Sequence[Part]:
    """A message with a tool's response in it is the tool's, all of it: some have responses under the role user."""
    if Form.RESPONSE not in [part.form for part in parts]:
        return parts
    return [
        part._replace(role=Role.TOOL, key=(Role.TOOL, part.form, part.text)) if part.form is Form.TEXT else part
        for part in parts
    ]
