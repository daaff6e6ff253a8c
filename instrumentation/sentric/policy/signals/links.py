"""Links that carry instructions: in a parameter of the URL, or behind its `#`, where no server sees them."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import unquote, unquote_plus

from sentric.events import Action, Author, Kind, Message, Observation, Source
from sentric.policy.readers.actions.reading import reading
from sentric.policy.readers.places.brands import is_search_engine
from sentric.policy.readers.places.hosts import place
from sentric.policy.readers.tasks.task import TASK_LIMIT
from sentric.policy.readers.words.instructions import passages, words_of
from sentric.policy.readers.words.lexicon import phrase
from sentric.policy.readers.words.patterns import Patterns
from sentric.policy.readers.words.text import excerpt, readable
from sentric.policy.rule import Scope, Tuning
from sentric.policy.signals.family import Facts, Family

LINK_LIMIT = 8192
"""Characters of a URL that are read."""
PARTS_LIMIT = 32
"""Parameters of one URL that are read."""
SHORTEST = 24
"""Shortest part of a URL that can hold an instruction."""
FEWEST_WORDS = 4
"""Words that a part of a URL has at least where it holds one."""
TOLD_KEPT = 256
"""URLs remembered as told of; the oldest is forgotten first."""
OWN_SHARE = 0.8
"""Share of a part's words that are the task's where the agent writes down what the task asks for."""

_REACHING = frozenset({Kind.NAVIGATE, Kind.HTTP, Kind.DOWNLOAD})
_PRIVATE = (
    "e-?mails?|inbox|mailbox|messages?|calendar|contacts|passwords?|credentials?|memor(?:y|ies)|(?:chat )?history"
    "|cookies|tokens?|(?:verification |one-time )?codes?|documents?|files"
)
_DEMAND = Patterns(
    {
        "fetch and send": phrase(
            "collect|gather|summari[sz]e|extract|read|open|find|get|take|copy|list",
            80,
            _PRIVATE,
            160,
            "send|post|forward|upload|submit|encode|exfiltrate|transmit|append|share",
        ),
        "send": phrase("send|post|forward|upload|submit|transmit|exfiltrate", 60, _PRIVATE, 60, "to|at|into"),
    }
)


@dataclass(frozen=True, slots=True)
class LinkFacts(Facts):
    """Facts about what a URL says to its reader."""

    stated_about: ClassVar[tuple[Scope, ...]] = (Scope.ACTION, Scope.OBSERVATION)

    crafted_link: str = ""
    """Host of a URL that carries an instruction to an agent, as the action goes there or the page is read; once for
    each URL. What the task itself asks to search for is none."""
    crafted_excerpt: str = ""
    """The instruction."""


_NOTHING = LinkFacts()


class Links(Family[LinkFacts]):
    """Reads what URLs say."""

    facts = LinkFacts

    def __init__(self, tuning: Tuning) -> None:
        super().__init__(tuning)
        self._words: set[str] = set()
        self._room = TASK_LIMIT
        self._told: OrderedDict[str, None] = OrderedDict()

    def message(self, message: Message) -> None:
        """What the human asks for may be written into a URL, but not what stands in the URLs they give."""
        if message.author is Author.USER and self._room:
            text = message.text[: self._room]
            self._room -= len(text)
            self._words |= words_of(" ".join(word for word in text.split() if "://" not in word))

    def observation(self, observation: Observation) -> LinkFacts:
        """Read the URL of a page."""
        if observation.source is not Source.PAGE or "://" not in observation.origin:
            return _NOTHING
        return self._read(observation.origin)

    def action(self, action: Action) -> LinkFacts:
        """Read the URLs that an action loads."""
        if action.kind not in _REACHING:
            return _NOTHING
        found = (self._read(url) for url in reading(action).goes.links)
        return next((facts for facts in found if facts is not _NOTHING), _NOTHING)

    def _read(self, url: str) -> LinkFacts:
        if "?" not in url and "#" not in url:
            return _NOTHING
        url = url[:LINK_LIMIT]
        if url in self._told:
            return _NOTHING
        for text in _parts(url):
            start = _instruction(text)
            if start < 0 or self._is_own(text):
                continue
            where = place(url)
            if where is None or not where.host or is_search_engine(where):
                return _NOTHING
            self._told[url] = None
            if len(self._told) > TOLD_KEPT:
                self._told.popitem(last=False)
            return LinkFacts(where.host, excerpt(text, start))
        return _NOTHING

    def _is_own(self, text: str) -> bool:
        said = words_of(text)
        return len(said & self._words) >= OWN_SHARE * len(said)


def _parts(url: str) -> Iterator[str]:
    """The texts in a URL's parameters and behind its `#`."""
    rest, _, fragment = url.partition("#")
    query = rest.partition("?")[2]
    values = [part.partition("=")[2] or part for part in query.split("&")[:PARTS_LIMIT]]
    values += [part.partition("=")[2] or part for part in fragment.split("&")[:PARTS_LIMIT]]
    for value in values:
        if len(value) < SHORTEST:
            continue
        text = readable(unquote(unquote_plus(value, errors="replace"), errors="replace"))
        if text.count(" ") < FEWEST_WORDS:
            text = text.replace("-", " ").replace("_", " ")
        if text.count(" ") >= FEWEST_WORDS - 1:
            yield text


def _instruction(text: str) -> int:
    """Where an instruction begins; -1 where there is none."""
    if found := passages(text):
        return found[0].at
    span = _DEMAND.first(text)
    return span[0] if span else -1
