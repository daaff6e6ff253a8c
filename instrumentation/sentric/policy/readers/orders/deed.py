"""An action as orders are compared with it: what it does, in words."""

import re
from dataclasses import dataclass

from sentric.events import Action, Effect, Kind
from sentric.policy.readers.actions.reading import reading
from sentric.policy.readers.actions.verbs import NOUNISH
from sentric.policy.readers.values.entities import marks
from sentric.policy.readers.words.vocabulary import families, figures, is_verb_stem, plain, spoken, stems

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
_FAMILY_OF_EFFECT = {
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
_NOUNISH = stems(NOUNISH)
_NUMBERING = ("id", "ids", "number", "numbers", "_no", "order", "ticket", "issue", "request", "invoice", "index")
"""How the names of arguments end that number things."""
_OWNERSHIP = stems(("owner", "ownership"))
_NONE: frozenset[str] = frozenset()
_READ = frozenset({Effect.READ})


@dataclass(frozen=True, slots=True)
class Deed:
    """What an action does, in words."""

    verbs: frozenset[str]
    """Families of its verbs."""
    name: str
    """Its tool's, in lower case."""
    tool: frozenset[str]
    """Stems of its tool's name."""
    deletes: bool
    """It deletes something, as far as its effects are known."""
    gives_away: bool
    """It makes somebody else the owner of something, which is lost for good."""
    own: frozenset[str]
    """Stems of the verbs in its tool's name, without those that are more often nouns, where others are."""
    numbers: frozenset[str]
    """Of its arguments that number things, those of two digits or more."""
    things: frozenset[str]
    """Stems of what its tool's name says it is about."""
    words: frozenset[str]
    """Stems of its tool's name, of the names of its arguments and of short arguments."""
    given: frozenset[str]
    """Stems of short arguments."""
    values: tuple[frozenset[str], ...]
    """Stems of each argument that is a name: a few words."""
    figures: frozenset[str]
    entities: frozenset[str]
    text: str
    """Its arguments, in lower case."""
    reports: bool
    """It tells of orders, as a summary of an article about them does."""
    changes: bool
    """It does more than look."""
    sends: bool
    """It is a command that takes something elsewhere."""
    finds_its_way: bool
    """It looks, or it finds its way through pages, which tell everybody what to click."""


def deed(action: Action) -> Deed:
    """Read an action."""
    name = [part.lower() for part in _TOOL.findall(action.tool[:256])]
    tool = stems(name)
    short = [text for _, text in reading(action).arguments if _is_pointed(text)]
    if action.kind in PROGRAM:
        short = [text[:QUOTING_LENGTH] for _, text in reading(action).arguments]
    if action.element is not None:
        short += [action.element.text[:POINTED_LENGTH], action.element.form_action]
    given = "\n".join(short)
    keys = (key.replace("_", " ") for key, _ in reading(action).arguments)
    cut = stems(spoken(plain(given)))
    own = _own_verbs(name)
    verbs = (
        families(own or tool)
        | _OF_KIND.get(action.kind, _NONE)
        | frozenset(_FAMILY_OF_EFFECT[effect] for effect in action.effects if effect in _FAMILY_OF_EFFECT)
    )
    if "write" in verbs and not tool.isdisjoint(_TO_BUY):
        verbs |= {"pay"}
    gives_away = "grant" in verbs and not tool.isdisjoint(_OWNERSHIP)
    if gives_away:
        verbs |= {"delete"}  # whoever had it loses it
    if action.kind in _STATED:
        said = spoken(plain(given[:STATEMENT_LENGTH]))
        verbs |= families(stems(said)).union(*[_COMMANDS.get(word, _NONE) for word in said])
    changes = _changes(action, verbs)
    text = "\n".join(text[:QUOTING_LENGTH] for _, text in reading(action).arguments).lower()
    return Deed(
        verbs=verbs,
        name=action.tool.lower(),
        tool=tool,
        own=frozenset(filter(is_verb_stem, own or tool)),
        numbers=_numbers(action),
        deletes=Effect.DELETE in action.effects,
        gives_away=gives_away,
        things=frozenset(cut for cut in tool if not is_verb_stem(cut) and cut not in _MONEY),
        words=tool | cut | stems(spoken(plain(" ".join(keys)))),
        given=cut,
        values=tuple(stems(spoken(plain(text))) for text in short if len(text) <= NAME_LENGTH),
        figures=figures(given),
        entities=marks(given).union(marks(action.url) if action.kind in _ABOUT_PAGE else ()),
        text=text,
        reports=speaks_of_orders(text),
        changes=changes,
        sends=action.kind in PROGRAM and _SENDS.search(text) is not None,
        finds_its_way=action.kind in ON_PAGE or not changes,
    )


def _own_verbs(name: list[str]) -> frozenset[str]:
    """Stems of a tool's name without what is more often a noun: to delete a contact contacts nobody."""
    own = stems(name) - _NOUNISH
    return own if any(map(is_verb_stem, own)) else _NONE


def _numbers(action: Action) -> frozenset[str]:
    """The numbers by which an action names things."""
    given = ((key.lower(), text) for key, text in reading(action).arguments if text.isdecimal() and len(text) > 1)
    return frozenset([text.lstrip("0") for key, text in given if key.endswith(_NUMBERING)])


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
