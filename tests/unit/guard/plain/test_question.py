from collections.abc import Callable
from typing import Any

import pytest

import sentric
from fixtures.pipeline import Pipeline
from sentric import SentricError, Verdict
from support.guarding import calls


def test_a_plain_allow(enforced: None) -> None:
    verdict = sentric.evaluate(action="read", arguments={"path": "a"})
    assert verdict == Verdict(allowed=True, decision="allow")
    assert verdict


@pytest.mark.parametrize(
    ("tool", "decision", "rule", "reason"),
    [
        ("erase", "block", "block-erase", "The security policy does not allow it: The word erase (block-erase)."),
        ("wire", "ask", "ask-wire", "A person has to approve it, and nobody can be asked now."),
    ],
)
async def test_a_refusal(tool: str, decision: Any, rule: str, reason: str, enforced: None, pipeline: Pipeline) -> None:
    expected = Verdict(allowed=False, decision=decision, reason=reason, risk=10, rules=(rule,))
    assert sentric.evaluate(action=tool) == await sentric.aevaluate(action=tool) == expected
    assert not expected
    assert [name for name, refused in calls(pipeline) if refused] == [tool, tool]


def test_a_warning_is_allowed_and_says_of_what(enforced: None) -> None:
    expected = Verdict(allowed=True, decision="warn", reason="The word peek (warn-peek)", risk=10, rules=("warn-peek",))
    assert sentric.evaluate(action="peek") == expected


def test_where_nothing_is_enforced_it_says_what_would_be(guarded: Callable[..., None]) -> None:
    guarded("observe")
    expected = Verdict(
        allowed=True, decision="block", reason="The word erase (block-erase)", risk=10, rules=("block-erase",)
    )
    assert sentric.evaluate(action="erase") == expected


def test_an_agent_that_keeps_trying_is_shut_down_by_its_id(enforced: None) -> None:
    for _ in range(3):
        last = sentric.evaluate(action="erase", agent_id="a-1")
    assert last.final
    shut = sentric.evaluate(action="read", agent_id="a-1", agent="another")
    assert (shut.allowed, shut.decision, shut.final) == (False, "block", True)
    assert sentric.evaluate(action="read", agent_id="a-2").allowed


def test_it_is_asked_in_the_run_the_code_is_in_unless_that_is_of_another_agent(
    enforced: None, pipeline: Pipeline
) -> None:
    with sentric.run(agent="shopper", agent_id="a-1"):
        sentric.evaluate(action="read", agent_id="a-1")
        sentric.evaluate(action="read")
        sentric.evaluate(action="read", agent_id="a-2")
    ids = [span.attributes["sentric.run.id"] for span in pipeline.spans]
    assert ids[0] == ids[1] == ids[3] != ids[2]


def test_what_cannot_be_decided_is_not_allowed(enforced: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("sentric.guard.process.gate", broken)
    verdict = sentric.evaluate(action="read")
    assert (verdict.allowed, verdict.decision, verdict.reason) == (
        False,
        "block",
        "Whether it may be done could not be decided.",
    )


@pytest.mark.parametrize("stated", [{"action": ""}, {"action": "x", "arguments": 3}, {"action": "x", "agent_id": 3}])
def test_what_is_no_question_is_said(stated: Any, enforced: None) -> None:
    with pytest.raises(SentricError):
        sentric.evaluate(**stated)
