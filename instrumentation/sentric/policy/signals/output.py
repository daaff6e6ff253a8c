"""Output that repeats itself: the same long text, or nearly the same, again and again."""

from collections import Counter, deque
from dataclasses import dataclass
from typing import ClassVar

from rapidfuzz.distance import Indel

from sentric.events import Action, Author, Message
from sentric.policy.content import Content, Reads
from sentric.policy.readers.words.text import readable
from sentric.policy.rule import Scope, Tuning
from sentric.policy.signals.family import Facts, Family

SHORTEST = 80
"""Characters of the shortest text that counts: short ones repeat in every honest run."""
COMPARED = 512
"""Characters compared of the beginning and as many of the end."""
WINDOW = 4
"""Texts remembered."""
ALIKE = 0.95
"""Similarity from which two texts are nearly the same: 1 minus the normalised distance of insertions and deletions."""
LINES_KEPT = 4096
"""Lines of one text that are counted."""
LINE_LENGTH = 24
"""Shortest line that counts."""


@dataclass(frozen=True, slots=True)
class OutputFacts(Facts):
    """Facts about repeated output."""

    stated_about: ClassVar[tuple[Scope, ...]] = (Scope.ACTION, Scope.MESSAGE)
    reads: ClassVar[Reads] = frozenset({Content.WORDS})

    output_repeats: int = 0
    """How many of the model's latest long messages are nearly the same as the latest one, itself too. Stated with the
    action that follows as well, where it can be joined with what is measured of the process."""
    repeated_lines: int = 0
    """How often the most frequent long line stands in the message."""


_NOTHING = OutputFacts()


class RepeatedText:
    """Counts how often a long text comes again. Of its own, so that other output can be counted the same way."""

    def __init__(self) -> None:
        self._latest: deque[str] = deque(maxlen=WINDOW)

    def add(self, text: str) -> int:
        """How many of the latest texts are nearly this one, itself too; 0 where it is too short to tell."""
        if len(text) < SHORTEST:
            return 0
        shown = readable(text if len(text) <= 2 * COMPARED else text[:COMPARED] + text[-COMPARED:])
        alike = sum(_alike(shown, earlier) for earlier in self._latest)
        self._latest.append(shown)
        return alike + 1

    def clear(self) -> None:
        """Forget everything."""
        self._latest.clear()


class Output(Family[OutputFacts]):
    """Watches the model's own words."""

    facts = OutputFacts

    def __init__(self, tuning: Tuning) -> None:
        super().__init__(tuning)
        self._texts = RepeatedText()
        self._repeats = 0

    def message(self, message: Message) -> OutputFacts:
        """Compare a message with those before it. A human who speaks again may want the same said again."""
        if message.author is Author.USER:
            self._texts.clear()
            self._repeats = 0
        elif message.author is Author.MODEL and message.text:
            self._repeats = self._texts.add(message.text)
        lines = repeated_lines(message.text) if message.author is Author.MODEL else 0
        return OutputFacts(self._repeats, lines) if self._repeats or lines else _NOTHING

    def action(self, action: Action) -> OutputFacts:
        """How far it has come."""
        return OutputFacts(self._repeats) if self._repeats else _NOTHING


def _alike(text: str, other: str) -> bool:
    if text == other:
        return True
    longest = max(len(text), len(other))
    if abs(len(text) - len(other)) > (1 - ALIKE) * 2 * longest:
        return False
    return Indel.normalized_similarity(text, other, score_cutoff=ALIKE) > 0


def repeated_lines(text: str) -> int:
    """How often the most frequent line of a text stands in it, of those long enough and with letters in them."""
    if "\n" not in text:
        return 0
    counts = Counter(
        line for line in text[: LINES_KEPT * LINE_LENGTH].split("\n", LINES_KEPT) if len(line) >= LINE_LENGTH
    )
    return max((count for line, count in counts.items() if count > 1 and any(map(str.isalpha, line))), default=0)
