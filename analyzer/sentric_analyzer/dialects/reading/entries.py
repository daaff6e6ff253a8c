"""What takes its place among the events of a run, before all places are known: events but for their numbers."""

from typing import NamedTuple, TypeAlias

from sentric.events import Action, Author, Message, Observation, Outcome, Source
from sentric_analyzer.dialects.reading.calls import Call


class Spoken(NamedTuple):
    """A message."""

    time: int
    span_id: str
    ordinal: int
    author: Author
    text: str
    input_tokens: int = 0
    output_tokens: int = 0

    def event(self, sequence: int) -> Message:
        """The event of that number."""
        return Message(
            sequence=sequence,
            time=self.time,
            span_id=self.span_id,
            ordinal=self.ordinal,
            author=self.author,
            text=self.text,
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
        )


class Shown(NamedTuple):
    """An observation."""

    time: int
    span_id: str
    ordinal: int
    source: Source
    origin: str
    text: str

    def event(self, sequence: int) -> Observation:
        """The event of that number."""
        return Observation(
            sequence=sequence,
            time=self.time,
            span_id=self.span_id,
            ordinal=self.ordinal,
            source=self.source,
            origin=self.origin,
            text=self.text,
        )


class Begun(NamedTuple):
    """A call, of which more may be learnt later."""

    call: Call

    def event(self, sequence: int) -> Action:
        """The event of that number."""
        return self.call.action(sequence)


class Ended(NamedTuple):
    """The end of a call, after its beginning."""

    call: Call

    def event(self, sequence: int) -> Outcome:
        """The event of that number."""
        return self.call.outcome(sequence)


Entry: TypeAlias = Spoken | Shown | Begun | Ended
