from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from sentric.events import Action, Author, Message, Observation
from sentric.policy.rule import Scope, Tuning
from sentric.policy.signals.family import Facts, Family, stated_about


@dataclass(frozen=True, slots=True)
class CountFacts(Facts):
    stated_about: ClassVar[tuple[Scope, ...]] = (Scope.ACTION, Scope.MESSAGE)
    fields_stated_about: ClassVar[Mapping[str, tuple[Scope, ...]]] = {"seen": (Scope.OBSERVATION,)}

    count: int = 0
    seen: bool = False


class Count(Family[CountFacts]):
    facts = CountFacts

    def observation(self, observation: Observation) -> CountFacts:
        return CountFacts(seen=True)

    def action(self, action: Action) -> CountFacts:
        return CountFacts(1)


class Listener(Count):
    def message(self, message: Message) -> None:
        self.evict("messages")


class Speaker(Count):
    def message(self, message: Message) -> CountFacts | None:
        return CountFacts(2)


def test_a_family_says_what_its_facts_are_about() -> None:
    assert stated_about(Speaker, "count") == (Scope.ACTION, Scope.MESSAGE)
    assert stated_about(Speaker, "seen") == (Scope.OBSERVATION,)


def test_a_family_that_only_hears_messages_states_nothing_about_them() -> None:
    assert stated_about(Listener, "count") == (Scope.ACTION,)
    assert Count(Tuning()).message(Message(sequence=0, author=Author.MODEL, text="")) is None


def test_what_is_forgotten_is_named_once() -> None:
    family = Listener(Tuning())
    for _ in range(3):
        family.message(Message(sequence=0, author=Author.USER, text=""))
    assert tuple(family.evicted) == ("messages",)
