"""Attempts to reach people as the control store keeps them: each step once, whoever takes it."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sentric_analyzer.control.approval import Approval, Said, State
from sentric_analyzer.control.attempt import Attempt, AttemptState
from sentric_analyzer.control.attempts import LATELY, LONGEST_DETAIL, LONGEST_REFERENCE, MOST_OF_AGENT, MOST_OF_KEY
from sentric_analyzer.control.changes import Change
from sentric_analyzer.control.errors import ApprovalStateError, NotAnApproverError, UnknownAttemptError
from sentric_analyzer.control.kept_decisions import KEPT
from sentric_analyzer.control.people import Role
from sentric_analyzer.control.store import ControlStore
from support.deciding import Clock, asked, decider, grant, policy


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(control_url: str, clock: Clock) -> Iterator[ControlStore]:
    with ControlStore.open(control_url, clock=clock) as opened:
        opened.people.add("ann", Role.APPROVER, actor="local")
        opened.people.add("bob", Role.APPROVER, actor="local")
        yield opened


def approval(
    store: ControlStore,
    action: str = "ask",
    agent: str = "clerk",
    arguments: dict[str, Any] | None = None,
    **more: Any,
) -> Approval:
    wish = asked(agent, action, arguments=arguments or {})
    decided = decider(store, policy()).decide(wish, project="shop", by=grant(**more))
    return store.approvals.find(decided.answer["approval_id"], projects=None)


def begun(store: ControlStore, of: Approval, step: int = 0, person: str = "ann", wait: float | None = 60.0) -> Attempt:
    attempt = store.attempts.begin(of, step, channel="chat", person=person, wait=wait)
    assert attempt is not None
    return attempt


def told(store: ControlStore, subject: str) -> list[str]:
    return [
        record.what for record in store.changes.records(subject=subject) if not record.what.startswith("approval.ask")
    ]


def test_an_attempt_goes_its_way_and_the_audit_tells_of_it(store: ControlStore, clock: Clock) -> None:
    outcomes = list[tuple[str, AttemptState]]()
    store.attempts.on_outcome = lambda channel, outcome: outcomes.append((channel, outcome))
    of, ann = approval(store), store.people.find("ann")
    first = begun(store, of)
    assert (first.state, first.person, first.due) == (AttemptState.BEGUN, ann.person_id, clock.now + 60)
    clock.now += 1
    sent = store.attempts.sent(first.attempt_id, "ref-1")
    assert sent
    assert (sent.state, sent.sent, sent.reference) == (AttemptState.SENT, clock.now, "ref-1")
    assert store.attempts.sent(first.attempt_id, "ref-2") is None  # it was noted before
    assert store.attempts.reached(first.attempt_id)
    assert store.attempts.reached(first.attempt_id) is None
    clock.now += 60
    overdue = store.attempts.unanswered(first.attempt_id)
    assert overdue
    assert (overdue.state, overdue.ended) == (AttemptState.UNANSWERED, clock.now)
    second = begun(store, of, 1, "bob", None)
    assert second.due == of.expires
    after = store.attempts.answer(first.attempt_id, Said.APPROVE, channel="link", note="fine")
    assert after.state is State.APPROVED
    assert (after.answers[0].approver, after.answers[0].channel) == (f"person:{ann.person_id}", "link")
    assert store.attempts.withdraw(second.attempt_id, "it was approved")
    assert store.attempts.withdraw(second.attempt_id, "it was approved") is None
    assert [(one.step, one.state) for one in store.attempts.of(of.approval_id)] == [
        (0, AttemptState.ANSWERED),
        (1, AttemptState.WITHDRAWN),
    ]
    assert told(store, of.approval_id) == [
        "approval.attempt",
        "approval.sent",
        "approval.reached",
        "approval.unanswered",
        "approval.attempt",
        "approval.approve",
        "approval.withdrawn",
    ]
    assert outcomes == [
        ("chat", AttemptState.SENT),
        ("chat", AttemptState.REACHED),
        ("chat", AttemptState.UNANSWERED),
        ("chat", AttemptState.ANSWERED),
        ("chat", AttemptState.WITHDRAWN),
    ]
    said = json.loads(store.changes.records(what="approval.withdrawn")[0].detail)
    assert said == {
        "agent_id": "clerk",
        "attempt": second.attempt_id,
        "channel": "chat",
        "person": second.person,
        "step": 1,
        "why": "it was approved",
    }


def test_of_many_who_take_a_step_one_does(store: ControlStore, control_url: str) -> None:
    of = approval(store)
    with ControlStore.open(control_url, clock=store.changes.clock) as elsewhere, ThreadPoolExecutor(6) as pool:
        stores = (store, elsewhere) * 3
        taken = pool.map(lambda at: at.attempts.begin(of, 0, channel="chat", person="ann", wait=9.0), stores)
        assert len([one for one in taken if one]) == 1
    assert len(store.attempts.of(of.approval_id)) == 1


def test_no_step_is_taken_after_the_end(store: ControlStore, clock: Clock) -> None:
    denied, expired = approval(store), approval(store, agent="other")
    store.approvals.answer(denied.approval_id, Said.DENY, approver="key:x", actor="key:x")
    assert store.attempts.begin(denied, 0, channel="chat", person="ann", wait=None) is None
    clock.now = expired.expires
    assert store.attempts.begin(expired, 0, channel="chat", person="ann", wait=None) is None
    assert store.attempts.of(denied.approval_id) == store.attempts.of(expired.approval_id) == []


def test_who_may_not_answer_is_not_asked(store: ControlStore) -> None:
    store.people.add("vic", Role.VIEWER, actor="local")
    gone = store.people.add("gus", Role.APPROVER, actor="local")
    store.people.remove("gus", actor="local")
    ann = store.people.find("ann").person_id
    of = approval(store, "ask_two", person=ann)
    store.approvals.answer(
        of.approval_id, Said.APPROVE, approver=f"person:{store.people.find('bob').person_id}", actor="x"
    )
    assert gone.person_id
    for step, (person, why) in enumerate(
        {
            "nobody": "there is nobody 'nobody': `sentric people add` adds somebody",
            "vic": "'vic' is a viewer: `sentric people role` lets them approve",
            "gus": "'gus' was removed: name somebody else",
            "ann": "'ann' has asked for it: somebody else must answer",
            "bob": "'bob' has answered already: somebody else must, too",
        }.items()
    ):
        attempt = begun(store, of, step, person)
        assert (attempt.state, attempt.detail) == (AttemptState.FAILED, why)
    assert told(store, of.approval_id)[-2:] == ["approval.attempt", "approval.failed"]


def test_an_answer_counts_only_while_the_person_may_give_it(store: ControlStore, clock: Clock) -> None:
    of = approval(store)
    first = begun(store, of)
    store.people.set_role("ann", Role.VIEWER, actor="local")
    with pytest.raises(NotAnApproverError, match="'ann' is a viewer"):
        store.attempts.answer(first.attempt_id, Said.APPROVE, channel="phone")
    second = begun(store, of, 1, "bob")
    store.attempts.failed(second.attempt_id, "busy")
    with pytest.raises(ApprovalStateError, match="is failed"):
        store.attempts.answer(second.attempt_id, Said.APPROVE, channel="phone")
    with pytest.raises(UnknownAttemptError):
        store.attempts.answer("0" * 32, Said.APPROVE, channel="phone")
    third = begun(store, of, 2, "bob")
    clock.now = of.expires
    with pytest.raises(ApprovalStateError, match="has expired"):
        store.attempts.answer(third.attempt_id, Said.APPROVE, channel="phone")
    assert store.approvals.find(of.approval_id, projects=None).state is State.EXPIRED


def test_where_what_goes_with_it_fails_nothing_was_answered(store: ControlStore) -> None:
    of = approval(store)
    attempt = begun(store, of)

    def refuse(change: Change) -> None:
        raise ApprovalStateError("the link was used")

    with pytest.raises(ApprovalStateError, match="the link was used"):
        store.attempts.answer(attempt.attempt_id, Said.APPROVE, channel="link", also=refuse)
    assert store.approvals.find(of.approval_id, projects=None).answers == ()
    assert store.attempts.find(attempt.attempt_id).state is AttemptState.BEGUN


def test_two_answers_at_once_are_one(store: ControlStore) -> None:
    of = approval(store)
    ids = [begun(store, of, 0).attempt_id, begun(store, of, 1, "bob").attempt_id] * 2

    def answer(attempt_id: str) -> bool:
        try:
            store.attempts.answer(attempt_id, Said.APPROVE, channel="link")
        except (ApprovalStateError, NotAnApproverError):
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(answer, ids)) == 1
    assert len(store.approvals.find(of.approval_id, projects=None).answers) == 1


def test_what_channels_say_is_kept_in_bounds(store: ControlStore) -> None:
    first, second = approval(store), approval(store, agent="other")
    failed = store.attempts.failed(begun(store, first).attempt_id, "no\x00\n\x1b[31m" + "x" * 100_000)
    assert failed
    assert len(failed.detail) == LONGEST_DETAIL
    assert failed.detail.startswith("no� �[31mxx")
    sent = store.attempts.sent(begun(store, second).attempt_id, "r" * (LONGEST_REFERENCE + 1))
    assert sent
    assert (sent.state, sent.reference) == (AttemptState.SENT, "")


def test_what_is_told_late_changes_no_end(store: ControlStore) -> None:
    of = approval(store)
    attempt = begun(store, of)
    assert store.attempts.withdraw(attempt.attempt_id, "it was denied")
    late = store.attempts.sent(attempt.attempt_id, "ref")
    assert late
    assert (late.state, late.reference) == (AttemptState.WITHDRAWN, "ref")
    for move in (store.attempts.failed, store.attempts.unanswered, store.attempts.withdraw):
        assert move(attempt.attempt_id, "why") is None
    assert store.attempts.reached(attempt.attempt_id) is None


def test_those_that_are_not_settled_are_known(store: ControlStore) -> None:
    pending, answered, settled = approval(store), approval(store, agent="b"), approval(store, agent="c")
    begun(store, answered)
    store.approvals.answer(answered.approval_id, Said.DENY, approver="key:x", actor="key:x")
    store.approvals.answer(settled.approval_id, Said.DENY, approver="key:x", actor="key:x")
    assert sorted(store.attempts.unsettled()) == sorted([pending.approval_id, answered.approval_id])


def test_attempts_and_links_are_forgotten_with_their_approval(store: ControlStore, clock: Clock) -> None:
    of = approval(store)
    attempt = begun(store, of)
    store.links.add("0" * 64, attempt.attempt_id, expires=of.expires)
    store.approvals.answer(of.approval_id, Said.DENY, approver="key:x", actor="key:x")
    clock.now += KEPT + 1
    assert store.approvals.forget() == 1
    assert store.attempts.of(of.approval_id) == []


def test_a_channel_is_told_of_few_questions_of_one_agent_at_once(store: ControlStore, clock: Clock) -> None:
    questions = [approval(store, agent="flooder", arguments={"number": number}) for number in range(MOST_OF_AGENT + 2)]
    told_of = [begun(store, of) for of in questions]
    assert [one.state for one in told_of] == [AttemptState.BEGUN] * MOST_OF_AGENT + [AttemptState.FAILED] * 2
    assert told_of[-1].detail == "left out: 5 questions of this agent came through this channel within 60 s, and wait"
    assert told(store, questions[-1].approval_id) == ["approval.attempt", "approval.failed"]
    assert begun(store, approval(store)).state is AttemptState.BEGUN  # others are not held up
    other = store.attempts.begin(questions[-1], 1, channel="mail", person="bob", wait=None)
    assert other
    assert other.state is AttemptState.BEGUN  # nor is another channel
    store.attempts.answer(told_of[0].attempt_id, Said.APPROVE, channel="link")
    assert begun(store, questions[-2], 1).state is AttemptState.BEGUN  # who answers has room for the next
    assert begun(store, questions[-2], 2).state is AttemptState.FAILED
    clock.now += LATELY
    assert begun(store, questions[-2], 3).state is AttemptState.BEGUN


def test_nor_of_many_questions_of_agents_with_one_key(store: ControlStore) -> None:
    told_of = [begun(store, approval(store, agent=f"agent-{number}")) for number in range(MOST_OF_KEY + 1)]
    assert {one.state for one in told_of[:-1]} == {AttemptState.BEGUN}
    assert told_of[-1].detail == (
        "left out: 20 questions of agents with this key came through this channel within 60 s, and wait"
    )
    assert begun(store, approval(store, agent="other", key_id="1" * 12)).state is AttemptState.BEGUN
