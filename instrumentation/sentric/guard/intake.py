"""The front door: every text of a running agent is redacted here, then cut to what a span may carry."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from sentric import semconv
from sentric.events import Element, JsonValue, Reasoning
from sentric.guard import judgement
from sentric.guard.bounded import ARGUMENTS_LIMIT, MARGIN, Bounded
from sentric.settings import Settings
from sentric.tracing.limits import FIELD_LIMIT, NAME_LIMIT, URL_LIMIT, cut, fit, plain

_REASONING = (
    semconv.SENTRIC_REASONING_THINKING,
    semconv.SENTRIC_REASONING_EVALUATION,
    semconv.SENTRIC_REASONING_MEMORY,
    semconv.SENTRIC_REASONING_NEXT_GOAL,
)
CONTENT = "content"
"""Kind of the fingerprints that stand for what is no secret, but is not captured."""
NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Arguments:
    """Arguments after redaction, as they are judged and as they may leave."""

    judged: dict[str, JsonValue]
    """What the rules see."""
    cut: bool
    """Even that is not all of them."""
    carried: dict[str, JsonValue]
    """What the span carries."""
    encoded: str
    """The same as JSON."""
    carried_cut: bool
    """It is less than was given."""


NO_ARGUMENTS = Arguments({}, cut=False, carried={}, encoded="{}", carried_cut=False)


class Intake:
    """Redacts and cuts for one run. Redaction goes first, so that no secret is cut in half and missed."""

    def __init__(self, settings: Settings) -> None:
        self._redactor = judgement.redactor(settings)
        self._text_limit = settings.text_limit

    def add_secrets(self, secrets: Mapping[str, str]) -> None:
        """Redact these values from now on; each with its kind."""
        for value, kind in secrets.items():
            self._redactor.add_secret(value, kind)

    def text(self, text: str, limit: int) -> tuple[str, bool]:
        """A text as it may leave, and whether it was cut."""
        if not text:
            return "", False
        redacted = self._redactor.text(text[: 2 * limit])
        kept = cut(redacted, limit)
        return kept, len(kept) < len(redacted) or len(text) > 2 * limit

    def arguments(
        self, given: Mapping[str, object], secret: str = "", stand_ins: Mapping[str, str] = NOTHING
    ) -> Arguments:
        """Arguments as they are judged, and what of them may leave.

        Args:
            given: as the agent gives them.
            secret: kind of secret that each text among them is; "" where they are ordinary.
            stand_ins: placeholders that the framework fills in later, each with its secret; they become fingerprints.
        """
        if stand_ins:
            marks = {mark: self._redactor.fingerprint(value) for mark, value in stand_ins.items()}
            given = {name: _filled_in(value, marks) for name, value in given.items()}
        if secret:
            given = {name: self._as_secret(value, secret) for name, value in given.items()}
        judged, cut = self._redacted(given)
        kept = cast("dict[str, JsonValue]", plain(judged, 2 * self._text_limit))
        carried, encoded, fitted = fit(kept, self._text_limit)
        return Arguments(judged, cut, carried, encoded, carried_cut=cut or fitted or kept != judged)

    def _redacted(self, given: Mapping[str, object]) -> tuple[dict[str, JsonValue], bool]:
        bounded = Bounded()
        redacted = self._redactor.value(bounded.value(given))
        if bounded.cut and bounded.length == ARGUMENTS_LIMIT:
            whole = Bounded(2 * ARGUMENTS_LIMIT)
            whole.value(redacted)
            redacted = Bounded(max(whole.length - MARGIN, 0)).value(redacted)
        return cast("dict[str, JsonValue]", redacted), bounded.cut

    def _as_secret(self, value: object, kind: str) -> object:
        """A text that is a secret by where it goes, even one too short to be looked for elsewhere."""
        if not isinstance(value, str):
            return value
        return cast("dict[str, JsonValue]", self._redactor.value({kind: value}))[kind]

    def fingerprint(self, value: JsonValue) -> str:
        """What stands for a value where no content is captured: the same for the same value, under the same key."""
        return self._redactor.fingerprint(json.dumps(value, sort_keys=True), CONTENT)

    def name(self, name: str) -> str:
        """A name or an id as it may leave."""
        return self.text(name, NAME_LIMIT)[0]

    def url(self, url: str) -> str:
        """A URL as it may leave."""
        return self.text(url, URL_LIMIT)[0]

    def element(self, element: Element | None) -> Element | None:
        """A page element as it may leave: everything in it is the page's own word."""
        if element is None:
            return None
        return Element(
            tag=self.text(element.tag, NAME_LIMIT)[0],
            type=self.text(element.type, NAME_LIMIT)[0],
            name=self.text(element.name, FIELD_LIMIT)[0],
            xpath=self.text(element.xpath, FIELD_LIMIT)[0],
            text=self.text(element.text, FIELD_LIMIT)[0],
            autocomplete=self.text(element.autocomplete, NAME_LIMIT)[0],
            form_action=self.url(element.form_action),
            frame_origin=self.url(element.frame_origin),
        )

    def reasoning(self, reasoning: Reasoning) -> tuple[Reasoning, set[str]]:
        """Reasoning as it may leave, and the attributes that were cut; all of it shares one limit."""
        part = self._text_limit // 8
        evaluation, memory, goal = (
            self.text(text, part) for text in (reasoning.evaluation, reasoning.memory, reasoning.next_goal)
        )
        room = self._text_limit - sum(len(text) for text, _ in (evaluation, memory, goal))
        thinking = self.text(reasoning.thinking, room)
        whole = Reasoning(thinking[0], evaluation[0], memory[0], goal[0])
        return whole, {
            name for name, (_, was_cut) in zip(_REASONING, (thinking, evaluation, memory, goal), strict=True) if was_cut
        }


def _filled_in(value: object, marks: Mapping[str, str]) -> object:
    """A text with fingerprints where placeholders were; frameworks put those into texts, not into what holds them."""
    if isinstance(value, str):
        for mark, fingerprint in marks.items():
            value = value.replace(mark, fingerprint)
    return value
