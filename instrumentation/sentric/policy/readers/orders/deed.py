"""An action as orders are compared with it: what it does, in words."""

import re

from sentric.events import Action, Effect, Kind
from sentric.policy.readers.actions.reading import reading
from sentric.policy.readers.actions.verbs import NOUNISH
from sentric.policy.readers.lazy import lazy
from sentric.policy.readers.values.entities import marks
from sentric.policy.readers.words.vocabulary import families, figures, is_verb_stem, plain, spoken, stem, stems

POINTED_LENGTH, POINTED_WORDS = 256, 16
"""Characters, and words, of the longest argument that says what an action is about."""
NAME_LENGTH = 40
"""Characters of the longest argument that is a name."""
STATEMENT_LENGTH = 40
"""Characters of a command or a statement that say what it does."""
QUOTING_LENGTH = 4096
"""Characters of an argument in which a quotation is looked for."""

ON_PAGE = frozenset({Kind.CLICK, Kind.INPUT, Kind.SUBMIT, Kind.NAVIGATE, Kind.EXTRACT})
"""Kinds by which an agent finds its way through pages, which tell everybody what to click."""
_ABOUT_PAGE = frozenset({Kind.INPUT, Kind.SUBMIT, Kind.UPLOAD, Kind.PAYMENT})
"""Kinds that are about the page they happen on: what an order named may be that page."""
PROGRAM = frozenset({Kind.SHELL, Kind.EVALUATE_SCRIPT})
"""Kinds whose arguments are a program."""
_OF_ORDERS = (
    "instruct", "inject", "malicious", "suspicious", "phishing", "ignor", "not follow", "did not act", "won't",
    "will not", "attempt",
)  # fmt: skip
_TOLD = re.compile(r"(?:tell|ask)s? (?:me|the agent|assistants?|readers?)")
"""How a model speaks that tells of an order instead of following it."""
_SENDS = re.compile(
    r"\b(?:git push|scp|rsync|sftp|ncat?|sendmail|npm publish|twine upload|aws s3 (?:cp|sync|mv)|gsutil cp"
    r"|gh (?:gist|issue|pr|release) create"
    r"|curl\b[^|;&\n]{0,400}? (?:-d|--data|-f|--form|-t|--upload-file|-x ?p|--request p)"
    r"|wget\b[^|;&\n]{0,400}? --post)"
)
_STATED = PROGRAM | {Kind.DATABASE}
"""Kinds whose tool's name says less than the text it is given."""
_TOOL = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")
FAMILY_OF_EFFECT = {
    Effect.SEND: "send",
    Effect.PAY: "pay",
    Effect.DELETE: "delete",
    Effect.GRANT: "grant",
    Effect.EXECUTE: "run",
}
_OF_KIND = {
    Kind.NAVIGATE: frozenset({"go"}),
    Kind.CLICK: frozenset({"go"}),
    Kind.HTTP: frozenset({"go"}),
    Kind.DOWNLOAD: frozenset({"get"}),
    Kind.INPUT: frozenset({"type"}),
}
_COMMANDS = {
    **dict.fromkeys(("rm", "rmdir", "del", "unlink"), frozenset({"delete"})),
    "mv": frozenset({"move"}),
    "cp": frozenset({"copy"}),
}
"""Programs that do what a verb says."""
_MONEY = stems(("money", "transaction", "payment"))
_TO_BUY = stems(("cart", "basket", "shop", "trolley"))
_TO_BOOK = stems(("room", "table", "seat", "hotel", "flight", "restaurant", "stay", "ride", "car", "train"))
_FAMILIES_LOST = frozenset({"delete"})
_NOUNISH = stems(NOUNISH)
_NUMBERING = ("id", "ids", "number", "numbers", "_no", "order", "ticket", "issue", "request", "invoice", "index")
"""How the names of arguments end that number things."""
_OWNERSHIP = stems(("owner", "ownership"))
_OF_FORMS = stems(("form", "page", "browser", "button", "element"))
"""Stems of what is submitted on a page."""
_NONE: frozenset[str] = frozenset()
_READ = frozenset({Effect.READ})
_GRAVE = frozenset({Effect.DELETE, Effect.PAY, Effect.GRANT})


