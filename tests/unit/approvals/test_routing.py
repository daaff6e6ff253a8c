"""The first route that is for an approval is taken."""

from typing import Any

import pytest

from sentric.policy.rule import Severity
from sentric_analyzer.approvals.configuration import Route, Step
from sentric_analyzer.approvals.routing import route_of
from sentric_analyzer.control.approval import Approval, State

STEPS = (Step("chat", None),)


def approval(**more: Any) -> Approval:
    known: dict[str, Any] = {
        "approval_id": "a" * 32,
        "project": "shop",
        "agent_id": "clerk",
        "state": State.PENDING,
        "tier": "high",
        "needed": 1,
        "binding": "",
        "requester": "key:k",
        "key_id": "k",
        "created": 0.0,
        "expires": 300.0,
        "request": {"risk": 60, "rules": [{"id": "payment-new-vendor"}, {"id": "secrets-in-page"}]},
    }
    return Approval(**{**known, **more})


@pytest.mark.parametrize(
    ("route", "is_taken"),
    [
        (Route(steps=STEPS), True),
        (Route(steps=STEPS, projects=("shop",)), True),
        (Route(steps=STEPS, projects=("bank", "sh*")), True),
        (Route(steps=STEPS, projects=("Shop",)), False),
        (Route(steps=STEPS, tier=Severity.MEDIUM), True),
        (Route(steps=STEPS, tier=Severity.HIGH), True),
        (Route(steps=STEPS, tier=Severity.CRITICAL), False),
        (Route(steps=STEPS, risk=60), True),
        (Route(steps=STEPS, risk=61), False),
        (Route(steps=STEPS, rules=("payment-*",)), True),
        (Route(steps=STEPS, rules=("infra-*",)), False),
        (Route(steps=STEPS, projects=("shop",), tier=Severity.HIGH, risk=1, rules=("secrets-*",)), True),
        (Route(steps=STEPS, projects=("shop",), tier=Severity.HIGH, risk=1, rules=("other-*",)), False),
    ],
)
def test_a_route_is_for_an_approval_of_which_all_its_conditions_are_true(route: Route, is_taken: bool) -> None:
    assert route_of(approval(), [route]) is (route if is_taken else None)


def test_the_first_is_taken() -> None:
    last, of_bank = Route(steps=STEPS), Route(steps=STEPS, projects=("bank",))
    first = Route(steps=STEPS, projects=("shop",))
    assert route_of(approval(), [of_bank, first, last]) is first
    assert route_of(approval(project="other"), [of_bank, first, last]) is last
    assert route_of(approval(), []) is None


def test_a_request_that_says_nothing_is_of_no_risk_and_no_rule() -> None:
    bare = approval(request={})
    assert route_of(bare, [Route(steps=STEPS, risk=1)]) is None
    assert route_of(bare, [Route(steps=STEPS, rules=("*",))]) is None


def test_a_tier_that_is_not_known_counts_as_the_highest() -> None:
    route = Route(steps=STEPS, tier=Severity.CRITICAL)
    assert route_of(approval(tier="apocalyptic"), [route]) is route
