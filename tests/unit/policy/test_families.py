"""A family that raises leaves its rules undecided: they count as matched and say so, and all others go on."""

from collections.abc import Callable
from typing import Any

import pytest

from sentric.events import Action, Author, Kind, Message, Observation, Outcome, Run, Source
from sentric.policy.engine import Engine, replay
from sentric.policy.families import NO_FAILURES, Families
from sentric.policy.rule import Decision, Policy, Rule, Scope, Severity, Tuning
from sentric.policy.signals.family import Family, variables
from sentric.policy.signals.injection import Injection
from sentric.policy.signals.origin import Origin, OriginFacts
from sentric.policy.signals.registry import FAMILIES
from sentric.policy.verdict import Basis, Verdict

SECRET = "hunter2-in-the-text"
SEEN = Observation(sequence=1, source=Source.PAGE, origin="https://a.test/", text="hello")
SAID = Message(sequence=1, author=Author.MODEL, text="hello")
ACTS = Action(sequence=2, span_id="s", tool="open", kind=Kind.NAVIGATE, url="http://a.test/")
ENDS = Outcome(sequence=3, action_id=ACTS.event_id, result="done")


def rule(name: str, when: str, on: tuple[Any, ...] = (Scope.ACTION,)) -> Rule:
    return Rule(
        id=name, title=name, severity=Severity.HIGH, decision=Decision.BLOCK, risk=10, category="test", on=on, when=when
    )


POLICY = Policy(
    (
        rule("of-origin", "signals.private_network"),
        rule("of-two", "signals.private_network || signals.tool_changed"),
        rule("of-another", "signals.tool_changed"),
        rule("of-none", "action.tool == 'open'"),
        rule("of-page", "signals.instruction_text", (Scope.OBSERVATION,)),
    )
)


@pytest.fixture
def raising(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes a family raise when it is asked about the first event, and answer when it is asked again."""

    def make(family: type[Family[Any]], method: str) -> None:
        answer, asked = getattr(family, method), list[object]()

        def fail(self: Any, *about: Any) -> Any:
            asked.append(about)
            if len(asked) == 1:
                raise ValueError(SECRET)
            return answer(self, *about)

        monkeypatch.setattr(family, method, fail)

    return make


def engine() -> Engine:
    return Engine(POLICY, project="p", run_id="r")


def failed(verdict: Verdict) -> dict[str, str]:
    return {match.rule.id: match.error for match in verdict.matches if match.basis is Basis.FAILURE}


def test_each_family_states_its_facts_in_the_order_of_the_registry() -> None:
    families = Families(Tuning())
    assert [type(family) for family in families] == list(FAMILIES)
    for stated in (families.message(SAID), families.observation(SEEN), families.action(ACTS)):
        assert [type(facts) for facts in stated] == [family.facts for family in FAMILIES]
    families.outcome(ENDS, ACTS)
    assert families.failures() is NO_FAILURES


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("method", "ask"),
    [
        ("message", lambda families: families.message(SAID)),
        ("observation", lambda families: families.observation(SEEN)),
        ("action", lambda families: families.action(ACTS)),
        ("outcome", lambda families: families.outcome(ENDS, ACTS)),
    ],
)
def test_all_variables_of_a_family_that_raises_cannot_be_told(raising, family, method, ask) -> None:
    raising(family, method)
    families = Families(Tuning())
    stated = ask(families)
    if stated is not None:
        assert stated[FAMILIES.index(family)] == family.facts()
        assert len(stated) == len(FAMILIES)
    failures = families.failures()
    assert set(failures) == {f"signals.{name}" for name in variables(family.facts)}
    assert set(failures.values()) == {f"{family.__name__} failed with ValueError"}
    assert families.failures() is NO_FAILURES


def test_what_raises_has_a_name_and_not_its_words(raising) -> None:
    raising(Origin, "action")
    told = engine().check(ACTS)
    assert SECRET not in repr(told)


def test_the_rules_of_a_family_that_raises_match_and_say_so_and_others_are_judged_as_ever(raising) -> None:
    raising(Origin, "action")
    verdict = engine().check(ACTS)
    reason = "could not be evaluated: Origin failed with ValueError"
    assert failed(verdict) == {"of-origin": reason, "of-two": reason}
    assert [match.rule.id for match in verdict.matches] == ["of-origin", "of-two", "of-none"]
    assert verdict.decision is Decision.BLOCK


def test_the_next_event_that_is_judged_answers_for_one_that_is_not(raising) -> None:
    raising(Origin, "message")
    live = engine()
    assert not live.observe(Message(sequence=0, author=Author.USER, text="go")).matches
    assert set(failed(live.check(ACTS))) == {"of-origin", "of-two"}
    assert not failed(live.check(ACTS))


def test_a_family_that_raises_at_an_outcome_is_told_with_what_the_outcome_brought(raising) -> None:
    raising(Injection, "outcome")
    live = engine()
    live.check(ACTS)
    assert set(failed(live.observe(ENDS))) == {"of-page"}


def test_a_failure_while_earlier_runs_are_heard_is_told_with_the_first_event(raising) -> None:
    raising(Origin, "observation")
    live = engine()
    live.warm(Run(project="p", run_id="earlier", events=(SEEN,)))
    assert set(failed(live.check(ACTS))) == {"of-origin", "of-two"}


def test_a_replay_says_the_same_as_the_live_engine(raising) -> None:
    raising(Origin, "action")
    live = engine()
    run = Run(project="p", run_id="r", events=(SEEN, ACTS, ENDS))
    told = [found for event in run.events for found in live.findings(live.judge(event), event)]
    raising(Origin, "action")
    assert list(replay(POLICY, run).findings) == told
    assert told


def test_what_stops_the_program_is_not_held_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> OriginFacts:
        raise KeyboardInterrupt

    monkeypatch.setattr(Origin, "action", stop)
    with pytest.raises(KeyboardInterrupt):
        engine().check(ACTS)


def test_what_families_forget_is_told_in_their_order() -> None:
    families = Families(Tuning())
    assert list(families.evicted()) == []
    first, second, *_ = families
    first.evict("values")
    second.evict("secrets")
    assert list(families.evicted()) == ["values", "secrets"]


def test_each_family_hears_that_the_earlier_runs_are_over(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(Family, "begin", lambda family: told.append(type(family).__name__))
    for family in FAMILIES:
        monkeypatch.setattr(family, "begin", Family.begin)
    families = Families(Tuning())
    told.clear()
    families.begin()
    assert told == [family.__name__ for family in FAMILIES]
