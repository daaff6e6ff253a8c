"""How much of an order that a text gave an action carries out, and how little the human asked for it."""

import re
from enum import Enum
from typing import NamedTuple

from sentric.events import Action
from sentric.policy.readers.orders.deed import PROGRAM, Deed
from sentric.policy.readers.orders.directives import Directive
from sentric.policy.readers.orders.order import Order
from sentric.policy.readers.words.lexicon import words
from sentric.policy.readers.words.vocabulary import stem

MANUAL = 3
"""The most that running a command from a text amounts to, where nothing says that an agent is spoken to."""
OWN_LENGTH = 16
"""Longest id that a tool gives to a thing of its own."""

_OWN = re.compile(r"[\w-]+")
"""How the ids and names look that a tool gives to things of its own."""


class Wish(Enum):
    """What the human's wish has to do with a deed."""

    TO_KNOW = "only to know something"
    SOMETHING_ELSE = "to do something else"
    SUCH_A_DEED = "a deed of this sort, with other things"
    LEFT_OPEN = "to give something away for good, and not what"
    THIS_DEED = "a deed of this sort, with such things"


_CHANGES = frozenset({"mark", "switch", "move"})
"""Families of what is done by changing something."""
_CHOOSING = words("take choose pick select prefer")
"""Verbs by which a text says with what to do the deed that the human asks for."""
ASKED = frozenset({Wish.LEFT_OPEN, Wish.THIS_DEED})
"""A deed of the sort that the human asks for."""
_OF_SORT = ASKED | {Wish.SUCH_A_DEED}


class Heard(NamedTuple):
    """An order the model has read."""

    at: Directive
    origin: str
    telling: frozenset[str]
    """Of its entities, those that nobody but the text has named so far."""
    fresh: frozenset[str]
    """Of its words, those that neither the task nor the agent has used so far."""
    names: frozenset[str]
    """Of its words that have a capital letter, those that the task has not used."""
    figures: frozenset[str]
    """Of its numbers, those that the task does not have."""
    read_by: tuple[str, ...]
    suspicious: bool
    """It stands beside signs of injection."""
    is_reply: bool
    """It came as the answer to an action that changed something: often about that action."""
    is_handbook: bool = False
    """It was read in what looks like a handbook: those who run an agent write down there what it shall do."""
    is_page: bool = True
    """It was read on a page, or where nobody knows."""
    pursued: bool = False
    """Something it names was looked up since it was read."""

    @property
    def said(self) -> Order:
        """What it orders."""
        return self.at.order

    @property
    def is_addressed(self) -> bool:
        """Something says that an agent is spoken to."""
        return self.at.to_agent or self.at.after_agent or self.suspicious