class Deed:
    """What an action does, in words. Most actions are compared with no order, so all is read when it is asked for."""

    def __init__(self, action: Action) -> None:
        self._action = action
        self._arguments = reading(action).arguments
        self.name = action.tool.lower()
        """Its tool's."""

    @lazy
    def verbs(self) -> frozenset[str]:
        """Families of its verbs. Whoever had what is given away loses it."""
        kind = self._action.kind
        found = self._done.union(_FAMILIES_LOST if self.gives_away else ())
        if kind in _STATED:
            said = spoken(plain(self._given[:STATEMENT_LENGTH]))
            found = found.union(families(stems(said)), *[_COMMANDS.get(word, _NONE) for word in said])
        return found

    @lazy
    def gives_away(self) -> bool:
        """It makes somebody else the owner of something, which is lost for good."""
        return "grant" in self._done and not self.tool.isdisjoint(_OWNERSHIP)

    @lazy
    def deletes(self) -> bool:
        """It deletes something, as far as its effects are known."""
        return Effect.DELETE in self._action.effects

    @lazy
    def is_grave(self) -> bool:
        """It deletes, pays or grants something, as far as its effects are known."""
        return not self._action.effects.isdisjoint(_GRAVE)

    @lazy
    def _done(self) -> frozenset[str]:
        """Families of its tool's verbs, and of what is known of it."""
        of_effects = [FAMILY_OF_EFFECT[one] for one in self._action.effects if one in FAMILY_OF_EFFECT]
        found = families(self._own or self.tool).union(_OF_KIND.get(self._action.kind, _NONE), of_effects)
        if "write" in found and not self.tool.isdisjoint(_TO_BUY):
            found |= {"pay"}
        return found | {"book"} if self._requests and not self.tool.isdisjoint(_TO_BOOK) else found

    @property
    def _requests(self) -> bool:
        """It asks for something in words of its own: a room, a table."""
        return self._action.kind is Kind.SUBMIT and Effect.SEND in self._action.effects

    @lazy
    def own(self) -> frozenset[str]:
        """Stems of the verbs in its tool's name, without those that are more often nouns, where others are."""
        return frozenset(filter(is_verb_stem, self._own or self.tool))

    @lazy
    def numbers(self) -> frozenset[str]:
        """Of its arguments that number things, those of two digits or more."""
        given = ((key.lower(), text) for key, text in self._arguments if text.isdecimal() and len(text) > 1)
        return frozenset([text.lstrip("0") for key, text in given if key.endswith(_NUMBERING)])

    @lazy
    def _own(self) -> frozenset[str]:
        """Stems of a tool's name without what is more often a noun: to delete a contact contacts nobody."""
        own = self.tool - _NOUNISH
        return own if any(map(is_verb_stem, own)) else _NONE

    @lazy
    def tool(self) -> frozenset[str]:
        """Stems of its tool's name."""
        return stems(_parts(self._action.tool))

    @lazy
    def things(self) -> frozenset[str]:
        """Stems of what its tool's name says it is about."""
        return frozenset([cut for cut in self.tool if not is_verb_stem(cut) and cut not in _MONEY])

    @lazy
    def nouns(self) -> frozenset[str]:
        """Stems of what its tool's name says it is about, by words that are verbs elsewhere: to trash a mail."""
        verbs = [part for part in _parts(self._action.tool) if is_verb_stem(stem(part))]
        return stems(part for part in verbs if stem(part) not in self._own) if self._own else stems(verbs[1:])

    @lazy
    def words(self) -> frozenset[str]:
        """Stems of its tool's name, of the names of its arguments and of short arguments."""
        keys = " ".join([key.replace("_", " ") for key, _ in self._arguments])
        return self.tool | self.given | stems(spoken(plain(keys)))

    @lazy
    def given(self) -> frozenset[str]:
        """Stems of short arguments."""
        return stems(spoken(plain(self._given)))

    @lazy
    def values(self) -> tuple[frozenset[str], ...]:
        """Stems of each argument that is a name: a few words."""
        return tuple([stems(spoken(plain(text))) for text in self._short if len(text) <= NAME_LENGTH])

    @lazy
    def figures(self) -> frozenset[str]:
        """Its numbers, see `figures`."""
        return figures(self._given)

    @lazy
    def entities(self) -> frozenset[str]:
        """What it names, see `marks`."""
        return marks(self._given).union(marks(self._action.url) if self._action.kind in _ABOUT_PAGE else ())

    @lazy
    def text(self) -> str:
        """Its arguments, in lower case."""
        return "\n".join([text[:QUOTING_LENGTH] for _, text in self._arguments]).lower()

    @lazy
    def reports(self) -> bool:
        """It tells of orders, as a summary of an article about them does."""
        return speaks_of_orders(self.text)

    @lazy
    def changes(self) -> bool:
        """It does more than look."""
        return _changes(self._action, self.verbs)

    @lazy
    def sends(self) -> bool:
        """It is a command that takes something elsewhere."""
        return self._action.kind in PROGRAM and _SENDS.search(self.text) is not None

    @lazy
    def is_on_page(self) -> bool:
        """It is done to a page. A tool that submits a request or an order is not, if nothing says so."""
        action = self._action
        if not self._requests:
            return action.kind in ON_PAGE
        return action.element is not None or bool(action.url) or not self.tool.isdisjoint(_OF_FORMS)

    @lazy
    def finds_its_way(self) -> bool:
        """It looks, or it finds its way through pages, which tell everybody what to click."""
        return self.is_on_page or not self.changes

    @lazy
    def _short(self) -> list[str]:
        """Its arguments that say what it is about."""
        if self._action.kind in PROGRAM:
            short = [text[:QUOTING_LENGTH] for _, text in self._arguments]
        else:
            short = [text for _, text in self._arguments if _is_pointed(text)]
        if self._action.element is not None:
            short += [self._action.element.text[:POINTED_LENGTH], self._action.element.form_action]
        return short

    @lazy
    def _given(self) -> str:
        return "\n".join(self._short)


def _parts(tool: str) -> list[str]:
    """The words of a tool's name, in lower case."""
    return [part.lower() for part in _TOOL.findall(tool[:256])]


_latest: tuple[Action | None, Deed | None] = (None, None)


def deed(action: Action) -> Deed:
    """Read an action. What it brings is heard right after it, so the latest one is kept."""
    global _latest  # noqa: PLW0603  # one tuple, replaced whole: threads can at worst read an action twice
    known, read = _latest
    if known is not action or read is None:
        read = Deed(action)
        _latest = (action, read)
    return read


def _is_pointed(text: str) -> bool:
    """Whether an argument says what an action is about. Longer ones are prose that may quote anything."""
    return len(text) <= POINTED_LENGTH and "\n" not in text.strip() and text.count(" ") < POINTED_WORDS


def speaks_of_orders(text: str) -> bool:
    """Whether words tell of an order instead of following it.

    Args:
        text: in lower case.
    """
    # Words alone are found far faster than a pattern that begins with one of them.
    if any(word in text for word in _OF_ORDERS):
        return True
    return ("tell" in text or "ask" in text) and _TOLD.search(text) is not None


def _changes(action: Action, verbs: frozenset[str]) -> bool:
    """Whether an action does more than look, as far as is known: what nothing is known of may do anything."""
    return action.effects != _READ or "get" in verbs
