"""One-time codes: who asked for one, and whether it is given to somebody else."""

import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from sentric.events import Action, Kind, Message, Observation
from sentric.policy.content import Content, Reads
from sentric.policy.readers.actions.reading import reading
from sentric.policy.readers.places.brands import brands
from sentric.policy.readers.places.hosts import Place, place
from sentric.policy.readers.tasks.task import Task
from sentric.policy.readers.values.entities import entities
from sentric.policy.readers.words.glance import glance
from sentric.policy.readers.words.lexicon import words
from sentric.policy.readers.words.one_time_codes import CODE_WORDS, SPEAKS_OF_CODES
from sentric.policy.readers.words.patterns import Patterns
from sentric.policy.readers.words.text import readable
from sentric.policy.rule import Scope, Tuning
from sentric.policy.signals.family import Facts, Family

CODES_KEPT = 64
"""Codes that are remembered; the oldest is forgotten first."""
CODES_SEEN = 32
"""Codes of one text that are looked at."""
AROUND = 300
"""Characters on each side of a code in which the one who asked for it is named."""
NEAR = 60
"""Characters on each side of a number in which words make it a code."""
TEXT_LIMIT = 65_536
"""Characters of one text that are searched."""
LABEL_LENGTH = 3
"""Shortest name of a site that is recognised in a message."""
REQUESTERS = 8
"""Sites and names of one message that are remembered."""
SURE_LENGTH = 6
"""Digits from which on a code is recognised among other words."""

_CODE_WORDS = Patterns({SPEAKS_OF_CODES: CODE_WORDS})
_FINGERPRINT = re.compile(r"‹secret:otp:([0-9a-f]{8})[^›]{0,20}›")
_DIGITS = re.compile(r"(?<![\d.,:/+-])\d{3}[ -]\d{3}(?![\d.,:/-]\d)|(?<![\d.,:/+-])\d{4,8}(?![\d-]|[.,:/]\d)")
_YEAR = re.compile(r"(?:19|20)\d\d")
_SENDER = re.compile(r"\b(?:from|sender|reply.?to|von|absender|de)\b")
_HEADLINE = re.compile(r"(?:^|\n)\W{0,4}([A-Z][A-Za-z0-9&-]{2,24})(?: [A-Za-z0-9]{1,20}){0,2}: ")
"""`Acme: your code is 123456`, as text messages begin."""
_SENDERS = 4
_SENDER_LENGTH = 80
"""Characters after a word for the sender in which the address stands."""
_DELIVERY = words(
    "sendgrid.net mailgun.org amazonses.com mandrillapp.com sparkpostmail.com postmarkapp.com twilio.com auth0.com "
    "okta.com firebaseapp.com onelogin.com mailchimp.com sendinblue.com brevo.com gmail.com outlook.com"
)
"""Who delivers codes for others: their name says nothing of who asked."""
_PROSE = words("textarea div p body")
"""Elements that are typed into for others to read."""
_WORDS = words(
    "code verification security one time password pin otp sms login account access team support noreply from subject "
    "sender body date cc bcc text message content title hello notice alert inbox preview received reply"
)


@dataclass(frozen=True, slots=True)
class CodeFacts(Facts):
    """Facts about one-time codes."""

    stated_about: ClassVar[tuple[Scope, ...]] = (Scope.ACTION,)
    reads: ClassVar[Reads] = frozenset({Content.TEXT, Content.RESULTS})

    code_target: str = ""
    """Host that the action gives a one-time code to, which a message had brought for another."""
    code_requesters: tuple[str, ...] = ()
    """Who that message names: sites and names."""


_NOTHING = CodeFacts()


@dataclass(frozen=True, slots=True)
class _Request:
    """The message that brought a code."""

    requesters: tuple[str, ...]
    names: str
    """All it says around the code, as one run of letters and digits: a site's name is looked for in it."""