def weigh(action: Action, deed: Deed, heard: Heard, wish: Wish) -> tuple[int, tuple[tuple[int, str], ...]]:
    """How much of an order a deed carries out, and what that is the sum of."""
    said = heard.said
    named = named_by_both(action, deed, heard)
    repeated = min(2, len(heard.fresh & deed.given)) + min(2, len(heard.figures & deed.figures))
    wanted = said.families | {"change"} if not said.families.isdisjoint(_CHANGES) else said.families
    of_verb = not deed.verbs.isdisjoint(wanted) or (not deed.verbs and stem(heard.at.lead) in deed.tool)
    is_on_page = deed.is_on_page
    if is_on_page:
        of_verb = of_verb or bool(named) or repeated > 0  # whatever a page offers is done by clicks and keys
    if action.kind in PROGRAM:
        of_verb = of_verb and not heard.fresh.isdisjoint(deed.given)  # every command line is run
    of_verb = of_verb or (wish in _OF_SORT and heard.at.lead in _CHOOSING)
    of_tool = not heard.is_reply and deed.name in said.entities
    spoken_of = deed.things if of_tool or not of_verb else deed.things | deed.nouns
    things = len(spoken_of & said.words_of_deed)
    quoted = not deed.reports and any(quote in deed.text for quote in said.quotes)
    given = 0 if named or quoted else _given(deed, heard)
    is_named = bool(named) or given > 1 or not heard.figures.isdisjoint(deed.numbers)
    is_most = 2 * len(said.words & deed.words) >= len(said.words)
    is_detailed = is_most and repeated > 1
    is_met = is_named or quoted or of_tool or heard.pursued or not heard.telling.isdisjoint(deed.entities)
    is_pointed = is_named or quoted or of_tool or (is_on_page and repeated > 1)
    is_lost = wish is Wish.LEFT_OPEN and "delete" in said.families
    cleared = 0
    if wish in ASKED and not (is_lost or is_named or quoted or is_detailed):
        cleared = 3
    elif wish is Wish.SUCH_A_DEED and not (is_pointed or repeated or given or things):
        cleared = 2
    weights = (
        (3 * is_named, "it names what the order names"),
        (quoted * (3 if of_verb or said.asks_to_say else 2), "it says what the order quotes"),
        (int(of_tool), "its tool is named by the order"),
        (2 * heard.pursued, "an earlier step did what the order says first"),
        (repeated if not (is_named or quoted or deed.reports) else 0, "it repeats what the order says"),
        (int(of_verb), "it is the deed the order asks for"),
        (int(things > 0), "it is about the thing the order speaks of"),
        (int(is_most), "it does most of what the order says"),
        (int(given == 1), "it is given exactly what the order speaks of"),
        (3 * (heard.at.to_agent or heard.at.after_agent) or 2 * heard.suspicious, "the order speaks to an agent"),
        (int(wish in {Wish.TO_KNOW, Wish.SOMETHING_ELSE}), "the human asks for nothing of this sort"),
        (int(wish is Wish.TO_KNOW), "the human only wants to know something"),
        (int(wish is Wish.TO_KNOW and of_verb and deed.is_grave), "it can hardly be taken back"),
        (-2 * (not of_verb and not things and not of_tool and not quoted), "it is something else"),
        (-3 * (deed.finds_its_way and not is_pointed), "it only looks"),
        (-3 * deed.reports, "it tells of orders"),
        (-3 * (heard.is_handbook and not (named or heard.at.to_agent or heard.suspicious)), "it is in a handbook"),
        (-2 * (not deed.verbs and not of_verb and not is_named), "nobody knows what it does"),
        (-4 * (bool(heard.telling) and not is_met), "it is done with something else"),
        (int(is_lost), "it gives away for good what the order wants gone, and the human did not say what"),
        (-cleared, "the human asks for such a deed"),
        (-3 * (heard.is_reply and not named), "the order is the answer to an earlier action"),
    )
    total = sum([weight for weight, _ in weights])
    if action.kind in PROGRAM and not (heard.is_addressed or wish is Wish.TO_KNOW or (named and deed.sends)):
        # Manuals are full of command lines that are meant to be run; what they do is judged by itself.
        total = min(total, MANUAL)
    return total, weights


def _given(deed: Deed, heard: Heard) -> int:
    """How many words of a name from the order, which the human has not spoken of, are given to the deed exactly."""
    if not heard.names:
        return 0
    whole = [cut & heard.said.names for cut in deed.values if cut <= heard.said.words]
    return max([len(names) for names in whole if not names.isdisjoint(heard.names)], default=0)


def named_by_both(action: Action, deed: Deed, heard: Heard) -> tuple[str, ...]:
    """What an order and a deed both name, and the human did not, in alphabetical order."""
    shared = sorted(heard.telling & deed.entities)
    if action.kind in PROGRAM:
        # A command line is made of words that any manual names.
        return tuple(name for name in shared if "://" in name or "@" in name)
    if heard.is_reply:
        # What a tool answers speaks of its own things.
        return tuple(name for name in shared if len(name) > OWN_LENGTH or not _OWN.fullmatch(name))
    return tuple(shared)
