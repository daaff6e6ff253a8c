"""The front door: nothing leaves the dialects before its secrets are replaced by fingerprints."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import accumulate

from sentric.events import Action, AnyEvent, Element, JsonValue, Message, Observation, Outcome, Reasoning, Run
from sentric.redaction import Redactor


def redacted(run: Run, redactor: Redactor) -> Run:
    """A run without secrets.

    A secret may be told without any sign of what it is before it is told with one. So where the first pass found
    something, a second one replaces it everywhere.

    Args:
        run: as it was sent.
        redactor: remembers what it found; not shared with other traces.
    """
    found = _Pass(redactor).run(run)
    return found if found == run else _Pass(redactor).run(run)


class _Pass:
    """One pass. A text that stands in many places (a reasoning, a tool's name) is looked at once."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._known: dict[str, str] = {"": ""}

    def run(self, run: Run) -> Run:
        self._know_clean(set(_texts(run)))
        return replace(
            run,
            agent=self._text(run.agent),
            agent_id=self._text(run.agent_id),
            conversation=self._text(run.conversation),
            task=self._text(run.task),
            model=self._text(run.model),
            service=self._text(run.service),
            error=self._text(run.error),
            events=tuple(self._event(event) for event in run.events),
        )

    def _know_clean(self, texts: Iterable[str]) -> None:
        """Remember which texts have nothing to be replaced: one look at all of them is cheaper than one at each."""
        told = list(texts)
        encoded = [text.encode("utf-8", "surrogatepass") for text in told]
        starts = list(accumulate((len(text) + 1 for text in encoded), initial=0))
        suspects = set(self._redactor.suspects(b"\n".join([*encoded, b""]), starts))
        self._known |= {text: text for number, text in enumerate(told) if number not in suspects}

    def _text(self, text: str) -> str:
        if text not in self._known:
            self._known[text] = self._redactor.text(text)
        return self._known[text]

    def _object(self, stated: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        value = self._redactor.value(dict(stated)) if stated else {}
        return value if isinstance(value, dict) else {}

    def _event(self, event: AnyEvent) -> AnyEvent:
        match event:
            case Message():
                return replace(event, text=self._text(event.text))
            case Observation():
                return replace(event, origin=self._text(event.origin), text=self._text(event.text))
            case Outcome():
                return replace(event, result=self._text(event.result), error=self._text(event.error))
            case Action():
                return self._action(event)

    def _action(self, action: Action) -> Action:
        return replace(
            action,
            tool=self._text(action.tool),
            server=self._text(action.server),
            call_id=self._text(action.call_id),
            arguments=self._object(action.arguments),
            url=self._text(action.url),
            element=action.element and self._element(action.element),
            reasoning=self._reasoning(action.reasoning),
            context=self._object(action.context),
        )

    def _element(self, element: Element) -> Element:
        return Element(
            tag=self._text(element.tag),
            type=self._text(element.type),
            name=self._text(element.name),
            xpath=self._text(element.xpath),
            text=self._text(element.text),
            autocomplete=self._text(element.autocomplete),
            form_action=self._text(element.form_action),
            frame_origin=self._text(element.frame_origin),
        )

    def _reasoning(self, reasoning: Reasoning) -> Reasoning:
        return Reasoning(
            thinking=self._text(reasoning.thinking),
            evaluation=self._text(reasoning.evaluation),
            memory=self._text(reasoning.memory),
            next_goal=self._text(reasoning.next_goal),
        )


def _texts(run: Run) -> Iterator[str]:
    """The texts of a run, nearly all: one that is left out is looked at by itself."""
    for event in run.events:
        match event:
            case Message():
                yield event.text
            case Observation():
                yield event.origin
                yield event.text
            case Outcome():
                yield event.result
                yield event.error
            case Action():
                yield from (event.tool, event.call_id, event.url)
                yield from (event.reasoning.thinking, event.reasoning.evaluation)
                yield from (event.reasoning.memory, event.reasoning.next_goal)
