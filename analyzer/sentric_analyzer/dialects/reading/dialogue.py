"""One agent's dialogue with its model, as events: who said what, what came into view, what was called."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NamedTuple

from sentric.events import Author, Source
from sentric_analyzer.dialects.parts import Form, Part, Role
from sentric_analyzer.dialects.reading.calls import Call, Spanned
from sentric_analyzer.dialects.reading.entries import Begun, Ended, Entry, Shown, Spoken
from sentric_analyzer.dialects.reading.memory import Memory, resembles
from sentric_analyzer.dialects.reading.voices import Voices
from sentric_analyzer.dialects.values import LONGEST_TIME

COUNTED = (1 << 20) - 1
"""Ordinal of a message without words, which says what an answer took."""


class Standing(Enum):
    """Whose dialogue it is."""

    ROOT = auto()
    """The agent the human speaks to."""
    AGENT = auto()
    """An agent that another agent called, or nobody knows who: nobody in it speaks for the human."""
    TOOL = auto()
    """A model inside a tool: what it is given is what the tool read."""


@dataclass(slots=True)
class Record:
    """What the dialogues of one run have come to.

    Attributes:
        entries: events in their order.
        calls: every call.
        task: the human's words at the beginning of the run; of one that another agent called, what it was told.
        unjudged: calls told of before the run's own model spoke: they belong to earlier runs.
        continues: what is told as the human's was said before, in another run of the trace.
    """

    entries: list[Entry] = field(default_factory=list[Entry])
    calls: list[Call] = field(default_factory=list[Call])
    task: str = ""
    unjudged: int = 0
    continues: bool = False


class Told(NamedTuple):
    """Parts that one span tells at one time.

    Attributes:
        first: ordinal of the first part among all parts of the span.
        input_tokens: that a model read for it.
        output_tokens: that it wrote.
    """

    span_id: str
    time: int
    parts: Sequence[Part]
    first: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


class _Window(NamedTuple):
    """When the calls that are told of began: from `since` on, before `until`.

    Attributes:
        answer: the model makes the calls now; else they are told of afterwards.
    """

    since: int
    until: int
    answer: bool


class Dialogue:
    """One dialogue. Its spans are given in the order in which they began and ended.

    Attributes:
        spanned: its calls that have a span, all of them before the first text is given.
        asked: when its model was asked, in order.
    """

    def __init__(self, standing: Standing, name: str, record: Record, voices: Voices) -> None:
        self.spanned = Spanned()
        self.asked: list[int] = []
        self._standing, self._name, self._record, self._voices = standing, name, record, voices
        self._memory = Memory()
        self._spoken = False
        self._heard = False
        self._asked_in_words = False
        self._latest: Call | None = None

    def hear(self, told: Told) -> None:
        """Read what the model is given, of which most was told before."""
        fresh = self._memory.unheard(told.parts)
        if not self._record.task:
            new_parts = (told.parts[index] for index in fresh)
            self._record.task = "\n".join(part.text for part in new_parts if self._is_wanted(part))
        window = _Window(0, told.time + 1, answer=False)
        for block, new in _blocks(told.parts, fresh):
            self._block(told, new, block, window)
        if told.parts:
            self._heard, self._latest = True, None
            self._asked_in_words |= bool(self.asked) and self.asked[0] <= told.time

    def say(self, told: Told, *, asked: int, again: bool) -> None:
        """Read what the model answered.

        Args:
            told: its answer.
            asked: when it was asked.
            again: an agent's answer, which is its model's last one told again.
        """
        new = [index for index, part in enumerate(told.parts) if not (again and self._memory.said(part))]
        self._memory.say(told.parts)
        self._spoken = True
        forms = {part.form for part in told.parts}
        if Form.TEXT in forms and Form.CALL not in forms:  # it has seen what came back, and the user is next
            self._latest = None
        following = bisect_right(self.asked, asked)
        until = self.asked[following] if following < len(self.asked) else LONGEST_TIME
        self._block(told, new, range(len(told.parts)), _Window(asked, until, answer=True))

    def count(self, told: Told, *, since: int) -> None:
        """Note what an answer took: with its words, or with a message of its own where it has none.

        Args:
            told: the answer.
            since: how many entries the record had before it was read.
        """
        if not told.input_tokens and not told.output_tokens:
            return
        entries = self._record.entries
        for index in range(since, len(entries)):
            entry = entries[index]
            if isinstance(entry, Spoken) and entry.author is Author.MODEL:
                entries[index] = entry._replace(input_tokens=told.input_tokens, output_tokens=told.output_tokens)
                return
        entries.insert(
            since,
            Spoken(
                time=told.time,
                span_id=told.span_id,
                ordinal=COUNTED,
                author=Author.MODEL,
                text="",
                input_tokens=told.input_tokens,
                output_tokens=told.output_tokens,
            ),
        )

    def begin(self, call: Call) -> None:
        """A call that has a span begins."""
        self._record.entries.append(Begun(call))

    def end(self, call: Call) -> None:
        """A call that has a span ends."""
        call.ended = True
        self._record.entries.append(Ended(call))
        self._memory.finish(call)
        self._latest = call

    def _block(self, told: Told, new: Sequence[int], block: range, window: _Window) -> None:
        """Read the new parts among those that belong together."""
        if not new:
            return
        parts = [told.parts[index] for index in block]
        calls = any(part.form is Form.CALL for part in parts)
        reasoning = "\n".join(part.text for part in parts if part.role is Role.MODEL and part.text) if calls else ""
        for index in new:
            part, ordinal = told.parts[index], told.first + index
            match part.form:
                case Form.CALL:
                    self._call(told, part, ordinal, reasoning, window)
                case Form.RESPONSE:
                    self._response(told, part, ordinal)
                case Form.REASONING if calls:
                    pass  # it is the calls' reasoning
                case Form.TEXT | Form.REASONING:
                    self._text(told, part, ordinal)
        if calls:
            self._explain(parts, reasoning)

    def _explain(self, parts: Sequence[Part], reasoning: str) -> None:
        """Give a reasoning that is told only afterwards to the calls it led to."""
        for part in parts:
            if call := self._memory.call_of(part):
                call.explain(reasoning)

    def _text(self, told: Told, part: Part, ordinal: int) -> None:
        if not part.text:
            return
        if part.role is Role.MODEL:
            self._message(told, part, ordinal, Author.MODEL)
        elif part.role is Role.HUMAN and self._standing is Standing.ROOT:
            self._message(told, part, ordinal, Author.USER)
        elif echo := self._memory.echoed(part.text):
            result, call = echo
            if part.text.strip() != result:
                self._observation(told, part, ordinal, Source.TOOL_RESULT, call.place)
        elif part.role is Role.TOOL:
            self._observation(told, part, ordinal, Source.TOOL_RESULT, part.name)
        elif self._standing is Standing.TOOL:
            self._observation(told, part, ordinal, Source.EXTRACT, self._name)
        elif part.role is Role.USER and (untold := self._untold(part.text)):
            self._observation(told, part, ordinal, Source.TOOL_RESULT, untold.place)
        else:
            self._message(told, part, ordinal, self._author(part))

    def _untold(self, text: str) -> Call | None:
        """The call of which a new text under the user's name may tell what came back: cut, or spelt otherwise.

        That is the latest one, if it has ended since the model was asked and nobody has told what it gave back. Where
        that was not captured, either, any text may be it.
        """
        call = self._latest
        if call is None or call.told or not self._heard or self._standing is not Standing.ROOT:
            return None
        return call if call.resultless or resembles(text, call.result or "") else None

    def _author(self, part: Part) -> Author:
        """Who wrote a text that is not a tool's. What another agent wrote is a model's, whatever its role says."""
        if self._standing is not Standing.ROOT:
            return Author.MODEL
        if part.role is not Role.USER:
            return Author.SYSTEM
        heard = self._voices.of(part.text)
        self._record.continues |= heard is not None
        return heard or Author.USER

    def _is_wanted(self, part: Part) -> bool:
        """Whether a part says what the run is for."""
        if part.form is not Form.TEXT or self._standing is Standing.TOOL:
            return False
        return part.role is Role.HUMAN or (part.role is Role.USER and self._memory.echoed(part.text) is None)

    def _message(self, told: Told, part: Part, ordinal: int, author: Author) -> None:
        last = self._record.entries[-1] if self._record.entries else None
        if author is Author.MODEL and isinstance(last, Spoken) and (last.author, last.text) == (author, part.text):
            return  # a span and a record tell of the same answer
        if author is Author.USER:
            self._record.task = self._record.task or part.text
        self._record.entries.append(Spoken(told.time, told.span_id, ordinal, author, part.text))

    def _observation(self, told: Told, part: Part, ordinal: int, source: Source, origin: str) -> None:
        self._record.entries.append(Shown(told.time, told.span_id, ordinal, source, origin, part.text))

    def _call(self, told: Told, part: Part, ordinal: int, reasoning: str, window: _Window) -> None:
        call = self.spanned.claim(part, window.since, window.until)
        if call is None and not window.answer:
            call = self._memory.named(part)
            if call is None and not self._spoken and not self._asked_in_words:
                self._record.unjudged += 1
                self._memory.hear_of(part)
                return
        if call is None:
            call = Call(told.span_id, ordinal, told.time, part.name)
            self._record.calls.append(call)
            self._record.entries.append(Begun(call))
        call.learn(part, reasoning)
        self._memory.remember(part, call)

    def _response(self, told: Told, part: Part, ordinal: int) -> None:
        call = self._memory.answered(part)
        if call is None:
            self._observation(told, part, ordinal, Source.TOOL_RESULT, self._memory.tool_of(part))
        elif not call.spanned and not call.ended:
            call.result, call.ended = part.text or None, True
            call.end_span_id, call.end_ordinal, call.end_time = told.span_id, ordinal, told.time
            self._record.entries.append(Ended(call))
            self._memory.finish(call)
        elif call.result is None and part.text:
            call.result = part.text
            self._memory.finish(call)
        elif call.told or part.text.strip() not in (call.result or ""):
            self._observation(told, part, ordinal, Source.TOOL_RESULT, call.place)
        if call is not None:
            call.told = True


def _blocks(parts: Sequence[Part], new: Sequence[int]) -> Iterator[tuple[range, Sequence[int]]]:
    """Positions of parts that belong together, and of the new ones among them, where there are some.

    Together belongs what the model said in one go; every part of another is by itself.
    """
    first = 0
    while first < len(new):
        start, end = new[first], new[first] + 1
        if parts[start].role is Role.MODEL:
            while start and parts[start - 1].role is Role.MODEL:
                start -= 1
            while end < len(parts) and parts[end].role is Role.MODEL:
                end += 1
        following = bisect_left(new, end, first)
        yield range(start, end), new[first:following]
        first = following
