"""The states of an approval: every state, and everything that can happen to it."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentric_analyzer.control.approval import Answer, Approval, Said, State, answered, cancelled, late, told
from sentric_analyzer.control.errors import ApprovalStateError, NotAnApproverError

NOW = 1_800_000_000.0
ENDED = {State.DENIED, State.EXPIRED, State.CANCELLED}


def approval(state: State = State.PENDING, *, needed: int = 1, used: bool = False, **more: Any) -> Approval:
    given: dict[str, Any] = {
        "approval_id": "a" * 32,
        "project": "shop",
        "agent_id": "a",
        "state": state,
        "tier": "medium",
        "needed": needed,
        "binding": "b" * 64,
        "requester": "key:1",
        "key_id": "1",
        "created": NOW - 10,
        "expires": NOW + 10,
        "ended": None if state is State.PENDING else NOW - 5,
        "consumed": NOW - 1 if used else None,
        "request": {"tool": "pay"},
    }
    return Approval(**given | more)


def says(who: str, said: Said = Said.APPROVE) -> Answer:
    return Answer(who, said, NOW)


EVERY = [approval(state) for state in State] + [approval(State.APPROVED, used=True)]


@pytest.mark.parametrize("before", EVERY, ids=told)
@pytest.mark.parametrize("said", Said)
def test_what_is_not_pending_takes_no_answer(before: Approval, said: Said) -> None:
    if before.state is State.PENDING:
        after = answered(before, says("person:ann", said), use_seconds=60.0)
        wanted = {Said.APPROVE: (State.APPROVED, NOW + 60.0), Said.DENY: (State.DENIED, NOW + 10)}[said]
        assert (after.state, after.expires, after.ended) == (*wanted, NOW)
        assert after.answers == (says("person:ann", said),)
        return
    with pytest.raises(ApprovalStateError, match=f"is {told(before)}: it can no longer be answered"):
        answered(before, says("person:ann", said), use_seconds=60.0)


@pytest.mark.parametrize("before", EVERY, ids=told)
def test_what_is_open_can_be_withdrawn_and_its_time_can_pass(before: Approval) -> None:
    is_open = before.state not in ENDED and before.consumed is None
    assert before.is_open == is_open
    for now in (NOW, NOW + 9.999, NOW + 10, NOW + 1e9):
        assert before.is_late(now) == (is_open and now >= NOW + 10)
    if not is_open:
        with pytest.raises(ApprovalStateError, match="nothing is left to cancel"):
            cancelled(before, NOW)
        return
    assert (cancelled(before, NOW).state, cancelled(before, NOW).ended) == (State.CANCELLED, NOW)
    # The end of what was approved is when it was; of what nobody answered, when its time was over.
    assert (late(before).state, late(before).ended) == (State.EXPIRED, before.ended or before.expires)


@pytest.mark.parametrize("said", Said)
@pytest.mark.parametrize("who", ["key:1", "person:ann"])
def test_nobody_answers_their_own_question(said: Said, who: str) -> None:
    requester = "person:ann" if who == "person:ann" else "person:bob"
    with pytest.raises(NotAnApproverError, match="nobody approves their own request"):
        answered(approval(requester=requester), says(who, said), use_seconds=1.0)


def test_a_second_answer_of_the_same_person_is_none() -> None:
    once = answered(approval(needed=2), says("person:ann"), use_seconds=1.0)
    assert (once.state, once.ended, once.expires) == (State.PENDING, None, NOW + 10)
    for said in Said:
        with pytest.raises(NotAnApproverError, match="you have approved it already"):
            answered(once, says("person:ann", said), use_seconds=1.0)
    assert answered(once, says("person:bob", Said.DENY), use_seconds=1.0).state is State.DENIED


def test_keys_of_nobody_are_one_person_together() -> None:
    after = approval(needed=2)
    for who in ("key:2", "key:3", "key:4"):
        after = answered(after, says(who), use_seconds=1.0)
        assert after.state is State.PENDING
    assert answered(after, says("person:ann"), use_seconds=1.0).state is State.APPROVED


_WHO = st.sampled_from(["person:ann", "person:bob", "person:eve", "key:1", "key:2", "key:3"])
_EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("answer"), _WHO, st.sampled_from(Said)),
        st.tuples(st.sampled_from(["cancel", "use", "late"]), st.none(), st.none()),
    ),
    max_size=12,
)


def _next(now: Approval, event: Any) -> Approval:
    """The approval after an event; the same where it is refused."""
    what, who, said = event
    try:
        match what:
            case "answer":
                return answered(now, says(who, said), use_seconds=10.0)
            case "cancel":
                return cancelled(now, NOW)
            case "late":
                return late(now) if now.is_late(NOW + 100) else now
            case _:
                usable = now.state is State.APPROVED and now.consumed is None
                return replace(now, consumed=NOW) if usable else now
    except (ApprovalStateError, NotAnApproverError):
        return now


@settings(max_examples=150, deadline=None)
@given(_EVENTS, st.integers(1, 3), _WHO)
def test_whatever_happens_in_whatever_order(events: list[Any], needed: int, requester: str) -> None:
    now = approval(needed=needed, requester=requester)
    for event in events:
        before, now = now, _next(now, event)
        assert before.is_open or now == before
        names = [one.approver for one in now.answers]
        people = {one.approver if one.approver.startswith("person:") else "" for one in now.answers}
        denials = [one for one in now.answers if one.said is Said.DENY]
        assert len(names) == len(set(names))
        assert requester not in names
        assert (now.ended is None) == (now.state is State.PENDING)
        if now.state in (State.PENDING, State.APPROVED):
            assert not denials
            assert (len(people) == needed) == (now.state is State.APPROVED)
        assert (now.state is State.DENIED) == bool(denials)
        assert now.consumed is None or now.state is State.APPROVED
