"""The signal families of one run, asked in turn; what one of them fails to say does not pass for nothing."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, TypeAlias

from sentric.events import Action, Message, Observation, Outcome
from sentric.policy.rule import Tuning
from sentric.policy.signals.family import Facts, Family, variables
from sentric.policy.signals.registry import FAMILIES

NO_FAILURES: Mapping[str, str] = {}
_Asked: TypeAlias = "Sequence[tuple[int, Callable[..., Facts | None]]]"
"""What some families are asked by, each with its place in the registry."""
_SILENCE: tuple[Facts, ...] = tuple(family.facts() for family in FAMILIES)
"""What each family states where it has nothing to say."""


class Families:
    """The families of one run, in the order of the registry."""

    def __init__(self, tuning: Tuning) -> None:
        self._all: tuple[Family[Any], ...] = tuple(family(tuning) for family in FAMILIES)
        self._messages = self._hearing("message")
        self._observations = self._hearing("observation")
        self._actions = self._hearing("action")
        self._outcomes = self._hearing("outcome")
        self._evicted = tuple(family.evicted for family in self._all)
        self._failures: dict[str, str] = {}

    def __iter__(self) -> Iterator[Family[Any]]:
        return iter(self._all)

    def tune(self, tuning: Tuning) -> None:
        """Go on by another policy in the midst of a run."""
        for family in self._all:
            family.tune(tuning)

    def message(self, message: Message) -> tuple[Facts, ...]:
        """What each family states about a message."""
        return self._asked(self._messages, message)

    def observation(self, observation: Observation) -> tuple[Facts, ...]:
        """What each family states about a text that came into the model's view."""
        return self._asked(self._observations, observation)

    def action(self, action: Action) -> tuple[Facts, ...]:
        """What each family states about an action."""
        return self._asked(self._actions, action)

    def outcome(self, outcome: Outcome, action: Action | None) -> None:
        """Tell each family how an action ended."""
        self._asked(self._outcomes, outcome, action)

    def begin(self) -> None:
        """Tell each family that the earlier runs of the conversation are over."""
        for family in self._all:
            family.begin()

    def evicted(self) -> Iterable[str]:
        """What the families have had to forget so far."""
        return chain.from_iterable(self._evicted) if any(self._evicted) else ()

    def failures(self) -> Mapping[str, str]:
        """The variables that cannot be told since this was last asked, each with the reason.

        A family that raises is a defect of ours, or content that is made to cause one. Its facts of that event are
        the defaults, which must not pass for a no. Where the event is not judged, the next one that is answers for it.
        """
        if not self._failures:
            return NO_FAILURES
        failed, self._failures = self._failures, {}
        return failed

    def _hearing(self, method: str) -> _Asked:
        """The families that hear of one sort of event, and do not only inherit how."""
        silent = getattr(Family, method)
        hears = [
            (index, family) for index, family in enumerate(self._all) if getattr(type(family), method) is not silent
        ]
        return [(index, getattr(family, method)) for index, family in hears]

    def _asked(self, asked: _Asked, *about: object) -> tuple[Facts, ...]:
        stated = list(_SILENCE)
        for index, ask in asked:
            try:
                if (facts := ask(*about)) is not None:
                    stated[index] = facts
            except Exception as error:  # noqa: BLE001  # whatever it is, the rules that ask this family must hear of it
                self._fail(FAMILIES[index], error)
        return tuple(stated)

    def _fail(self, family: type[Family[Any]], error: Exception) -> None:
        """Note what cannot be told. The error's own text may hold what the event holds, so only its type is told."""
        reason = f"{family.__name__} failed with {type(error).__name__}"
        self._failures.update((f"signals.{name}", reason) for name in variables(family.facts))
