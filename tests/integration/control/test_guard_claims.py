"""What a guard claims: its verdict stands, the sums are the service's own, and what it decided alone counts once."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sentric.policy.rule import Decision, Severity
from sentric_analyzer.control.approval import Said, State
from sentric_analyzer.control.approvals import Patience
from sentric_analyzer.control.errors import IdempotencyError
from sentric_analyzer.control.rulings import Settled
from sentric_analyzer.control.store import ControlStore
from sentric_analyzer.deciding import AskedError, Claim, ClaimedRule
from support.deciding import Clock, asked, decider, grant, policy
from support.history import acted_out

BY = grant()
DIGEST = "0123456789abcdef"
TOKEN = "ghp_" + "Zq8Lw2Xc9Vb4Nm1Kj7Hg5Fd3Sa6Po0Iu2YtR"


def claim(decision: str, risk: int = 10, rule_id: str = "", **more: Any) -> Claim:
    """A verdict by one rule."""
    fields: dict[str, Any] = {"title": f"Guard: {decision}", "severity": Severity.HIGH, **more}
    one = ClaimedRule(rule_id=rule_id or f"tests-{decision}", decision=Decision(decision), risk=risk, **fields)
    return Claim(rules=(one,), policy_digest=DIGEST)


PLAIN = Claim(policy_digest=DIGEST)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(control_url: str, clock: Clock) -> Iterator[ControlStore]:
    with ControlStore.open(control_url, clock=clock, patience=Patience(100.0, 50.0)) as opened:
        yield opened


@pytest.fixture
def small(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[ControlStore]:
    """One in a file: for what no transaction of others matters to."""
    with ControlStore.open(f"sqlite:///{tmp_path_factory.mktemp('control')}/c.db", clock=clock) as opened:
        yield opened


def ask(store: ControlStore, verdict: Claim | None, tool: str = "block", **more: Any) -> dict[str, Any]:
    wish = asked("a", tool, verdict=verdict, **more)
    return decider(store, policy()).decide(wish, project="shop", by=BY).answer


def settle(store: ControlStore, verdict: Claim, ended: str, key: str, **more: Any) -> dict[str, Any]:
    return ask(store, verdict, settled=Settled(ended), idempotency_key=key, **more)


def sums(store: ControlStore) -> tuple[int, int, str]:
    (found,) = store.agents.find("a", projects=None)
    return found.risk, found.strikes, found.state


def recorded(store: ControlStore, beginning: str = "decision.") -> list[tuple[str, dict[str, Any]]]:
    found = [record for record in store.changes.records() if record.what.startswith(beginning)]
    return [(record.what, json.loads(record.detail)) for record in found]


def test_a_claim_takes_the_place_of_the_policys_rules_and_is_marked(store: ControlStore) -> None:
    # The tool alone would be blocked; the guard has seen more.
    told = ask(store, claim("warn", 30, evidence={"action.tool": "block"}))
    assert (told["decision"], told["risk"], told["cumulative_risk"]) == ("warn", 30, 30)
    assert (told["judged_by"], told["policy_digest"]) == ("guard", DIGEST)
    assert told["rules"] == [
        {"id": "tests-warn", "title": "Guard: warn", "severity": "high", "decision": "warn", "risk": 30}
    ]
    ((what, detail),) = recorded(store)
    assert (what, detail["judged_by"], detail["policy_digest"]) == ("decision.warn", "guard", DIGEST)
    kept = store.decisions.find(told["decision_id"], projects=None)
    assert kept["answer"] == told
    own = ask(store, None, "warn")
    assert (own["judged_by"], own["policy_digest"]) == ("service", policy().digest)
    assert "judged_by" not in recorded(store)[-1][1]
    acted_out(store)


def test_the_exact_sums_have_the_last_word_over_a_claim(store: ControlStore) -> None:
    for before in (0, 40, 80):
        told = ask(store, claim("warn", 40, "any-rule"))
        assert told["before"] == {"risk": before, "strikes": 0, "stopped": ""}
    assert (told["decision"], told["strikes"]) == ("block", 1)
    assert [one["id"] for one in told["rules"]] == ["any-rule", "risk-budget-exceeded"]
    # What adds nothing may go on; what a guard says of sums that it does not know for sure is not taken.
    assert ask(store, claim("block", 0, "agent-shut-down"))["decision"] == "allow"
    for _ in range(2):
        told = ask(store, claim("block"))
    assert (told["strikes"], told["agent_state"]) == (3, "shut_down")
    assert [one["id"] for one in ask(store, PLAIN)["rules"]] == ["agent-shut-down"]
    store.stopping.reset("shop", "a", reason="", actor="person:olga")
    store.stopping.stop("shop", "a", reason="enough", actor="person:olga")
    told = ask(store, claim("warn"))
    assert (told["decision"], told["strikes"], told["before"]["stopped"]) == ("block", 0, "enough")
    acted_out(store)


def test_what_a_claim_asks_is_put_to_people_with_its_evidence_and_used_by_whatever_the_guard_says_then(
    store: ControlStore,
) -> None:
    asking = claim("ask", 20, severity=Severity.MEDIUM, evidence={"action.url": "https://shop.example/"})
    for verdict, risk in ((asking, 20), (PLAIN, 20), (claim("warn", 5), 25)):
        approval_id = ask(store, asking, call_id="1")["approval_id"]
        found = store.approvals.find(approval_id, projects=None)
        assert found.request["judged_by"] == "guard"
        assert found.request["rules"][0]["evidence"] == {"action.url": "https://shop.example/"}
        store.approvals.answer(approval_id, Said.APPROVE, approver="person:ann", actor="person:ann")
        told = ask(store, verdict, call_id="1", approval_id=approval_id)
        assert (told["allowed"], told["approval_state"], told["cumulative_risk"]) == (True, "approved", risk)
        assert ask(store, verdict, call_id="1", approval_id=approval_id)["approval_state"] == "used already"
    acted_out(store)


def test_the_texts_of_a_claim_are_redacted(small: ControlStore) -> None:
    verdict = claim("ask", title=f"saw {TOKEN}", error=f"at {TOKEN}", evidence={f"x {TOKEN}": TOKEN})
    told = [ask(small, verdict), settle(small, verdict, "refused", "k", arguments={"k": TOKEN})]
    names = ("agents", "decisions", "approvals", "audit")
    with small.changes.database.reading() as connection:
        kept = [str(row) for name in names for row in connection.exec_driver_sql(f"SELECT * FROM {name}")]  # noqa: S608
    assert "‹secret:" in told[0]["reasons"][0]
    assert TOKEN[8:24] not in "\n".join([*kept, *map(str, told)])


def test_the_sums_before_are_told_on_every_path(small: ControlStore, clock: Clock) -> None:
    for _ in range(2):  # the first makes the agent; the second changes nothing
        assert ask(small, None, "note")["before"] == {"risk": 0, "strikes": 0, "stopped": ""}
    first = ask(small, None, "warn", idempotency_key="k")
    ask(small, None, "block")
    assert ask(small, None, "warn", idempotency_key="k") == first
    assert first["before"] == {"risk": 0, "strikes": 0, "stopped": ""}
    assert ask(small, None, "note")["before"] == {"risk": 30, "strikes": 1, "stopped": ""}
    # A question whose time is over counts before the action, not with it.
    approval_id = ask(small, None, "ask")["approval_id"]
    clock.now += 1000.0
    assert ask(small, None, "ask", approval_id=approval_id)["before"]["strikes"] == 2


def test_what_a_guard_did_alone_is_counted_and_recorded_and_not_decided(store: ControlStore) -> None:
    told = settle(store, claim("warn", 30), "done", "1", happened=1_500_000_000.0)
    assert (told["decision"], told["allowed"], told["settled"], told["cumulative_risk"]) == ("warn", True, "done", 30)
    assert told["happened"] == "2017-07-14T02:40:00Z"
    ((what, detail),) = recorded(store)
    assert what == "decision.warn"
    assert (detail["settled"], detail["happened"], detail["judged_by"]) == ("done", told["happened"], "guard")
    # Delivered again, also by who could not tell that it had arrived.
    assert settle(store, claim("warn", 30), "done", "1", happened=5.0) == told
    assert len(recorded(store)) == 1
    refused = settle(store, claim("ask", 50), "refused", "2")
    assert (refused["allowed"], refused["approval_id"], sums(store)) == (False, None, (30, 0, "active"))
    assert store.approvals.page(projects=None, limit=9) == []
    assert settle(store, claim("warn", 50), "refused", "3")["strikes"] == 0
    # It is too late to refuse what was done; the budget is then used up for what comes.
    assert settle(store, claim("warn", 90), "done", "4")["cumulative_risk"] == 120
    assert ask(store, claim("warn", 1))["decision"] == "block"
    plain = settle(store, PLAIN, "done", "5")
    assert (plain["decision"], recorded(store)[-1][0]) == ("allow", "decision.allow")
    acted_out(store)


def test_what_a_guard_refused_alone_shuts_its_agent_down_in_the_end(store: ControlStore) -> None:
    approval_id = ask(store, claim("ask"))["approval_id"]
    stopped = claim("block", 0, "agent-stopped", title="mine")
    assert settle(store, stopped, "refused", "0")["reasons"] == ["Agent stopped by an operator"]
    assert sums(store)[1] == 0
    for number in range(3):
        told = settle(store, claim("block"), "refused", str(number + 1))
    assert (told["strikes"], told["agent_state"], sums(store)) == (3, "shut_down", (0, 3, "shut_down"))
    assert settle(store, claim("block"), "refused", "3") == told
    (incident,) = store.incidents.page(projects=None, limit=9)
    assert (incident.kind, len(incident.detail["decisions"])) == ("agent_shut_down", 3)
    assert store.approvals.find(approval_id, projects=None).state is State.CANCELLED
    (found,) = store.agents.find("a", projects=None)
    assert len(store.decisions.refusals(found)) == 3
    # Nothing of it says that anything may be done now.
    assert ask(store, PLAIN)["decision"] == "block"
    acted_out(store)


@pytest.mark.parametrize("ended", ["done", "refused"])
@pytest.mark.parametrize("decision", ["warn", "ask", "block"])
def test_an_answer_that_its_guard_has_not_heard_is_not_counted_twice(
    store: ControlStore, decision: str, ended: str
) -> None:
    first = ask(store, claim(decision, 30), idempotency_key="k")
    told = settle(store, claim(decision, 30), ended, "k")
    assert settle(store, claim(decision, 30), ended, "k") == told
    strikes = int(decision == "block")
    # What was done all the same has its risk; what was refused is not counted again, and nobody is asked any more.
    assert sums(store)[:2] == (30 if ended == "done" or decision == "warn" else 0, strikes)
    assert (told == first) == (ended == "refused" or decision == "warn")
    if decision == "ask":
        assert store.approvals.find(first["approval_id"], projects=None).state is State.CANCELLED
    acted_out(store)


def test_what_has_ended_is_not_decided_about(small: ControlStore) -> None:
    settle(small, claim("warn"), "done", "k")
    with pytest.raises(IdempotencyError, match="ended already"):
        ask(small, claim("warn"), idempotency_key="k")
    with pytest.raises(IdempotencyError, match="something else"):
        settle(small, claim("warn"), "done", "k", arguments={"n": 1})
    for more in ({"verdict": None, "idempotency_key": "l"}, {"verdict": PLAIN}):
        with pytest.raises(AskedError, match="with settled"):
            asked("a", "note", settled=Settled.DONE, **more)
    now = settle(small, claim("warn"), "done", "m", happened=1e12)
    assert now["happened"][:4] < "2100"
    assert settle(small, claim("warn"), "done", "n", happened=-1e12)["happened"].startswith("1970-01-01T00:00:00")
