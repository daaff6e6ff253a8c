from typing import Any

import pytest

from sentric.events import Action, Effect
from sentric.policy.rule import Tuning
from sentric.policy.signals.approval import APPROVALS_KEPT, Approval, ApprovalFacts, asserted_approval

PAY = frozenset({Effect.PAY})


def act(
    tool: str = "pay", effects: frozenset[Effect] = PAY, context: Any = None, server: str = "", **arguments: Any
) -> Action:
    return Action(sequence=1, tool=tool, effects=effects, arguments=arguments, context=context or {}, server=server)


def second(first: Action, other: Action) -> ApprovalFacts:
    family = Approval(Tuning())
    family.action(first)
    return family.action(other)


def test_one_approval_for_one_call_is_in_order() -> None:
    call = act(amount=5, approval_id="A-12")
    assert second(call, call) == ApprovalFacts("A-12", approval_reused=False, approval_first_use="pay")


@pytest.mark.parametrize(
    "other",
    [
        act(amount=500, approval_id="A-12"),
        act("delete", amount=5, approval_id="A-12"),
        act(amount=5, approval_id="A-12", server="other"),
        act(amount=500, context={"approval": "A-12"}),
    ],
)
def test_an_approval_for_something_else_is_told(other: Action) -> None:
    assert second(act(amount=5, approval_id="A-12"), other) == ApprovalFacts("A-12", True, "pay")


def test_the_order_of_arguments_and_where_the_approval_stands_make_no_difference() -> None:
    first = act(amount=5, to="x", approval_id="A-12")
    assert not second(first, act(to="x", amount=5, context={"approvalId": "A-12"})).approval_reused


@pytest.mark.parametrize(
    "other",
    [
        act("get_approval", frozenset({Effect.READ}), approval_id="A-12"),
        act("wait", frozenset(), approval_id="A-12"),
        act("update_approval", frozenset({Effect.WRITE}), approval_id="A-12"),
    ],
)
def test_looking_an_approval_up_does_not_use_it(other: Action) -> None:
    assert not second(act(amount=5, approval_id="A-12"), other).approval_reused
    assert not second(other, act(amount=5, approval_id="A-12")).approval_reused


@pytest.mark.parametrize("key", ["approval", "approval_number", "approvalId", "Approval-Ref", "authorization_code"])
def test_an_approval_is_known_by_many_names(key: str) -> None:
    assert asserted_approval(act(**dict[str, Any]({key: "A-12"}))) == "A-12"
    assert asserted_approval(act(context={key: 4711})) == "4711"
    assert asserted_approval(act(order={"meta": {key: "A-12"}})) == "A-12"


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"approval": "pending"},
        {"approved": "yes"},
        {"approval_id": "1"},
        {"approval_id": True},
        {"approval_note": "A-12"},
        {"approval": "A-12 " * 100},
        {"authorization": "Bearer 123"},
    ],
)
def test_what_names_no_approval_asserts_none(arguments: dict[str, Any]) -> None:
    assert Approval(Tuning()).action(act(**arguments)) == ApprovalFacts()


def test_memory_is_bounded_and_says_what_it_forgets() -> None:
    family = Approval(Tuning())
    for number in range(APPROVALS_KEPT):
        family.action(act(approval_id=f"A-{number:05}"))
    assert not family.evicted
    family.action(act(approval_id="B-1"))
    assert list(family.evicted) == ["approvals"]
    assert len(family._used) == APPROVALS_KEPT
