"""The personal data that leaves at once."""

from dataclasses import dataclass
from typing import ClassVar

from sentric.events import Action, Effect, Kind
from sentric.policy.readers.actions.reading import Reading, reading
from sentric.policy.readers.values.personal_data import personal_data
from sentric.policy.rule import Scope
from sentric.policy.signals.family import Facts, Family


@dataclass(frozen=True, slots=True)
class PersonalFacts(Facts):
    """Facts about the personal data that an action sends."""

    stated_about: ClassVar[tuple[Scope, ...]] = (Scope.ACTION,)

    personal_sent: int = 0
    """Different items of personal data in what the action sends or exports, its recipients aside."""
    personal_kinds: tuple[str, ...] = ()
    """What they are: card, iban, ssn, email, phone."""
    personal_over_limit: bool = False
    """They are as many as the policy's `personal_data_limit`, or more."""


_NOTHING = PersonalFacts()
_SINKS = frozenset(
    {Kind.NAVIGATE, Kind.HTTP, Kind.SUBMIT, Kind.INPUT, Kind.UPLOAD, Kind.EXPORT, Kind.MESSAGE, Kind.SHELL}
    | {Kind.EVALUATE_SCRIPT}
)
"""Kinds that take what they are given out of the agent's hands, whatever their effects."""


class Personal(Family[PersonalFacts]):
    """Counts the personal data that leaves at once."""

    facts = PersonalFacts

    def action(self, action: Action) -> PersonalFacts:
        """Count the personal data in what an action sends."""
        if action.kind not in _SINKS and Effect.SEND not in action.effects:
            return _NOTHING
        found = _sent(reading(action))
        if not found:
            return _NOTHING
        kinds = tuple(dict.fromkeys(kind for kind, _ in found))
        return PersonalFacts(len(found), kinds, len(found) >= self.tuning.personal_data_limit)


def _sent(read: Reading) -> tuple[tuple[str, str], ...]:
    recipients = {("email", email) for email in read.goes.emails}
    found = dict.fromkeys(item for _, text in read.arguments for item in personal_data(text))
    return tuple(item for item in found if item not in recipients)
