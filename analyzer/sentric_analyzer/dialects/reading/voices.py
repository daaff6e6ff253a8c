"""Who speaks in the runs of a trace that follow its first: what a model wrote may come under the user's name."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from sentric.events import AnyEvent, Author, Message, Observation, Outcome, Run
from sentric_analyzer.dialects.reading.memory import ECHO, ECHOES

COMPARED = 1 << 28
"""Characters that are compared in a trace to tell who speaks; of what comes after that it cannot be told."""


@dataclass(slots=True)
class Voices:
    """What was said in the runs of a trace so far: by the human, and by models and tools."""

    _human: set[str] = field(default_factory=set[str])
    _written: deque[str] = field(default_factory=lambda: deque[str](maxlen=ECHOES))
    _left: int = field(default_factory=lambda: COMPARED)

    def listen(self, run: Run) -> None:
        """Remember what was said in a run."""
        for event in run.events:
            for text in _texts(event):
                if isinstance(event, Message) and event.author is Author.USER:
                    self._human.add(text)
                elif len(text) >= ECHO:
                    self._written.append(text)

    def of(self, text: str) -> Author | None:
        """Whose a text under the user's name is, as far as it was heard before; None where it is new.

        Where that costs too much it is a model's: what cannot be told is trusted by nobody.
        """
        text = text.strip()
        if text in self._human:
            return Author.USER
        self._left -= sum(len(text) + len(one) for one in self._written)
        if self._left < 0 or any(one in text or (len(text) >= ECHO and text in one) for one in self._written):
            return Author.MODEL
        return None


def _texts(event: AnyEvent) -> Iterator[str]:
    match event:
        case Message() | Observation():
            yield event.text.strip()
        case Outcome():
            yield event.result.strip()
        case _:
            pass
