"""What an agent hears and says between its calls: judged at once, and brought along by the next span."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

from opentelemetry.trace import Span, format_span_id

from sentric import semconv
from sentric.events import Action, Author, Message, Observation, Outcome, Reasoning, Source
from sentric.guard.calls import Offered, Seen
from sentric.guard.latest import Latest
from sentric.tracing import attributes
from sentric.tracing.attributes import CARRIED
from sentric.tracing.limits import DEFINITION_LIMIT, URL_LIMIT

if TYPE_CHECKING:
    from sentric.guard.live_run import LiveRun

THOUGHTS = 16
"""Most thoughts logged by hand that wait for the next action; the oldest is forgotten first."""
DEFINITION_READ = 65_536
"""Characters of a tool's definition that are read, to tell whether it changed."""
TOOLS_LIMIT = 1024
"""Most tools of one run whose definitions are heard."""


class Heard:
    """What one run has heard, and what of it waits for a span."""

    def __init__(self, run: "LiveRun") -> None:
        self._run = run
        self._messages: list[Message] = []
        self._observations: list[Observation] = []
        self._offered: dict[str, str] = {}
        self._cut = set[str]()
        self.latest = Latest()
        """What people are shown of what it has seen; empty where no content is captured."""
        self.thoughts: list[str] = []
        """Why the agent does what it does next."""

    def message(self, author: Author, text: str) -> None:
        """Hear a message."""
        run = self._run
        room = run.settings.text_limit - sum(len(message.text) for message in self._messages)
        if taken := self._taken(text, max(room, 0), semconv.SENTRIC_MESSAGES):
            message, verdict = run.judge(partial(Message, time=run.clock(), author=author, text=taken))
            self._messages.append(message)
            run.report(verdict, run.span, {semconv.SENTRIC_SEQUENCE: message.sequence})

    def think(self, text: str) -> None:
        """Hear a thought."""
        self.thoughts = [*self.thoughts, text][-THOUGHTS:]

    def observe(self, seen: Seen) -> None:
        """Hear what came into the model's view."""
        room = self._run.settings.page_limit - _length(self._observations)
        if room > 0:
            self._observations.append(self._observed(seen, room))
        else:
            self._cut.add(semconv.SENTRIC_OBSERVATIONS)

    def remember(self, seen: Observation) -> None:
        """Keep what came into the model's view for people who are asked about what it leads to."""
        if self._run.content:
            self.latest.add(seen)

    def remember_outcome(self, outcome: Outcome, action: Action) -> None:
        """The same, of what a tool has brought."""
        if self._run.content:
            self.latest.add_outcome(outcome, action)

    def offer(self, tools: Iterable[Offered]) -> None:
        """Hear which tools the model is offered; each definition once, until it changes."""
        room = self._run.settings.text_limit - _length(self._observations, of_tools=True)
        for tool in tools:
            seen = Seen(source=Source.TOOL_DEFINITION, origin=tool.origin, text=self._shortened(tool.definition))
            if self._offered.get(tool.origin) == tool.definition or len(self._offered) >= TOOLS_LIMIT:
                continue
            if room <= 0:
                self._cut.add(semconv.SENTRIC_OBSERVATIONS)
                return
            self._offered[tool.origin] = tool.definition
            self._observations.append(self._observed(seen, min(room, DEFINITION_LIMIT)))
            room -= len(self._observations[-1].text)

    def carry(self, span: Span, seen: Sequence[Seen] = ()) -> set[str]:
        """Let a span bring along what was heard since the span before, and what is seen now.

        Returns:
            The attributes that were cut.
        """
        messages, self._messages = self._messages, []
        waiting, self._observations = self._observations, []
        first = CARRIED + len(messages) + len(waiting)
        room = self._run.settings.page_limit - _length(waiting)
        now = [self._observed(one, max(room, 0), span, first + index) for index, one in enumerate(seen)]
        if messages or waiting or now:
            span.set_attributes(attributes.carried(messages, [*waiting, *now], content=self._run.content))
        names, self._cut = self._cut, set[str]()
        return names

    def with_thoughts(self, reasoning: Reasoning) -> Reasoning:
        """An action's reasoning, with what was logged by hand about it."""
        if not self.thoughts:
            return reasoning
        thoughts, self.thoughts = self.thoughts, []
        return replace(reasoning, thinking="\n".join(filter(None, (reasoning.thinking, *thoughts))))

    def _taken(self, text: str, limit: int, name: str) -> str:
        taken, was_cut = self._run.intake.text(text, limit)
        if was_cut:
            self._cut.add(name)
        return taken

    def _shortened(self, definition: str) -> str:
        """A definition that fits; what is cut off still shows when it changes, by its digest."""
        if len(definition) <= DEFINITION_LIMIT:
            return definition
        redacted, _ = self._run.intake.text(definition, DEFINITION_READ)
        digest = sha256(redacted.encode("utf-8", "replace")).hexdigest()
        mark = f"… sha256:{digest[:16]}"
        return redacted[: DEFINITION_LIMIT - len(mark)] + mark

    def _observed(self, seen: Seen, room: int, span: Span | None = None, ordinal: int = 0) -> Observation:
        """Let the engine see a text, and send at once what it says."""
        run = self._run
        text, was_cut = run.intake.text(seen.text, room)
        if was_cut:
            self._cut.add(semconv.SENTRIC_OBSERVATIONS)
        seen_now = partial(
            Observation,
            time=run.clock(),
            span_id=format_span_id(span.get_span_context().span_id) if span else "",
            ordinal=ordinal,
            source=seen.source,
            origin=run.intake.text(seen.origin, URL_LIMIT)[0],
            text=text,
            truncated=was_cut,
        )
        observation, verdict = run.judge(seen_now)
        self.remember(observation)
        run.report(verdict, span or run.span, {semconv.SENTRIC_SEQUENCE: observation.sequence})
        return observation


def _length(observations: Iterable[Observation], *, of_tools: bool = False) -> int:
    """Characters of what was seen; definitions of tools have a limit of their own."""
    return sum(len(seen.text) for seen in observations if (seen.source is Source.TOOL_DEFINITION) is of_tools)
