"""What is decided about an action, given what its agent has done and what people have said."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sentric.events import Element, Kind
from sentric.policy.loader import load_bundle
from sentric.policy.rule import Policy
from sentric_analyzer.control import Grant, decisions
from sentric_analyzer.control.approval import Said, State
from sentric_analyzer.control.approvals import MOST_PENDING, Patience
from sentric_analyzer.control.errors import ApprovalStateError, IdempotencyError, UnknownApprovalError
from sentric_analyzer.control.store import ControlStore
from sentric_analyzer.deciding import Decider
from support.deciding import DOCUMENTS, Clock, asked, decider, grant, policy
from support.history import acted_out

BY = grant()
CANARIES = {
    "a token": "ghp_" + "Zq8Lw2Xc9Vb4Nm1Kj7Hg5Fd3Sa6Po0Iu2YtR",
    "an access key": "AKIAQ3EGXW5T7JPRLZ2V",
    "a key of ours": "sentric_sk_" + "k3J9x-Qw7_Lm2Zp8Vr5Tn1Yb6Hd4Gs0Fc-Aa9Ee3Uu7",
}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(control_url: str, clock: Clock) -> Iterator[ControlStore]:
    with ControlStore.open(control_url, clock=clock, patience=Patience(100.0, 50.0)) as opened:
        yield opened


class Agent:
    """Asks for decisions."""

    def __init__(self, store: ControlStore, agent_id: str = "a") -> None:
        self.store = store
        self.agent_id = agent_id
        self._decider: Decider = decider(store, policy())

    def decide_by(self, of: Policy) -> None:
        """Have another policy in force."""
        self._decider = decider(self.store, of)

    def ask(self, tool: str, by: Grant = BY, **more: Any) -> dict[str, Any]:
        return self._decider.decide(asked(self.agent_id, tool, **more), project=by.projects[0], by=by).answer

    def approved(self, tool: str = "ask", by: Grant = BY, **more: Any) -> str:
        """The id of an approval that can be used."""
        approval_id: str = self.ask(tool, by, **more)["approval_id"]
        self.answered(approval_id)
        return approval_id

    def answered(self, approval_id: str, said: Said = Said.APPROVE, who: str = "person:ann") -> State:
        return self.store.approvals.answer(approval_id, said, approver=who, actor=who).state


@pytest.fixture
def agent(store: ControlStore) -> Agent:
    return Agent(store)


def test_an_approval_is_used_once_and_its_risk_counts_when_it_is(agent: Agent) -> None:
    approval_id = agent.approved()
    assert agent.ask("ask")["approval_state"] == "approved"  # asked again without naming it: it is not used
    used = agent.ask("ask", approval_id=approval_id)
    assert (used["decision"], used["allowed"], used["cumulative_risk"], used["risk"]) == ("allow", True, 10, 10)
    again = agent.ask("ask", approval_id=approval_id)
    assert (again["decision"], again["approval_state"], again["strikes"]) == ("block", "used already", 0)
    anew = agent.ask("ask")
    assert (anew["decision"], anew["approval_state"]) == ("ask", "pending")
    assert anew["approval_id"] != approval_id
    acted_out(agent.store)


def test_a_question_whose_time_is_over_is_the_last_strike_before_anything_is_decided(
    agent: Agent, clock: Clock
) -> None:
    agent.ask("block")
    agent.ask("block")
    approval_id = agent.ask("ask")["approval_id"]
    clock.now += 100.0
    # Nobody has noted yet that it expired: the agent is the first to come, with another, harmless action.
    told = agent.ask("note", approval_id=approval_id)
    assert (told["decision"], told["agent_state"], told["strikes"]) == ("block", "shut_down", 4)
    assert agent.store.approvals.find(approval_id, projects=None).state is State.EXPIRED
    acted_out(agent.store)


def test_a_strike_that_expiry_brings_is_in_the_answer(agent: Agent, clock: Clock) -> None:
    approval_id = agent.ask("ask")["approval_id"]
    clock.now += 100.0
    told = agent.ask("ask", approval_id=approval_id)
    assert (told["decision"], told["approval_state"], told["strikes"]) == ("block", "expired", 1)
    assert "the approval is expired" in told["reasons"]
    acted_out(agent.store)


@pytest.mark.parametrize("who", ["another service", "a person"])
def test_what_was_approved_for_one_who_asked_is_not_for_another(agent: Agent, who: str) -> None:
    other = grant("1" * 12, person="ann" if who == "a person" else "")
    first = agent.ask("ask")["approval_id"]
    own = agent.ask("ask", other)["approval_id"]
    assert own != first
    agent.answered(first)
    told = agent.ask("ask", other, approval_id=first)
    assert (told["decision"], told["approval_id"]) == ("ask", own)
    assert agent.ask("ask", approval_id=first)["allowed"]
    acted_out(agent.store)


def test_a_clock_that_is_set_back_does_not_revive_what_was_shown_as_expired(agent: Agent, clock: Clock) -> None:
    pending, approved = agent.ask("ask")["approval_id"], agent.approved(call_id="2")
    clock.now += 100.0
    for approval_id in (pending, approved):
        assert agent.store.approvals.find(approval_id, projects=None).state is State.EXPIRED
    clock.now -= 1000.0
    for approval_id in (pending, approved):
        assert agent.store.approvals.find(approval_id, projects=None).state is State.EXPIRED
        with pytest.raises(ApprovalStateError):
            agent.answered(approval_id, who="person:bob")
    assert agent.ask("ask", approval_id=pending)["decision"] == "block"
    assert agent.ask("ask", call_id="2", approval_id=approved)["decision"] == "block"
    acted_out(agent.store)


def test_a_clock_that_jumps_ahead_denies(agent: Agent, clock: Clock) -> None:
    pending, approved = agent.ask("ask")["approval_id"], agent.approved(call_id="2")
    clock.now += 1e8
    with pytest.raises(ApprovalStateError, match="expired"):
        agent.answered(pending)
    assert agent.ask("ask", call_id="2", approval_id=approved)["approval_state"] == "expired"
    (found,) = agent.store.agents.find("a", projects=None)
    assert found.strikes == 1  # of what somebody approved, and the agent left alone, it is not guilty
    acted_out(agent.store)


def test_who_looks_later_than_others_have_acted_does_not_act_in_their_past(
    agent: Agent, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    approval_id = agent.approved()
    times = iter([clock.now, clock.now + 50.0])  # begun in time, and held up by others until it is over
    monkeypatch.setattr(agent.store.changes, "clock", lambda: next(times, clock.now + 50.0))
    assert agent.ask("ask", approval_id=approval_id)["approval_state"] == "expired"


def test_a_denial_counts_once_however_often_it_was_asked_for(agent: Agent) -> None:
    ids = {agent.ask("ask")["approval_id"] for _ in range(4)}
    (approval_id,) = ids
    agent.answered(approval_id, Said.DENY)
    (found,) = agent.store.agents.find("a", projects=None)
    assert found.strikes == len(agent.store.decisions.refusals(found)) == 1
    agent.store.stopping.reset("shop", "a", reason="", actor="person:olga")
    (found,) = agent.store.agents.find("a", projects=None)
    assert agent.store.decisions.refusals(found) == []
    assert agent.ask("block")["strikes"] == 1
    (found,) = agent.store.agents.find("a", projects=None)
    (refusal,) = agent.store.decisions.refusals(found)
    assert refusal.document["answer"]["action"] == "block"


def test_a_denial_of_what_was_asked_before_a_reset_is_shown_as_what_it_is(agent: Agent, clock: Clock) -> None:
    approval_id = agent.ask("ask")["approval_id"]
    clock.now += 10.0
    agent.store.stopping.reset("shop", "a", reason="", actor="person:olga")
    agent.answered(approval_id, Said.DENY)
    (found,) = agent.store.agents.find("a", projects=None)
    assert found.strikes == len(agent.store.decisions.refusals(found)) == 1


def test_an_approval_that_there_is_not_does_not_spare_a_strike(agent: Agent) -> None:
    told = agent.ask("block", approval_id="f" * 32)
    assert (told["decision"], told["strikes"]) == ("block", 1)
    for tool in ("note", "ask"):
        with pytest.raises(UnknownApprovalError):
            agent.ask(tool, approval_id="f" * 32)
    (found,) = agent.store.agents.find("a", projects=None)
    assert sum(found.counts.values()) == 1


@pytest.mark.parametrize("is_approved", [True, False])
def test_what_one_person_was_asked_about_does_not_do_where_it_takes_two(agent: Agent, is_approved: bool) -> None:
    first = agent.approved() if is_approved else agent.ask("ask")["approval_id"]
    severe = {name: text.replace("severity: medium", "severity: critical") for name, text in DOCUMENTS.items()}
    agent.decide_by(load_bundle(severe))
    for named in (first, ""):
        told = agent.ask("ask", approval_id=named)
        assert (told["decision"], told["approval_state"], told["strikes"]) == ("ask", "pending", 0)
        assert told["approval_id"] != first
    assert agent.store.approvals.find(first, projects=None).state is State.CANCELLED
    agent.answered(told["approval_id"])
    assert agent.ask("ask", approval_id=told["approval_id"])["decision"] == "ask"
    agent.answered(told["approval_id"], who="person:bob")
    # Where fewer would do again, more are as good.
    agent.decide_by(policy())
    assert agent.ask("ask", approval_id=told["approval_id"])["allowed"]
    acted_out(agent.store)


def test_an_approval_is_found_by_its_whole_id_and_by_a_beginning(agent: Agent) -> None:
    first, second = agent.ask("ask")["approval_id"], agent.ask("ask", call_id="2")["approval_id"]
    find = agent.store.approvals.find
    assert [find(each, projects=None).approval_id for each in (first, second, first[:31])] == [first, second, first]
    for nothing in (first[::-1], f"{first}0", first.upper() if first.upper() != first else "%" * 32, ""):
        with pytest.raises(UnknownApprovalError):
            find(nothing, projects=None)
    with pytest.raises(UnknownApprovalError):
        find(first, projects=["bank"])


def test_an_approval_of_another_agent_or_project_is_none(agent: Agent) -> None:
    approval_id = agent.approved()
    for other, by in ((Agent(agent.store, "b"), BY), (agent, grant(project="bank"))):
        with pytest.raises(UnknownApprovalError):
            other.ask("ask", by, approval_id=approval_id)
    assert agent.ask("ask", approval_id=approval_id)["allowed"]


def test_an_agent_that_is_stopped_and_shut_down_is_called_the_same_everywhere(agent: Agent) -> None:
    for _ in range(3):
        told = agent.ask("block")
    assert told["agent_state"] == "shut_down"
    agent.store.stopping.stop("shop", "a", reason="enough", actor="person:olga")
    (found,) = agent.store.agents.find("a", projects=None)
    assert agent.ask("note")["agent_state"] == found.state == "stopped"


def test_the_audit_says_when_an_agent_gets_its_name(agent: Agent) -> None:
    for name in ("", "shopper", "shopper", "other"):
        agent.ask("note", agent_name=name)
    told = [record for record in agent.store.changes.records() if record.what.startswith("agent.")]
    assert [(record.what, record.subject, json.loads(record.detail)["name"]) for record in told] == [
        ("agent.seen", "a", "a"),
        ("agent.name", "a", "shopper"),
    ]
    agent.store.plain.write()
    acted_out(agent.store)


def test_an_agent_that_is_still_stopped_by_its_id_is_an_incident_when_its_name_is_reset(agent: Agent) -> None:
    agent.ask("note", agent_name="shopper")
    stopping, incidents = agent.store.stopping, agent.store.incidents
    stopping.stop("shop", "a", reason="", actor="person:ann")
    stopping.stop("shop", "shopper", by_name=True, reason="", actor="person:ann")
    (after,) = stopping.reset("shop", "shopper", by_name=True, reason="", actor="person:ann")
    (left,) = incidents.page(projects=None, only_open=True, limit=10)
    assert (after.state, left.kind, left.agent_id) == ("stopped", "agent_stopped", "a")
    stopping.reset("shop", "a", reason="", actor="person:ann")
    assert incidents.page(projects=None, only_open=True, limit=10) == []


def test_what_is_open_is_withdrawn_when_the_agent_is_shut_down(agent: Agent) -> None:
    pending, approved = agent.ask("ask")["approval_id"], agent.approved(call_id="2")
    for _ in range(3):
        agent.ask("block")
    for approval_id in (pending, approved):
        assert agent.store.approvals.find(approval_id, projects=None).state is State.CANCELLED
    agent.store.stopping.reset("shop", "a", reason="", actor="person:olga")
    assert agent.ask("ask", call_id="2", approval_id=approved)["decision"] == "block"
    acted_out(agent.store)


def test_more_questions_than_people_can_answer_are_refused(shared: ControlStore) -> None:
    agent = Agent(shared)
    for number in range(MOST_PENDING):
        assert agent.ask("ask", call_id=str(number))["decision"] == "ask"
    told = agent.ask("ask", call_id="more")
    assert (told["decision"], told["strikes"], told["approval_id"]) == ("block", 1, None)


def test_an_idempotency_key_gives_the_same_answer_to_the_same_question_alone(agent: Agent) -> None:
    first = agent.ask("warn", idempotency_key="k", arguments={"n": 1})
    assert agent.ask("warn", idempotency_key="k", arguments={"n": 1}) == first
    for other in (
        {"arguments": {"n": 2}},
        {"arguments": {"n": 1.0}},
        {"arguments": {"n": True}},
        {"arguments": {"n": 1}, "url": "https://a.example/"},
        {"arguments": {"n": 1}, "reasoning": "other"},
        {"arguments": {"n": 1}, "context": {"a": 1}},
        {"arguments": {"n": 1}, "task": "other"},
        {"arguments": {"n": 1}, "approval_id": "f" * 32},
        {"arguments": {"n": 1}, "events": [{"event": "message", "author": "user", "text": "hi"}]},
        {"arguments": {"n": 1}, "agent_name": "other"},
    ):
        with pytest.raises(IdempotencyError):
            agent.ask("warn", idempotency_key="k", **other)
    assert agent.ask("warn", idempotency_key="l", arguments={"n": 1})["cumulative_risk"] == 60
    assert Agent(agent.store, "b").ask("warn", idempotency_key="k")["cumulative_risk"] == 30
    # Without a key, the same question is another action.
    assert agent.ask("warn", arguments={"n": 1})["cumulative_risk"] == 90


def test_what_was_allowed_once_is_not_allowed_to_an_agent_that_was_stopped_since(agent: Agent) -> None:
    approval_id = agent.approved()
    allowed = agent.ask("ask", approval_id=approval_id, idempotency_key="k")
    assert agent.ask("ask", approval_id=approval_id, idempotency_key="k") == allowed
    refused = agent.ask("block", idempotency_key="b")
    agent.store.stopping.stop("shop", "a", reason="enough", actor="person:olga")
    told = agent.ask("ask", approval_id=approval_id, idempotency_key="k")
    assert (told["decision"], told["allowed"], told["agent_state"]) == ("block", False, "stopped")
    assert agent.ask("block", idempotency_key="b") == refused
    acted_out(agent.store)


STATED: dict[str, Any] = {
    "arguments": {"to": "ACME", "amount": 5},
    "url": "https://shop.example:8443/pay?x=1",
    "element": Element(tag="button", text="Pay", xpath="/a[1]"),
    "run_id": "run-1",
    "call_id": "call-1",
    "server": "bank",
}
OTHERS: dict[str, tuple[dict[str, Any], str]] = {
    "an argument": ({"arguments": {"to": "ACME", "amount": 6}}, "ask"),
    "the type of an argument": ({"arguments": {"to": "ACME", "amount": 5.0}}, "ask"),
    "one argument more": ({"arguments": {"to": "ACME", "amount": 5, "memo": ""}}, "ask"),
    "the host": ({"url": "https://shop.example.evil:8443/pay"}, "ask"),
    "the port": ({"url": "https://shop.example/pay"}, "ask"),
    "the scheme": ({"url": "http://shop.example:8443/pay"}, "ask"),
    "no page": ({"url": ""}, "ask"),
    "the element": ({"element": Element(tag="button", text="Pay", xpath="/a[2]")}, "ask"),
    "no element": ({"element": None}, "ask"),
    "the run": ({"run_id": "run-2"}, "ask"),
    "the call": ({"call_id": "call-2"}, "ask"),
    "the server": ({"server": "bank2"}, "ask"),
    "the tool": ({}, "ask_two"),
}


@pytest.fixture
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlStore]:
    with ControlStore.open(f"sqlite:///{tmp_path_factory.mktemp('control')}/c.db") as opened:
        yield opened


def test_an_approval_holds_for_nothing_but_what_was_asked(shared: ControlStore) -> None:
    agent = Agent(shared)
    approval_id = agent.approved("ask", **STATED)
    seen = {approval_id}
    for name, (other, tool) in OTHERS.items():
        told = agent.ask(tool, **STATED | other, approval_id=approval_id)
        assert (told["decision"], told["allowed"]) == ("ask", False), name
        assert told["approval_id"] not in seen, name
        assert "the action is not the one that was approved: it has to be approved itself" in told["reasons"]
        seen.add(told["approval_id"])
    # What is said about an action, and where on the same site it is done, is not the action.
    same = {"url": "https://SHOP.example:8443/pay/2", "reasoning": "other words", "context": {"ticket": 2}}
    arguments = dict(reversed(STATED["arguments"].items()))
    assert agent.ask("ask", **STATED | same | {"arguments": arguments}, approval_id=approval_id)["allowed"]


def test_secrets_are_told_apart_and_kept_nowhere(store: ControlStore, caplog: pytest.LogCaptureFixture) -> None:
    agent, secrets = Agent(store), list(CANARIES.values())

    def wish(secret: str) -> dict[str, Any]:
        return {
            "arguments": {"key": secret, "deep": [{"header": f"Authorization: Bearer {secret}"}], secret: 1},
            "url": f"https://shop.example/?token={secret}",
            "element": Element(tag="input", text=f"token {secret}"),
            "reasoning": f"the key is {secret}",
            "context": {"note": f"use {secret}", secret: True},
            "task": f"log in with {secret}",
            "events": [
                {"event": "message", "author": "user", "text": f"my key is {secret}"},
                {"event": "action", "tool": "ask", "arguments": {"k": secret}},
            ],
            "idempotency_key": f"k{secrets.index(secret)}",
        }

    told = [agent.ask("ask", **wish(secret)) for secret in secrets]
    assert len({answer["approval_id"] for answer in told}) == len(secrets)
    agent.answered(told[0]["approval_id"])
    used = wish(secrets[0]) | {"approval_id": told[0]["approval_id"], "idempotency_key": ""}
    mixed = wish(secrets[1]) | {"approval_id": told[0]["approval_id"], "idempotency_key": ""}
    assert agent.ask("ask", **mixed)["decision"] == "ask"
    assert agent.ask("ask", **used)["allowed"]
    told += [agent.ask(tool, **wish(secrets[0]) | {"idempotency_key": ""}) for tool in ("warn", "block")]
    tables = store.changes.database
    with tables.reading() as connection:
        names = ("agents", "decisions", "approvals", "approval_answers", "audit", "incidents", "stops")
        kept = [str(row) for name in names for row in connection.exec_driver_sql(f"SELECT * FROM {name}")]  # noqa: S608
    shown = "\n".join([*kept, *map(str, told), caplog.text])
    for name, secret in CANARIES.items():
        assert secret not in shown, name
        assert secret[8:24] not in shown, name


def test_what_a_tool_is_known_to_do_is_not_lessened_by_what_is_said_of_it(agent: Agent) -> None:
    assert agent.ask("run_shell", arguments={"command": "ls"}, kind=Kind.NAVIGATE)["kind"] == "shell"
    assert agent.ask("frobnicate", kind=Kind.PAYMENT)["kind"] == "payment"


def test_an_agent_is_stopped_by_the_name_that_it_says_it_has_now(store: ControlStore, agent: Agent) -> None:
    Agent(store, "other").ask("x", agent_name="shopper")
    assert agent.ask("x", agent_name="good")["allowed"]
    store.stopping.stop("shop", "shopper", by_name=True, reason="wrong prompt", actor="local")
    told = agent.ask("x", agent_name="shopper")
    assert (told["decision"], told["agent_state"], told["strikes"]) == ("block", "stopped", 0)
    assert agent.ask("x", agent_name="good")["allowed"]


def test_an_idempotency_key_is_remembered_for_a_day_and_a_decision_for_longer(
    store: ControlStore, agent: Agent, clock: Clock
) -> None:
    first = agent.ask("warn", idempotency_key="k")
    clock.now += 86_401
    assert store.decisions.forget() == 0
    second = agent.ask("warn", idempotency_key="k")
    assert second["decision_id"] != first["decision_id"]
    blocked = agent.ask("block")
    clock.now += 90 * 86_400 + 1
    assert store.decisions.forget() == 2
    kept = [one.decision_id for one in store.decisions.page(projects=None, limit=10)]
    assert kept == [blocked["decision_id"]]  # it counts against the agent


def test_the_agents_of_one_key_cannot_bury_people_in_questions(
    store: ControlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decisions, "MOST_PENDING_OF_KEY", 3)
    told = [Agent(store, f"a{number}").ask("ask")["decision"] for number in range(4)]
    assert told == ["ask", "ask", "ask", "block"]


def test_people_are_shown_a_part_of_many_arguments(agent: Agent, store: ControlStore) -> None:
    agent.ask("ask", arguments={f"a{number}": "x" for number in range(1000)} | {"list": list(range(1000))})
    (kept,) = store.approvals.page(projects=None, limit=10)
    assert len(kept.request["arguments"]) == 65
    assert kept.request["arguments"]["…"] == "937 more"
