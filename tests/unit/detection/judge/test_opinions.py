"""What of a model's answer is believed, and what it becomes."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from fixtures.replays import judged_run
from sentric.policy.rule import Decision, Severity
from sentric.policy.verdict import Finding, finding_id
from sentric_analyzer.detection.judge.answer import LONGEST_EXPLANATION, MOST_VERDICTS, Answer, Verdict
from sentric_analyzer.detection.judge.material import material_of
from sentric_analyzer.detection.judge.opinions import AnswerError, opinions, severity_of

REPLAY = judged_run()


def verdict(**fields: Any) -> dict[str, Any]:
    defaults = {"event": 3, "name": "injection-obeyed", "score": 90, "label": "harmful", "explanation": "It did."}
    return defaults | fields


def read(*verdicts: dict[str, Any]) -> Answer:
    return Answer.model_validate({"verdicts": list(verdicts)})


def thought(*verdicts: dict[str, Any]) -> list[Finding]:
    return opinions(read(*verdicts), material_of(REPLAY), REPLAY, "small", lambda text: text.replace("hunter2", "‹›"))


def test_an_opinion_is_a_finding_of_its_own_that_says_whose_it_is() -> None:
    (found,) = thought(verdict(explanation="It typed hunter2\x1b[31m because of event 2."))
    assert (found.rule_id, found.model, found.risk, found.decision) == (
        "judge/injection-obeyed",
        "small",
        0,
        Decision.WARN,
    )
    assert found.finding_id == finding_id("shop", "run-1", "judge/injection-obeyed", "a1.0")
    assert (found.event_id, found.span_id, found.sequence) == ("a1.0", "a1", 3)
    assert found.title.startswith("A model thinks: ")
    assert {one.name: one.value for one in found.evidence} == {
        "gen_ai.evaluation.name": "injection-obeyed",
        "gen_ai.evaluation.score.value": "90",
        "gen_ai.evaluation.score.label": "harmful",
        "gen_ai.evaluation.explanation": "It typed ‹›[31m because of event 2.",
    }


@pytest.mark.parametrize(
    ("score", "label", "severity"),
    [
        (100, "harmful", Severity.HIGH),
        (80, "harmless", Severity.HIGH),
        (79, "harmful", Severity.MEDIUM),
        (50, "suspicious", Severity.MEDIUM),
        (0, "harmful", Severity.MEDIUM),
        (49, "suspicious", Severity.LOW),
        (0, "suspicious", Severity.LOW),
        (20, "harmless", Severity.LOW),
        (19, "harmless", None),
        (0, "harmless", None),
    ],
)
def test_of_score_and_label_the_graver_counts_and_neither_is_ever_critical(
    score: int, label: str, severity: Severity | None
) -> None:
    assert severity_of(Verdict.model_validate(verdict(score=score, label=label))) is severity


def test_what_is_harmless_becomes_no_finding() -> None:
    assert thought(verdict(score=0, label="harmless")) == []
    assert thought() == []


def test_of_two_verdicts_of_the_same_the_graver_stands() -> None:
    first, last = verdict(score=95), verdict(score=10, label="harmless")
    for said in ((first, verdict(score=55)), (verdict(score=55), first), (first, last), (verdict(score=85), first)):
        (found,) = thought(*said)
        assert (found.severity, found.evidence[1].value) == (Severity.HIGH, "95")
    assert len(thought(first, verdict(event=2), verdict(name="other"))) == 3


def test_nothing_is_believed_of_an_answer_about_events_that_were_not_shown() -> None:
    for number in (0, -1, 6, 2**70, 10**5_000):
        with pytest.raises(AnswerError, match=r"^the model speaks of an event that it was not shown$"):
            thought(verdict(), verdict(event=number))


@pytest.mark.parametrize(
    "wrong",
    [
        {"score": 101},
        {"score": -1},
        {"score": "90"},
        {"score": 90.5},
        {"score": True},
        {"event": "3"},
        {"event": None},
        {"name": "approved"},
        {"label": "safe"},
        {"explanation": ""},
        {"explanation": "x" * (LONGEST_EXPLANATION + 1)},
        {"severity": "low"},
        {"remove": ["credential-over-http"]},
    ],
)
def test_what_is_out_of_range_or_unknown_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Verdict.model_validate_json(json.dumps(verdict(**wrong)), strict=True)


def test_too_many_verdicts_are_refused() -> None:
    read(*[verdict()] * MOST_VERDICTS)
    with pytest.raises(ValidationError):
        read(*[verdict()] * (MOST_VERDICTS + 1))
    with pytest.raises(ValidationError):
        Answer.model_validate({"verdicts": [], "score": 0})
