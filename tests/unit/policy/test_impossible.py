from typing import Any

import pytest

from sentric.events import Action, AnyEvent, Message, Observation, Outcome, Source
from sentric.policy.impossible import fault_of, impossible
from sentric.policy.loader import load_rules
from sentric.policy.rule import SENDING, Scope, Tuning
from sentric.policy.signals.family import Facts, Family, stated_about, variables
from sentric.policy.signals.registry import FAMILIES

ACTION, OBSERVATION, MESSAGE = (Scope.ACTION,), (Scope.OBSERVATION,), (Scope.MESSAGE,)


@pytest.mark.parametrize(
    ("text", "scopes", "on", "message"),
    [
        ("action.kind == 'clik'", ACTION, ["action"], "action.kind is never 'clik': did you mean 'click'?"),
        ("'clik' != action.kind", ACTION, ["action"], "action.kind is never 'clik'"),
        ("action.kind in ['click', 'typing']", ACTION, ["action"], "action.kind is never 'typing'"),
        ("action.kind == 'click'", ACTION, ["input"], "action.kind is never 'click': use one of input"),
        ("action.kind == 'http'", ACTION, [SENDING], "action.kind is never 'http': use one of message"),
        ("'sending' in action.effects", ACTION, ["action"], "action.effects is never 'sending': did you mean 'send'?"),
        ("observation.source == 'pag'", OBSERVATION, ["observation"], "did you mean 'page'?"),
        ("message.author == 'user'", MESSAGE, ["message"], "message.author is never 'user': use one of model"),
        ("action.url.matches('(')", ACTION, ["action"], "'(' is not a regular expression: missing )"),
        ("action.url.matches(r'a(?=b)')", ACTION, ["action"], "is not a regular expression: invalid perl operator"),
        ("signals.looping", OBSERVATION, ["observation"], "signals.looping is stated about actions only"),
        ("signals.instruction_text", ACTION, ["action"], "signals.instruction_text is stated about observations only"),
    ],
)  # fmt: skip
def test_what_can_never_be_is_told(text: str, scopes: tuple[Scope, ...], on: list[str], message: str) -> None:
    ((line, found),) = impossible(text, on, scopes)
    assert line == 1
    assert message in found


@pytest.mark.parametrize(
    ("text", "scopes", "on"),
    [
        ("action.kind == 'click' || 'send' in action.effects", ACTION, ["action"]),
        ("action.kind == 'message'", ACTION, [SENDING, "http"]),
        ("action.tool == 'clik' && action.url.matches(r'^https?://')", ACTION, ["action"]),
        ("action.url.matches(action.tool)", ACTION, ["action"]),
        ("signals.looping || signals.instruction_text", (*ACTION, *OBSERVATION), ["action", "observation"]),
    ],
)
def test_what_can_be_is_left_alone(text: str, scopes: tuple[Scope, ...], on: list[str]) -> None:
    assert list(impossible(text, on, scopes)) == []


def test_the_line_is_that_of_the_word() -> None:
    ((line, _),) = impossible("run.has_task &&\n  // a comment\n  action.kind == 'clik'", ["action"], ACTION)
    assert line == 3


def test_a_pattern_that_cannot_be_encoded_is_a_fault() -> None:
    assert fault_of("\ud800") == "it holds half of a surrogate pair"
    assert fault_of("a+") == ""


def test_families_state_facts_only_about_what_they_say_they_do() -> None:
    stated = {
        (index, field): stated_about(family, field)
        for index, family in enumerate(FAMILIES)
        for field in variables(family.facts)
    }
    for rule in load_rules():
        for example in (*rule.match, *rule.no_match):
            families = [family(Tuning()) for family in FAMILIES]
            for event in example.events:
                for index, (scope, facts) in enumerate(_stated(families, event)):
                    for field in variables(type(facts)):
                        if getattr(facts, field) != getattr(type(facts)(), field):
                            assert scope in stated[index, field], (rule.id, example.name, field, scope)


def _stated(families: list[Family[Any]], event: AnyEvent) -> list[tuple[Scope, Facts]]:
    match event:
        case Action():
            return [(Scope.ACTION, family.action(event)) for family in families]
        case Observation():
            return [(Scope.OBSERVATION, family.observation(event) or family.facts()) for family in families]
        case Message():
            return [(Scope.MESSAGE, family.message(event) or family.facts()) for family in families]
        case Outcome():
            for family in families:
                family.outcome(event, None)
            text = event.result or event.error
            seen = Observation(sequence=event.sequence, source=Source.TOOL_RESULT, origin="", text=text)
            return [(Scope.OBSERVATION, family.observation(seen) or family.facts()) for family in families]