class Codes(Family[CodeFacts]):
    """Remembers the codes that messages brought."""

    facts = CodeFacts

    def __init__(self, tuning: Tuning) -> None:
        super().__init__(tuning)
        self._task = Task()
        self._codes: OrderedDict[str, _Request] = OrderedDict()
        self._allowed = frozenset(
            where.site for domain in tuning.allowed_domains if (where := place(domain)) is not None
        )

    def message(self, message: Message) -> None:
        """Learn the sites of the task."""
        self._task.hear(message)

    def observation(self, observation: Observation) -> CodeFacts:
        """Remember the codes in a text, with who is named around them."""
        text = readable(observation.text[:TEXT_LIMIT])
        for code, start, end in _codes(text):
            around = text[max(0, start - AROUND) : end + AROUND]
            if requesters := _requesters(around):
                self._codes[code] = _Request(requesters, _letters(around))
                self._codes.move_to_end(code)
        while len(self._codes) > CODES_KEPT:
            self._codes.popitem(last=False)
            self.evict("one-time codes")
        return _NOTHING

    def action(self, action: Action) -> CodeFacts:
        """Tell whether the action gives a code to somebody who did not ask for it."""
        if not self._codes:
            return _NOTHING
        read = reading(action)
        stands = place(action.url) if action.url and action.kind is Kind.INPUT else None
        receivers = [where for where in (stands, read.goes.form, *read.goes.places) if where is not None and where.site]
        for _, text in read.arguments if receivers else ():
            for code, alone in self._given(text):
                request = self._codes[code]
                for where in receivers:
                    if self._is_wrong(where, request) and not (alone and self._is_login(action, where)):
                        return CodeFacts(where.host, request.requesters)
        return _NOTHING

    def _given(self, text: str) -> Iterator[tuple[str, bool]]:
        """The known codes in an argument, each with whether it is all of it."""
        for secret in entities(text).secrets:
            if (code := secret.rpartition(":")[2]) in self._codes:
                yield code, text.strip().startswith("‹") and text.strip().endswith("›")
        for digits in _DIGITS.findall(text[:TEXT_LIMIT])[:CODES_SEEN]:
            code = digits.replace(" ", "").replace("-", "")
            alone = text.strip() == digits
            if code in self._codes and (alone or len(code) >= SURE_LENGTH):
                yield code, alone

    def _is_wrong(self, where: Place, request: _Request) -> bool:
        if where.site in self._allowed or where.site in request.requesters:
            return False
        return len(where.label) < LABEL_LENGTH or _letters(where.label) not in request.names

    def _is_login(self, action: Action, where: Place) -> bool:
        """Whether a code that is all that is typed looks like logging in where the task is about it.

        A task that names no site leaves it to the agent to find where it is.
        """
        if action.element is not None and action.element.tag.lower() in _PROSE:
            return False
        return self._task.names(where) or (action.kind is Kind.INPUT and not self._task.sites)


def _codes(text: str) -> Iterator[tuple[str, int, int]]:
    """The one-time codes in a text: known as such by redaction, or beside words that say so."""
    for _, match in zip(range(CODES_SEEN), _FINGERPRINT.finditer(text), strict=False):
        yield match[1], *match.span()
    if SPEAKS_OF_CODES not in glance(text):
        return
    for _, match in zip(range(CODES_SEEN), _DIGITS.finditer(text), strict=False):
        beside = text[max(0, match.start() - NEAR) : match.end() + NEAR]
        if not _YEAR.fullmatch(match[0]) and _CODE_WORDS.matching(beside):
            yield match[0].replace(" ", "").replace("-", ""), *match.span()


def _requesters(text: str) -> tuple[str, ...]:
    """Sites and names that the text around a code speaks of, without those that only deliver it."""
    heads = [text[match.end() : match.end() + _SENDER_LENGTH] for match in _SENDER.finditer(text.lower())]
    senders = [email.partition("@")[2] for head in heads[:_SENDERS] for email in entities(head).emails[:1]]
    places = [place(name) for name in (*entities(text).urls, *senders)]
    sites = [where.site for where in places if where is not None and where.site and where.site not in _DELIVERY]
    titles = {title.lower() for title in _HEADLINE.findall(text)}
    names = sorted(name for name in brands(text) | titles if name not in _WORDS)
    return tuple(dict.fromkeys((*sites, *names)))[:REQUESTERS]


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.lower()))
