"""Whether the human defers to the text an order stands in: has asked to do what it says."""

import re
from itertools import islice

from sentric.policy.readers.orders.weighing import ASKED, Heard, Wish
from sentric.policy.readers.tasks.request import Request
from sentric.policy.readers.values.entities import entities
from sentric.policy.readers.words.vocabulary import is_verb_stem, plain, spoken, stems

FIELDS_LIMIT = 64
"""Fields of a record that are compared with the task."""

_FIELD = re.compile(r"(?<!\w)['\"]?([a-zA-Z][\w -]{2,31})['\"]?\s?[:=]([^\n:=]{0,400})")
"""A name and its value, as records of all sorts have them, up to the next name."""

_ACCOUNT = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
"""An account number, perhaps written in groups."""


def defers_to(request: Request, heard: Heard, wish: Wish) -> bool:
    """Whether the human has asked to do what the text says.

    Args:
        request: what the human asks for.
        heard: an order of the text.
        wish: what the human's wish has to do with the deed in question.
    """
    if heard.suspicious or heard.at.to_agent:
        return False
    for_somebody = not request.families.isdisjoint({"send", "pay"})
    is_asked = wish in ASKED or (wish is Wish.SUCH_A_DEED and for_somebody)
    is_asked = is_asked and not heard.is_reply and not _has_a_rival(request, heard)
    # Whom to pay, the bill says; whom to invite, the one who asks for it.
    is_asked = is_asked and (not request.people or "pay" in heard.said.families)
    return request.hands_over_to(heard.at.record, heard.read_by, is_asked=is_asked)


def _has_a_rival(request: Request, heard: Heard) -> bool:
    """Whether the text gives the address of someone the human speaks of, or an account, and the order has another's."""
    if not any("@" in name for name in heard.telling):
        return _has_a_rival_account(heard)
    given = entities(heard.at.record).emails
    if any(email not in heard.telling and request.task.names_address(email) for email in given):
        return True
    return len(given) > 1 and _has_a_field(request, heard)


def _has_a_rival_account(heard: Heard) -> bool:
    """Whether the text gives another account before the order's."""
    wanted = [name for name in heard.telling if _ACCOUNT.fullmatch(name.upper())]
    if not wanted:
        return False
    first = _ACCOUNT.search(heard.at.record)
    return first is not None and first[0].replace(" ", "").lower() not in wanted


def _has_a_field(request: Request, heard: Heard) -> bool:
    """Whether a field named like what the human asks for gives addresses, and those are not the order's."""
    for name, value in islice(_FIELD.findall(heard.at.record), FIELDS_LIMIT):
        asked = stems(spoken(plain(name))) & request.stems
        if "@" in value and not all(map(is_verb_stem, asked)):
            given = entities(value).emails
            if given and heard.telling.isdisjoint(given):
                return True
    return False
