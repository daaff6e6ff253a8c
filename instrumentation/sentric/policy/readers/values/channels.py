"""Less plain ways for data to leave: in pieces, as whole passages, in a URL that somebody else's program opens."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote_plus

from sentric.policy.readers.values.entities import Entities
from sentric.policy.readers.values.memory import Seen
from sentric.policy.readers.values.passages import QUOTE, Passage, Passages
from sentric.policy.readers.values.shingles import Tokens
from sentric.policy.readers.words.text import readable

IsForeign = Callable[[str, str], Seen | None]
"""Where a value came from, if that makes a site the wrong place for it: of the value and the site."""


@dataclass(frozen=True, slots=True)
class Sink:
    """A place outside the task that something goes to."""

    name: str
    """Host or e-mail address."""
    site: str
    is_known: bool = False
    """It is somebody the user or the task knows, though the task does not clearly ask for it."""


class Channels:
    """What was read, as it can be recognised in pieces and passages."""

    def __init__(self) -> None:
        self._tokens = Tokens()
        self._read = Passages()
        self._told = Passages()
        """What the human and the operator wrote: it may be passed on."""

    def hear(self, text: str) -> None:
        """Remember a text that may be passed on."""
        self._told.remember(text, ("task",))

    def read(self, text: str, named: Entities, places: tuple[str, ...]) -> None:
        """Remember a text with the places it came from."""
        self._tokens.learn(named.values)
        self._read.remember(text, places)

    def evicted(self) -> Iterator[str]:
        """What had to be forgotten."""
        if self._read.evicted:
            yield "passages"
        if self._tokens.evicted:
            yield "tokens followed in pieces"

    def split(self, sinks: list[Sink], texts: tuple[str, ...], foreign: IsForeign) -> tuple[Sink, str, Seen] | None:
        """The token half of which has gone to one of some sinks by now."""
        joined = readable("\n".join(texts)).lower()
        for sink in sinks:
            for token in self._tokens.sent(sink.site, joined):
                if (seen := foreign(token, sink.site)) is not None:
                    return sink, token, seen
        return None

    def copied(
        self, sinks: list[Sink], texts: tuple[str, ...], is_party: Callable[[str], bool]
    ) -> tuple[Sink, Passage] | None:
        """The first passage that goes to a sink which it did not come from, and which is no party to it."""
        for text in texts:
            for passage in self._read.carried(text):
                if self._told.quoted(passage.start):
                    continue
                for sink in sinks:
                    knows = is_party(sink.name) and sink.name in passage.source.lower()
                    if sink.site not in passage.places and not knows:
                        return sink, passage
        return None

    def quoted(self, url: str, site: str) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Texts that a URL carries word for word, and where they were read. A URL that was read as it is has none."""
        _, _, tail = url.partition("://")[2].partition("/")
        parts = tail.replace("?", "&").replace("/", "&").replace("#", "&").split("&")
        long = [part for part in parts if len(part) >= QUOTE]
        if not long or self._read.quoted(url):
            return
        for part in long:
            text = unquote_plus(part.partition("=")[2] or part, errors="replace")
            if (places := self._read.quoted(text)) and site not in places:
                yield text, places
