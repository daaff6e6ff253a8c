import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentric.events import AgentState, Score
from sentric.guard.link import LinkError
from sentric.guard.link.answer import parsed, read_answer, read_lease, read_pending, read_standing
from sentric.policy.risk import STRIKES
from sentric.policy.rule import Decision
from support.standin import decision, state

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)

patient = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_an_answer_is_read_whole() -> None:
    asked = decision(
        decision="ask",
        allowed=False,
        approval_id="cd" * 16,
        approval_state="pending",
        approval_expires="2026-01-01T00:05:00Z",
    )
    answer = read_answer(asked)
    assert (answer.decision, answer.allowed, answer.reasons) == (Decision.ASK, False, ("looks odd",))
    assert answer.before == AgentState(risk=10, strikes=1, enforced=True)
    assert (answer.cumulative_risk, answer.strikes, answer.agent_state) == (40, 1, "active")
    assert (answer.approval_id, answer.approval_state, answer.approval_seconds) == ("cd" * 16, "pending", 300.0)
    assert answer.approval_expires == "2026-01-01T00:05:00Z"


def test_an_answer_may_hold_a_score() -> None:
    assert read_answer(decision()).score is None
    assert read_answer(decision(score=None)).score is None
    score = {"risk": 80, "decision": "ask", "explanation": "Odd.", "model": "small"}
    assert read_answer(decision(score=score)).score == Score(80, Decision.ASK, "Odd.", "small")


@pytest.mark.parametrize(
    "name", [name for name in decision() if name not in ("risk", "time") and "approval" not in name]
)
def test_an_answer_without_one_of_its_fields_is_none(name: str) -> None:
    document = decision()
    del document[name]
    with pytest.raises(LinkError, match=name if name != "before" else "risk|before"):
        read_answer(document)


@pytest.mark.parametrize(
    "changed",
    [
        {"allowed": "true"},
        {"allowed": 1},
        {"allowed": None},
        {"allowed": False},
        {"decision": "block"},
        {"decision": "ask"},
        {"decision": "ALLOW"},
        {"decision": ["allow"]},
        {"decision": "approve"},
        {"decision_id": ""},
        {"decision_id": 7},
        {"reasons": "looks odd"},
        {"reasons": [1]},
        {"reasons": ["x" * 20_000]},
        {"before": None},
        {"before": {"risk": 1, "strikes": True, "stopped": ""}},
        {"before": {"risk": -1, "strikes": 0, "stopped": ""}},
        {"before": {"risk": 1, "strikes": 0, "stopped": 5}},
        {"cumulative_risk": 1.0},
        {"cumulative_risk": 1 << 60},
        {"strikes": "0"},
        {"agent_state": "fine"},
        {"approval_id": "../agents"},
        {"approval_id": 5},
        {"approval_expires": "soon"},
        {"approval_expires": "2026-01-01T00:05:00"},
        {"score": 80},
        {"score": {}},
        {"score": {"risk": 80, "decision": "warn", "explanation": "", "model": ""}},
        {"score": {"risk": 80, "decision": "block", "explanation": "", "model": ""}},
        {"score": {"risk": 101, "decision": "ask", "explanation": "", "model": ""}},
        {"score": {"risk": -1, "decision": "ask", "explanation": "", "model": ""}},
        {"score": {"risk": "80", "decision": "ask", "explanation": "", "model": ""}},
        {"score": {"risk": 80, "decision": "ask", "explanation": ["x"], "model": ""}},
        {"score": {"risk": 80, "decision": "ask", "explanation": "x" * 20_000, "model": ""}},
    ],
)
def test_an_answer_of_which_anything_is_wrong_is_none(changed: dict[str, Any]) -> None:
    with pytest.raises(LinkError, match="cannot be used"):
        read_answer(decision(**changed))


@patient
@given(name=st.sampled_from(sorted(decision())), value=JSON)
def test_whatever_stands_in_an_answer_only_what_is_allowed_is_allowed(name: str, value: Any) -> None:
    document = decision(decision="block", allowed=False) | {name: value}
    try:
        answer = read_answer(document)
    except LinkError:
        return
    assert not answer.allowed


@patient
@given(st.binary(max_size=64) | JSON.map(lambda value: json.dumps(value).encode()))
def test_whatever_is_sent_it_is_an_object_or_an_error(body: bytes) -> None:
    with suppress(ValueError):
        assert isinstance(parsed(body), dict)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"allowed":false,"allowed":true}',
        b'{"risk":NaN}',
        b'{"risk":' + b"9" * 5000 + b"}",
        b'{"a":' * 100_000,
        b"[" * 100_000,
    ],
)
def test_json_that_leaves_something_to_chance_is_none(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # of any sort
        parsed(body)


def test_what_a_guard_is_told_of_its_agent() -> None:
    told = read_standing(state(risk=20, strikes=1, policy_number=4), "buyer")
    assert told.state == AgentState(risk=20, strikes=1, enforced=True)
    assert (told.policy_number, told.policy_digest) == (4, "d1")
    assert read_standing(state(state="stopped", reason="pays twice"), "buyer").state.stopped == "pays twice"
    assert read_standing(state(state="stopped"), "buyer").state.stopped
    assert read_standing(state(state="shut_down", strikes=0), "buyer").state.strikes == STRIKES


@pytest.mark.parametrize(
    "changed", [{"agent_id": "other"}, {"state": "well"}, {"risk": True}, {"policy_digest": ""}, {"policy_number": -1}]
)
def test_a_state_of_which_anything_is_wrong_is_none(changed: dict[str, Any]) -> None:
    with pytest.raises(LinkError, match="cannot be used"):
        read_standing(state(**changed), "buyer")


def test_a_lease_is_believed_up_to_a_limit() -> None:
    assert read_lease({"lease_seconds": 3}, 60.0) == 3.0
    assert read_lease({"lease_seconds": 10**400}, 60.0) == 60.0
    for wrong in (0, -1, True, "10", None, float("nan")):
        with pytest.raises(LinkError):
            read_lease({"lease_seconds": wrong}, 60.0)


def test_an_approval_is_pending_or_it_is_not() -> None:
    assert read_pending({"approval_id": "ab", "state": "pending"}, "ab")
    assert not read_pending({"approval_id": "ab", "state": "denied"}, "ab")
    for wrong in ({"approval_id": "cd", "state": "approved"}, {"approval_id": "ab", "state": "yes"}, {}):
        with pytest.raises(LinkError):
            read_pending(wrong, "ab")
