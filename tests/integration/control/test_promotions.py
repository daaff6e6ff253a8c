"""Rules leave the shadow one by one, and are turned back when they refuse more agents than they may."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import ANY

import pytest

from sentric.redaction import Redactor
from sentric_analyzer.control import Scope
from sentric_analyzer.control.approval import Said
from sentric_analyzer.control.approvals import Patience
from sentric_analyzer.control.errors import PolicyChangedError
from sentric_analyzer.control.incidents import TURNED_BACK
from sentric_analyzer.control.store import ControlStore
from sentric_analyzer.deciding import Decider
from sentric_analyzer.deciding.error_budgets import ErrorBudgets
from sentric_analyzer.deciding.in_force import InForce
from sentric_analyzer.deciding.promotions import Promotions, ShadowError
from sentric_analyzer.deciding.rule_changes import UnknownRuleError
from sentric_analyzer.policies import Active, ActivePolicies
from support.deciding import DOCUMENTS, KEY, Clock, asked, grant

ASK, BLOCK = "tests-ask", "tests-block"
SHADOW = {**DOCUMENTS, "policy.yaml": DOCUMENTS["policy.yaml"] + "shadow: all\n"}
BUDGETS = {
    **DOCUMENTS,
    "policy.yaml": DOCUMENTS["policy.yaml"]
    + f"error_budget:\n  '*': {{agents: 2, window: 600}}\n  {BLOCK}: {{agents: 2, window: 600}}\n",
}


@dataclass
class Service:
    """What decides, what is in force, and what watches over it, for the project `shop`."""

    store: ControlStore
    clock: Clock
    counted: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        self.store.keys.create(projects=["shop"], scopes=[Scope.DECIDE])
        active = ActivePolicies(Active.load(DOCUMENTS))
        self.in_force = InForce(self.store.policies, active)
        self.promotions = Promotions(self.store.policies, self.store.incidents, lambda: active.of_settings.documents)
        self.decider = Decider(
            self.store.decisions,
            lambda project: active.of(project).policy,
            lambda: Redactor(KEY),
            KEY,
            lambda: int(self.clock() * 1e9),
        )
        self.budgets = self.watch()

    def watch(self) -> ErrorBudgets:
        """Something that has not watched before."""
        return ErrorBudgets(
            self.store.refusals,
            self.in_force,
            self.promotions,
            lambda: [project.name for project in self.store.projects()],
            self.clock,
            lambda name, value, amount: self.counted.append(name),
        )

    def put(self, documents: dict[str, str]) -> None:
        """Put a policy in force."""
        made = self.store.policies.save("shop", documents, actor="local:ada")
        self.store.policies.activate("shop", made.version, actor="local:ada")
        self.in_force.refresh()

    def decided(self, agent: str, tool: str) -> dict[str, Any]:
        answer = self.decider.decide(asked(agent, tool), project="shop", by=grant()).answer
        self.clock.now += 1
        return answer

    def look(self) -> None:
        """One look, and what it changed is in force."""
        self.budgets.look()
        self.in_force.refresh()

    def audited(self, *what: str) -> list[tuple[str, str, str]]:
        return [(one.actor, one.what, one.subject) for one in self.store.changes.records(what=what, limit=1000)]


@pytest.fixture
def service(control_url: str) -> Iterator[Service]:
    clock = Clock()
    with ControlStore.open(control_url, clock=clock, patience=Patience(100.0, 50.0)) as store:
        yield Service(store, clock)


def test_one_rule_decides_while_the_others_are_in_shadow(service: Service) -> None:
    service.put(SHADOW)
    held = service.decided("a", "block")
    assert (held["decision"], held["allowed"], held["risk"], held["strikes"]) == ("warn", True, 0, 0)
    assert [(rule["decision"], rule["would"]) for rule in held["rules"]] == [("warn", "block")]

    known = {BLOCK: {"blocks": 3, "runs": 2}}
    version, activation = service.promotions.change("shop", [BLOCK], shadow=False, actor="person:ada", known=known)
    service.in_force.refresh()
    assert (activation.version, activation.note, activation.author) == (
        version.version,
        f"promoted: {BLOCK}",
        "person:ada",
    )
    refused = service.decided("a", "block")
    assert (refused["decision"], refused["strikes"], "would" in refused["rules"][0]) == ("block", 1, False)
    assert service.decided("a", "ask")["decision"] == "warn"
    (record,) = service.store.changes.records(what="policy.promote")
    assert (record.actor, record.subject) == ("person:ada", BLOCK)
    assert '"blocks":3' in record.detail

    service.promotions.change("shop", [BLOCK], shadow=True, actor="person:ada")
    service.in_force.refresh()
    assert service.decided("b", "block")["decision"] == "warn"
    assert service.in_force.current("shop")[1].policy.digest == service.store.policies.version("shop", 1).digest


def test_what_was_uploaded_stays_and_the_policy_of_the_settings_can_be_the_beginning(service: Service) -> None:
    service.promotions.change("shop", [ASK], shadow=True, actor="local:ada")
    made = service.store.policies.version("shop", 1)
    assert made.documents["uploaded.yaml"] == DOCUMENTS["policy.yaml"]
    assert made.documents["rules.yaml"] == DOCUMENTS["rules.yaml"]
    service.in_force.refresh()
    assert [service.decided("a", tool)["decision"] for tool in ("ask", "block")] == ["warn", "block"]


def test_a_promotion_goes_out_from_what_is_in_force_and_not_from_what_was_saved_last(service: Service) -> None:
    service.put(SHADOW)
    service.store.policies.save("shop", DOCUMENTS, actor="local:eve")  # nobody has put it in force
    version, _ = service.promotions.change("shop", [BLOCK], shadow=False, actor="local:ada")
    assert version.version == 3
    service.in_force.refresh()
    assert [service.decided("a", tool)["decision"] for tool in ("ask", "block")] == ["warn", "block"]


def test_what_cannot_be_promoted_is_refused_and_changes_nothing(service: Service) -> None:
    service.put({**SHADOW, "policy.yaml": SHADOW["policy.yaml"] + f"projects: {{shop: {{shadow: [{ASK}]}}}}\n"})
    before = service.store.changes.head()
    for rules, error, why in (
        (["no-such"], UnknownRuleError, "no rule 'no-such' is in force for project 'shop'"),
        ([BLOCK, "no-such"], UnknownRuleError, "no rule 'no-such'"),
        ([ASK], ShadowError, "the policy says of rule 'tests-ask' for project 'shop' whether it is in shadow"),
        (["risk-budget-exceeded"], UnknownRuleError, "no rule 'risk-budget-exceeded'"),
    ):
        with pytest.raises(error, match=why):
            service.promotions.change("shop", rules, shadow=False, actor="local:ada")
    with pytest.raises(ShadowError, match="is in shadow already"):
        service.promotions.change("shop", [BLOCK], shadow=True, actor="local:ada")
    with pytest.raises(PolicyChangedError, match="activation 1 of 'shop' is in force by now, not 0"):
        service.promotions.change("shop", [BLOCK], shadow=False, over=0, actor="local:ada")
    assert service.store.changes.head() == before


def test_a_rule_that_refuses_too_many_agents_is_turned_back_and_says_so(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    service.put(BUDGETS)
    for agent in ("a", "b", "a", "b"):
        assert service.decided(agent, "block")["decision"] == "block"
    service.look()
    assert service.decided("c", "block")["decision"] == "block"
    with caplog.at_level(logging.ERROR):
        service.look()
    told = (
        f"rule {BLOCK} was turned back into the shadow: it refused more than 2 agents within 600 s, which is its error "
        "budget"
    )
    assert [record.message for record in caplog.records] == [f"project shop: {told}"]
    assert service.counted == ["sentric_rules_turned_back"]
    assert service.decided("d", "block")["decision"] == "warn"
    assert service.decided("d", "ask")["decision"] == "ask"
    (incident,) = service.store.incidents.page(projects=["shop"], only_open=True, limit=9)
    assert (incident.kind, incident.summary, incident.agent_id) == (TURNED_BACK, told, "")
    assert incident.detail == {"rule": BLOCK, "allowed": 2, "window": 600, "agents": ["a", "b", "c"]}
    assert list(service.store.incidents.turned_back("shop")) == [BLOCK]
    assert service.audited("policy.turn_back") == [("sentric", "policy.turn_back", BLOCK)]
    assert service.store.policies.activations("shop", limit=1)[0].author == "sentric"
    before = service.store.changes.head()
    service.look()
    assert service.store.changes.head() == before

    service.promotions.change("shop", [BLOCK], shadow=False, actor="person:ada")  # somebody has decided anew
    service.in_force.refresh()
    service.look()
    assert service.decided("d", "block")["decision"] == "block"  # what was refused before counts no more
    assert service.store.incidents.turned_back("shop") == {}


def test_who_leaves_a_rule_in_shadow_that_was_turned_back_closes_its_incident(service: Service) -> None:
    service.put(BUDGETS)
    for agent in ("a", "b", "c"):
        service.decided(agent, "block")
    service.look()
    digest = service.in_force.current("shop")[1].digest
    service.promotions.change("shop", [BLOCK], shadow=True, actor="person:ada")
    service.in_force.refresh()
    assert service.in_force.current("shop")[1].digest == digest
    assert service.store.incidents.page(projects=["shop"], only_open=True, limit=9) == []
    assert service.audited("policy.shadow", "incident.close")[0] == ("person:ada", "incident.close", ANY)
    with pytest.raises(ShadowError, match="is in shadow already"):
        service.promotions.change("shop", [BLOCK], shadow=True, actor="person:ada")


def test_one_agent_can_try_as_often_as_it_likes(service: Service) -> None:
    service.put(BUDGETS)
    for _ in range(3):
        for _ in range(20):
            service.decided("loud", "block")
        service.look()
    assert service.in_force.current("shop")[0] == service.store.policies.activations("shop", limit=1)[0]
    assert service.audited("policy.turn_back") == []


def test_what_is_outside_the_window_is_forgotten(service: Service) -> None:
    service.put(BUDGETS)
    for agent in ("a", "b", "c", "d"):
        service.decided(agent, "block")
        service.look()
        service.clock.now += 300
    assert service.audited("policy.turn_back") == []
    service.decided("e", "block")
    service.decided("f", "block")
    service.look()
    assert service.audited("policy.turn_back") == [("sentric", "policy.turn_back", BLOCK)]


def test_a_severe_rule_that_only_a_pattern_fits_is_never_turned_back(service: Service) -> None:
    named = {**BUDGETS, "policy.yaml": DOCUMENTS["policy.yaml"] + "error_budget: {'tests-*': {agents: 1}}\n"}
    service.put(named)
    for number in range(6):
        service.decided(f"agent-{number}", "block")
    service.look()
    assert service.audited("policy.turn_back") == []


def test_a_question_that_nobody_answers_counts_and_one_that_is_answered_does_not(service: Service) -> None:
    service.put(BUDGETS)
    for said in (Said.DENY, Said.APPROVE):
        for number in range(3):
            approval_id = service.decided(f"{said}-{number}", "ask")["approval_id"]
            service.store.approvals.answer(approval_id, said, approver="person:ada", actor="person:ada")
    for agent in ("silent-1", "silent-2"):
        service.decided(agent, "ask")
    service.clock.now += 120
    service.store.approvals.expire()
    service.look()
    assert service.audited("policy.turn_back") == []
    service.decided("silent-3", "ask")
    service.clock.now += 120
    service.store.approvals.expire()
    service.look()
    assert service.audited("policy.turn_back") == [("sentric", "policy.turn_back", ASK)]


def test_after_a_restart_it_is_counted_on(service: Service) -> None:
    service.put(BUDGETS)
    for agent in ("a", "b"):
        service.decided(agent, "block")
    service.look()
    service.budgets = service.watch()
    service.decided("c", "block")
    service.look()
    assert service.audited("policy.turn_back") == [("sentric", "policy.turn_back", BLOCK)]


def test_of_two_services_one_turns_a_rule_back(service: Service) -> None:
    service.put(BUDGETS)
    for agent in ("a", "b", "c"):
        service.decided(agent, "block")
    other = service.watch()
    service.budgets.look()
    other.look()  # it has not heard of it yet
    assert service.audited("policy.turn_back") == [("sentric", "policy.turn_back", BLOCK)]
    assert len(service.store.policies.activations("shop", limit=9)) == 2


def test_a_rule_that_cannot_be_turned_back_is_told_once(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    kept = BUDGETS["policy.yaml"] + f"projects: {{shop: {{override: {{{BLOCK}: {{shadow: false}}}}}}}}\n"
    service.put({**BUDGETS, "policy.yaml": kept})
    for agent in ("a", "b", "c"):
        service.decided(agent, "block")
    with caplog.at_level(logging.ERROR):
        service.look()
        service.look()
    (record,) = caplog.records
    assert "over the error budget, and cannot be turned back: tests-block: the policy says" in record.message
    assert service.counted == []
