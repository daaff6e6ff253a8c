"""Who is behind an e-mail address: what they know already, and whether they wrote."""

import re
from collections import OrderedDict

from sentric.policy.readers.places.hosts import place
from sentric.policy.readers.values.entities import Entities
from sentric.policy.readers.words.lexicon import words

KEPT = 256
"""E-mail addresses that are remembered; the one read of longest ago is forgotten first."""
SENDERS = 64
"""Addresses of one text that are looked at as senders."""
_SENDER_WORDS = ("from", "sender", "von", "absender", "de:", '"de"')
_GAP = 8
"""Characters before an address, blanks among them, that say whether it stands in a sentence."""
_HEAD = 96
"""Characters before an address in which a word says that it is a sender's."""
_SENDER = re.compile(r"\b(?:from|sender|von|absender|de)\b[\"'*]{0,3}\s?[:=][^\n@]{0,64}\Z")
_RECEIVER = re.compile(r"\b(?:to|cc|bcc|an|recipients?|receiver|subject|body)\b")
_FREE_MAIL = words(
    "gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com icloud.com me.com aol.com gmx.de "
    "gmx.net gmx.com web.de mail.com mail.ru yandex.ru yandex.com proton.me protonmail.com tutanota.com zoho.com "
    "qq.com 163.com"
)
"""Sites where anybody can have an address: to have one there, too, makes nobody a colleague."""
_ANSWERING = words(
    "reply replies replying answer answers respond antworte antworten beantworte beantworten répondre réponds répond "
    "responde responder contesta contestar rispondi rispondere"
)
"""Words of a task that ask for an answer to whoever wrote."""


class Correspondence:
    """The e-mail addresses that were read, with what stood beside them."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, frozenset[str]] = OrderedDict()
        self._senders: OrderedDict[str, None] = OrderedDict()

    def read(self, plain: str, named: Entities, values: tuple[str, ...]) -> None:
        """Note who is behind a text, as `parties` takes it: they know what else is in it."""
        together = frozenset(values)
        for email in parties(plain, named):
            self._known[email] = together
            self._known.move_to_end(email)
        for email in senders(plain, named):
            self._senders[email] = None
            self._senders.move_to_end(email)
        for kept in (self._known, self._senders):
            while len(kept) > KEPT:
                kept.popitem(last=False)

    def is_party(self, email: str) -> bool:
        """Whether an address was read in a place of its own, and not merely as a word of a sentence."""
        return email in self._known

    def known_to(self, email: str) -> frozenset[str]:
        """The values that stood in the text in which the address was last read in a place of its own."""
        return self._known.get(email, frozenset())

    def is_sender(self, email: str) -> bool:
        """Whether somebody wrote from this address."""
        return email in self._senders

    def is_answered(self, email: str, task_words: set[str]) -> bool:
        """Whether somebody wrote from this address and the task asks for an answer."""
        return email in self._senders and not _ANSWERING.isdisjoint(task_words)


def is_colleague(email: str, site: str) -> bool:
    """Whether an e-mail address is of the site that it goes to, and the site is somebody's own."""
    where = place(email.partition("@")[2])
    return where is not None and where.site == site and site not in _FREE_MAIL


def parties(plain: str, named: Entities) -> tuple[str, ...]:
    """The e-mail addresses of a text that stand in a place of their own: behind a mark, in a column, in brackets.

    `send a copy to jo@corp.example` makes nobody a party to the text it stands in.

    Args:
        plain: the text, `readable` and in lower case.
        named: what it names.
    """
    found: list[str] = []
    for email in named.emails[:KEPT]:
        at = plain.find(email)
        before = plain[max(0, at - _GAP) : at].rstrip(" ")
        if at >= 0 and not before[-1:].isalnum():
            found.append(email)
    return tuple(found)


def senders(plain: str, named: Entities) -> tuple[str, ...]:
    """The e-mail addresses of a text, as `parties` takes it, behind a word for the sender: `From:`, `"sender": …`."""
    found: dict[str, None] = {}
    for email in named.emails[:SENDERS]:
        at = plain.find(email)
        before = plain[max(0, at - _HEAD) : at] if at > 0 else ""
        is_behind = (":" in before or "=" in before) and any(word in before for word in _SENDER_WORDS)
        head = _SENDER.search(plain, max(0, at - _HEAD), at) if is_behind else None
        if head is not None and _RECEIVER.search(head[0]) is None:
            found[email] = None
    return tuple(found)
