"""What is asked, read from the request of an approval: what of it are Sentric's words, and what are others'."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

from sentric.events import IRREVERSIBLE, Effect, Kind
from sentric.policy.readers.values.amounts import payment
from sentric.policy.readers.words.text import leaves

MOST_LEAVES = 256
"""Values among the arguments that are looked at."""
LARGEST_AMOUNT = 1e12
"""An amount from which on nobody believes that it is one."""
TELLING = (
    *("command", "cmd", "script", "code", "sql", "query", "statement"),
    *("to", "recipient", "recipients", "vendor", "payee", "beneficiary", "iban", "account", "amount", "total", "price"),
    *("currency", "path", "file", "table", "database", "host", "url", "user", "role", "permission", "subject", "text"),
    *("value", "message", "body", "content"),
)
"""Names of arguments by which an action is understood, the most telling first."""
REST = "…"
"""How entries that are not kept with a question are named."""
_DOES = {
    Kind.NAVIGATE: "open a page",
    Kind.CLICK: "click on a page",
    Kind.INPUT: "type into a page",
    Kind.SUBMIT: "send a form",
    Kind.EXTRACT: "read a page",
    Kind.EVALUATE_SCRIPT: "run a script in a page",
    Kind.UPLOAD: "upload a file",
    Kind.DOWNLOAD: "download a file",
    Kind.SHELL: "run a command",
    Kind.FILE_READ: "read a file",
    Kind.FILE_WRITE: "write a file",
    Kind.DATABASE: "use a database",
    Kind.HTTP: "call a web address",
    Kind.MESSAGE: "send a message",
    Kind.PAYMENT: "make a payment",
    Kind.PERMISSION: "change who may do what",
    Kind.EXPORT: "export data",
    Kind.DELETE: "delete something",
    Kind.MEMORY_WRITE: "write to its memory",
    Kind.OTHER: "use a tool",
}
_CODE_LENGTH = 3


class Leaf(NamedTuple):
    """One value among the arguments, however deep it lies."""

    name: str
    """The names on the way to it, with dots; numbers where several are in a list."""
    text: str

    @property
    def own_name(self) -> str:
        """The last of these names, in small letters."""
        names = (name for name in reversed(self.name.lower().split(".")) if not name.isdecimal())
        return next(names, self.name)

    @property
    def rank(self) -> int:
        """How telling its name is; the lowest first."""
        return TELLING.index(self.own_name) if self.is_telling else len(TELLING)

    @property
    def is_telling(self) -> bool:
        """Whether an action is understood by what has such a name."""
        return self.own_name in TELLING

    @property
    def is_rest(self) -> bool:
        """Whether it stands for others that were not kept with the question."""
        return self.own_name == REST or self.text.startswith(f"{REST} (")


class Sum(NamedTuple):
    """An amount of money."""

    amount: float
    currency: str
    """Its ISO 4217 code; "" where none is stated."""

    @property
    def text(self) -> str:
        """As people write it."""
        number = f"{self.amount:,.2f}".removesuffix(".00")
        return f"{number} {self.currency}".rstrip()


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. All text but that of rules is others', and hostile."""

    request: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def said(self, name: str) -> str:
        """A text of it; empty where there is none."""
        return said(self.request, name)

    def each(self, name: str) -> list[Mapping[str, Any]]:
        """The objects of a list in it."""
        listed = self.request.get(name)
        return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []

    def inside(self, name: str) -> Mapping[str, Any]:
        """An object in it; an empty one where there is none."""
        value = self.request.get(name)
        return value if isinstance(value, dict) else {}

    @property
    def does(self) -> str:
        """What it does, in a few words of ours."""
        paid = self.paid
        if paid is not None and paid.currency:
            return f"pay {paid.text}"
        if self.kind is Kind.DATABASE and Effect.DELETE in self.effects:
            return "delete from a database"
        return _DOES[self.kind]

    @property
    def kind(self) -> Kind:
        """What sort of thing it does."""
        kind = self.said("kind")
        return Kind(kind) if kind in set(Kind) else Kind.OTHER

    @property
    def effects(self) -> frozenset[Effect]:
        """What it changes in the world."""
        listed = self.request.get("effects")
        stated = set(map(str, listed)) if isinstance(listed, list) else set[str]()
        return frozenset(effect for effect in Effect if effect.value in stated)

    @property
    def is_irreversible(self) -> bool:
        """Whether nothing takes it back."""
        return not IRREVERSIBLE.isdisjoint(self.effects)

    @property
    def paid(self) -> Sum | None:
        """How much is paid, where something is and it can be told: not where what states it was not read to its end."""
        if self.kind is not Kind.PAYMENT and Effect.PAY not in self.effects:
            return None
        stated = list(islice(leaves(self.inside("arguments")), MOST_LEAVES + 1))
        found = payment(stated, said(self.inside("element"), "text"))
        if not self.arguments()[1] or len(stated) > MOST_LEAVES or not found.is_read:
            return None
        if not 0 < found.amount < LARGEST_AMOUNT or not math.isfinite(found.amount):
            return None
        code = found.currency
        is_code = len(code) == _CODE_LENGTH and code.isascii() and code.isalpha() and len(found.currencies) == 1
        return Sum(found.amount, code if is_code else "")

    @property
    def is_of_guard(self) -> bool:
        """Whether rules and risk are what the agent's own guard says."""
        return self.said("judged_by") == "guard"

    @property
    def risk(self) -> int:
        """Of the action, 0 to 100."""
        return number(self.request, "risk")

    def arguments(self) -> tuple[list[Leaf], bool]:
        """The values among the arguments, in their order, and whether these are all."""
        found = list(islice(_leaves(self.inside("arguments")), MOST_LEAVES + 1))
        is_whole = len(found) <= MOST_LEAVES and not any(leaf.is_rest for leaf in found)
        return found[:MOST_LEAVES], is_whole


def said(document: Mapping[str, Any], name: str) -> str:
    """A text of an object; empty where there is none."""
    value = document.get(name)
    return value if isinstance(value, str) else ""


def number(document: Mapping[str, Any], name: str) -> int:
    """A number of an object; 0 where there is none."""
    value = document.get(name)
    return value if isinstance(value, int) else 0


def _leaves(arguments: Mapping[str, Any]) -> Iterator[Leaf]:
    waiting: list[tuple[str, Any]] = [("", arguments)]
    while waiting:
        name, value = waiting.pop()
        match value:
            case dict() if value:
                waiting.extend((f"{name}.{key}".lstrip("."), value[key]) for key in reversed(tuple(value)))
            case [alone]:
                waiting.append((name, alone))
            case list() if value:
                waiting.extend((f"{name}.{index + 1}", value[index]) for index in reversed(range(len(value))))
            case _ if name:
                yield Leaf(name, _plain(value))
            case _:
                pass


def _plain(value: Any) -> str:
    match value:
        case str():
            return value
        case bool() | None:
            return {True: "true", False: "false", None: "nothing"}[value]
        case int() if value.bit_length() > MOST_LEAVES:
            return f"a number of {value.bit_length():,} bits"
        case dict() | list():
            return "empty"
        case _:
            return str(value)
