"""Decisions, approvals and agents over REST, as those ask who would do harm."""

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from sentric_analyzer.control import Scope, api_keys
from sentric_analyzer.control.people import Role
from sentric_analyzer.control.store import control_url
from sentric_analyzer.storage import Store, embedded_url
from support.access import problem
from support.controlling import Plane, plane
from support.history import acted_out

NAMES = iter(f"agent-{number}" for number in range(1_000_000))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.open(embedded_url(tmp_path_factory.mktemp("runs"))) as store:
        yield store


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, runs: Store) -> Iterator[Plane]:
    directory = tmp_path_factory.mktemp("control")
    if request.param == "sqlite":
        with plane(directory, control_url(directory), runs) as found:
            yield found
        return
    with request.getfixturevalue("postgresql").database() as url, plane(directory, url, runs) as found:
        yield found


@pytest.fixture
def agent() -> str:
    """The id of an agent that nobody has seen."""
    return next(NAMES)


def walk(served: Plane, agent: str, *actions: str) -> list[tuple[Any, ...]]:
    told = [served.decide(agent, action) for action in actions]
    return [(one["decision"], one["cumulative_risk"], one["strikes"], one["agent_state"]) for one in told]


def test_three_strikes(tmp_path: Path, runs: Store) -> None:
    url = control_url(tmp_path)
    with plane(tmp_path, url, runs) as served:
        keys = served.keys
        assert walk(served, "a", "note", "warn", "warn", "warn", "warn") == [
            ("allow", 0, 0, "active"),
            ("warn", 30, 0, "active"),
            ("warn", 60, 0, "active"),
            ("warn", 90, 0, "active"),
            ("block", 90, 1, "active"),
        ]
        assert walk(served, "a", "block", "block", "note") == [
            ("block", 90, 2, "active"),
            ("block", 90, 3, "shut_down"),
            ("block", 90, 4, "shut_down"),
        ]
    with plane(tmp_path, url, runs) as served:
        served.keys = keys
        told = served.decide("a", "note")
        assert (told["decision"], told["allowed"], told["agent_state"]) == ("block", False, "shut_down")
        assert told["reasons"] == ["Agent shut down after repeated refusals"]
        (found,) = served.got("/v1/agents/a")["agents"]
        assert (found["state"], found["risk"], found["strikes"], len(found["refusals"])) == ("shut_down", 90, 5, 5)
        assert [one["reasons"] for one in found["refusals"][:2]] == [
            ["Tests decide: warn", "Risk budget used up"],
            ["Tests decide: block", "Risk budget used up"],
        ]
        (incident,) = served.got("/v1/incidents?open=true")["incidents"]
        assert (incident["kind"], incident["agent_id"], incident["closed"]) == ("agent_shut_down", "a", None)
        assert len(incident["detail"]["decisions"]) == 3
        assert served.post("/v1/agents/a/reset", "agent").status_code == 403
        reset = served.post("/v1/agents/a/reset", "olga", reason="looked at it").json()["agents"]
        assert [(one["state"], one["risk"], one["strikes"]) for one in reset] == [("active", 0, 0)]
        assert served.got("/v1/incidents?open=true")["incidents"] == []
        (incident,) = served.got("/v1/incidents")["incidents"]
        assert incident["closed_by"].startswith("person:")
        assert walk(served, "a", "note", "warn") == [("allow", 0, 0, "active"), ("warn", 30, 0, "active")]
        records = [(one.what, one.actor.partition(":")[0]) for one in served.store.changes.records() if one.project]
        assert [one for one in records if not one[0].startswith(("key.", "project."))] == [
            ("agent.seen", "key"),
            *[("decision.warn", "key")] * 3,
            *[("decision.block", "key")] * 3,
            ("agent.shut_down", "sentric"),
            ("incident.open", "key"),
            *[("decision.block", "key")] * 2,
            ("agent.reset", "person"),
            ("incident.close", "person"),
            ("decision.warn", "key"),
        ]
        acted_out(served.store)


def test_one_idempotency_key_used_by_many_at_once_is_one_decision(served: Plane, agent: str) -> None:
    def ask(_: int) -> httpx.Response:
        wish = {"agent_id": agent, "action": "warn", "idempotency_key": "k"}
        return served.ask("POST", "/v1/decisions", "agent", json=wish)

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(ask, range(16)))
    assert {answer.text for answer in answers} == {answers[0].text}
    assert Counter(answer.headers.get("idempotency-replayed") for answer in answers) == {"true": 15, None: 1}
    (found,) = served.got(f"/v1/agents/{agent}")["agents"]
    assert (found["risk"], found["decisions"]) == (30, {"allow": 0, "warn": 1, "ask": 0, "block": 0})
    wish = {"agent_id": agent, "action": "note", "idempotency_key": "k"}
    other = served.ask("POST", "/v1/decisions", "agent", json=wish)
    assert problem(other).detail == "this idempotency key was used for something else: use a new one for each action"
    assert other.status_code == 409
    assert {answer["cumulative_risk"] for answer in (served.decide(agent, "warn"), served.decide(agent, "warn"))} == {
        60,
        90,
    }
    served.post(f"/v1/agents/{agent}/stop", "olga", reason="enough")
    told = served.decide(agent, "warn", idempotency_key="k")
    assert (told["allowed"], told["agent_state"]) == (False, "stopped")
    assert "Agent stopped by an operator" in told["reasons"]


def test_a_person_approves_and_the_agent_acts_once(served: Plane, agent: str) -> None:
    asked = served.decide(agent, "ask", arguments={"n": 1})
    path = f"/v1/approvals/{asked['approval_id']}"
    shown = served.got(path, "ann")
    assert (shown["state"], shown["request"]["arguments"], shown["approvals_so_far"]) == ("pending", {"n": 1}, 0)
    approved = served.post(f"{path}/approve", "ann", note="fine").json()
    assert (approved["state"], approved["used"], approved["approvals_so_far"]) == ("approved", False, 1)
    assert approved["answers"][0]["approver"] == f"person:{served.people['ann']}"
    for again in ("approve", "deny"):
        assert problem(served.post(f"{path}/{again}", "bob")).status == 409
    allowed = served.decide(agent, "ask", arguments={"n": 1}, approval_id=asked["approval_id"])
    assert (allowed["decision"], allowed["allowed"]) == ("allow", True)
    assert served.got(path)["used"]
    assert problem(served.post(f"{path}/cancel", "olga")).status == 409


def test_a_denial_is_told_to_the_agent_and_counts(served: Plane, agent: str) -> None:
    asked = served.decide(agent, "ask")
    served.post(f"/v1/approvals/{asked['approval_id']}/deny", "bob", note="never to ACME")
    told = served.decide(agent, "ask", approval_id=asked["approval_id"])
    assert (told["decision"], told["strikes"], told["approval_state"]) == ("block", 1, "denied")
    assert "the approval is denied: never to ACME" in told["reasons"]


# Who may do what.


def test_nobody_approves_what_they_asked_for(served: Plane, agent: str) -> None:
    name = f"both-{agent}"
    served.store.people.add(name, Role.APPROVER, actor="local")
    for sort, scopes in {"asks": {Scope.DECIDE}, "approves": {Scope.APPROVE, Scope.READ}}.items():
        made = served.store.keys.create(projects=["shop"], scopes=scopes, person=name)
        served.keys[f"{sort}-{name}"] = made.secret
    own = served.decide(agent, "ask", f"asks-{name}")["approval_id"]
    # The same action asked for by a service first is a question of its own, and so is theirs.
    others = served.decide(agent, "ask")["approval_id"]
    assert own != others
    refused = served.post(f"/v1/approvals/{own}/approve", f"approves-{name}")
    assert problem(refused).detail == "nobody approves their own request: somebody else must answer"
    assert refused.status_code == 403
    assert served.got(f"/v1/approvals/{own}")["state"] == "pending"
    assert served.post(f"/v1/approvals/{others}/approve", f"approves-{name}").status_code == 200
    assert served.decide(agent, "ask", f"asks-{name}", approval_id=others)["approval_id"] == own
    assert served.post(f"/v1/approvals/{own}/approve", "ann").status_code == 200


def test_who_decides_may_not_approve_and_a_service_cannot(served: Plane, agent: str) -> None:
    approval_id = served.decide(agent, "ask")["approval_id"]
    for who in ("agent", "reader"):
        assert problem(served.post(f"/v1/approvals/{approval_id}/approve", who)).status == 403
        assert problem(served.post(f"/v1/approvals/{approval_id}/deny", who)).status == 403
    assert problem(served.ask("POST", f"/v1/approvals/{approval_id}/approve", json={})).status == 401
    for wish in ({"scopes": {Scope.APPROVE}}, {"scopes": {Scope.DECIDE, Scope.APPROVE}, "person": "ann"}):
        with pytest.raises(Exception, match=r"(somebody's|may decide may neither)"):
            served.store.keys.create(projects=["shop"], **wish)
    assert served.got(f"/v1/approvals/{approval_id}")["state"] == "pending"


def test_a_role_limits_keys_at_once_and_who_is_removed_has_none(served: Plane, agent: str) -> None:
    name = f"eve-{agent}"
    served.store.people.add(name, Role.OPERATOR, actor="local")
    scopes = {Scope.READ, Scope.APPROVE, Scope.OPERATE}
    served.keys[name] = served.store.keys.create(projects=["shop"], scopes=scopes, person=name).secret
    signed_in = served.post("/v1/sign-in", name).json()
    served.keys["session"] = signed_in["session"]
    again = served.post("/v1/sign-in", "session").json()
    served.keys["session of a session"] = again["session"]
    mine = (name, "session", "session of a session")
    served.decide(agent, "note")
    for who in mine:
        assert served.got("/v1/me", who)["scopes"] == ["approve", "operate", "read"]
    served.store.people.set_role(name, Role.VIEWER, actor="local")
    approval_id = served.decide(agent, "ask")["approval_id"]
    for who in mine:
        assert served.got("/v1/me", who)["scopes"] == ["read"]
        assert problem(served.post(f"/v1/agents/{agent}/stop", who)).status == 403
        assert problem(served.post(f"/v1/approvals/{approval_id}/approve", who)).status == 403
    with pytest.raises(Exception, match="allows no key with scope"):
        served.store.keys.create(projects=["shop"], scopes={Scope.APPROVE}, person=name)
    served.store.people.set_role(name, Role.OPERATOR, actor="local")
    assert served.got("/v1/me", "session")["scopes"] == ["approve", "operate", "read"]
    served.store.people.remove(name, actor="local")
    for who in mine:
        assert problem(served.ask("GET", "/v1/me", who)).status == 401


def test_sessions_die_with_the_key_they_were_got_for(served: Plane) -> None:
    made = served.store.keys.create(projects=["shop"], scopes={Scope.READ})
    served.keys["first"] = made.secret
    for who, to in (("first", "second"), ("second", "third"), ("second", "fourth")):
        served.keys[to] = served.post("/v1/sign-in", who).json()["session"]
    assert problem(served.post("/v1/sign-out", "first")).status == 409
    assert served.post("/v1/sign-out", "fourth").status_code == 200
    assert problem(served.ask("GET", "/v1/me", "fourth")).status == 401
    assert served.got("/v1/me", "third")["scopes"] == ["read"]
    served.store.keys.revoke([made.key.key_id])
    for who in ("first", "second", "third"):
        assert problem(served.ask("GET", "/v1/me", who)).status == 401


def test_of_one_key_there_are_only_so_many_sessions_the_newest(served: Plane, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_keys, "MOST_SESSIONS", 2)
    made = served.store.keys.create(projects=["shop"], scopes={Scope.READ})
    served.keys["kept safe"] = made.secret
    names = ("oldest", "signed out", "older", "newest")
    for name, by in zip(names, ("kept safe", "oldest", "kept safe", "kept safe"), strict=True):
        served.keys[name] = served.post("/v1/sign-in", by).json()["session"]
        if name == "signed out":
            served.post("/v1/sign-out", name)
    assert [served.ask("GET", "/v1/me", name).status_code for name in names] == [401, 401, 200, 200]
    mine = [key for key in served.store.keys.list(sessions=True) if key.session == made.key.key_id]
    assert len(mine) == 2
    ended = served.store.changes.records(what="sign_out", newest_first=True, limit=2)
    assert len({record.subject for record in ended} - {key.key_id for key in mine}) == 2


def test_who_asked_may_withdraw_it_and_no_other_agent(served: Plane, agent: str) -> None:
    served.keys["other agent"] = served.store.keys.create(projects=["shop"], scopes={Scope.DECIDE}).secret
    path = f"/v1/approvals/{served.decide(agent, 'ask')['approval_id']}"
    for who in ("other agent", "ann", "reader"):
        assert problem(served.post(f"{path}/cancel", who)).status == 403
    # What an agent wants to do is for it, and for people, to see.
    assert [served.ask("GET", path, who).status_code for who in ("agent", "ann", "reader")] == [200, 200, 200]
    assert problem(served.ask("GET", path, "other agent")).status == 404
    assert served.post(f"{path}/cancel", "agent").json()["state"] == "cancelled"


# Bad input.

NUL, HALF = "a\x00b", "\ud800"
LONG = "x" * 300


GOOD: dict[str, Any] = {"agent_id": "bad", "action": "note"}
RULE: dict[str, Any] = {"id": "r-1", "title": "T", "severity": "low", "decision": "warn", "risk": 1}
CLAIM: dict[str, Any] = {"rules": [RULE], "policy_digest": "0123456789abcdef"}
BAD_VALUES: dict[str, tuple[Any, ...]] = {
    "id": ("", "A b", "x" * 129, HALF, NUL, 5, "a\n"),
    "title": ("x" * 513, HALF, None),
    "risk": (-1, 101, 1.5, "x", 1e308, None),
    "severity": ("", "worst", 5),
    "decision": ("", "deny", None),
    "error": ("x" * 2049, HALF, None),
    "evidence": ([], {"a": 5}, {"a": "x" * 2049}, {"x" * 257: ""}, {"a": HALF}, dict.fromkeys(map(str, range(65)), "")),
    "score": (1, "true", None, {}),
    "opinion": (1,),
}
BAD_RULES = (
    *({name: RULE[name] for name in RULE if name != left_out} for left_out in RULE),
    *(RULE | {name: value} for name, values in BAD_VALUES.items() for value in values),
)
NO_NAME = (NUL, HALF, LONG, "a\nb", 5, None, ["a"], {"a": 1}, True)
NO_TEXT: tuple[Any, ...] = (HALF, 5, None, [])
NO_OBJECT = (5, "x", [1], HALF, {"a": HALF})
SEEN = {"source": "page", "origin": "https://x.example", "excerpt": "words"}
BAD: dict[str, tuple[Any, ...]] = {
    "agent_id": (*NO_NAME, ""),
    "action": (*NO_NAME, ""),
    **dict.fromkeys(("agent_name", "server", "run_id", "call_id", "approval_id", "idempotency_key"), NO_NAME),
    **dict.fromkeys(("url", "reasoning", "task"), NO_TEXT),
    "arguments": NO_OBJECT,
    "context": NO_OBJECT,
    "effects": (["fly"], "read", [["read"]], ["read"] * 10),
    "kind": ("fly", 5, ""),
    "element": (5, {"tag": 5}, {"tag": HALF}, []),
    "events": ([5], [{}], [{"event": "x"}], {}, [{"event": "action"}], [{}] * 65, [{"event": "message"}] * 2),
    "seen": (
        *(5, {}, [5], [{}], [{"source": "page"}], [{"excerpt": "x"}], [SEEN] * 4, [SEEN | {"source": "rumour"}]),
        *(SEEN | {name: value} for name in ("origin", "excerpt") for value in (*NO_TEXT, "x" * 1025)),
        *([SEEN | {name: value}] for name in ("origin", "excerpt", "more") for value in (*NO_TEXT, "x" * 1025)),
    ),
    "payload": (HALF,),
    "unknown": (1,),
    "decision": ("allow",),
    "verdict": (
        *(5, [], {}, {"rules": []}, {"policy_digest": "0" * 16}, CLAIM | {"policy_digest": "x"}, CLAIM | {"x": 1}),
        *(CLAIM | {"rules": [rule]} for rule in BAD_RULES),
        CLAIM | {"rules": [RULE] * 129},
    ),
    "settled": ("done", "maybe", 5, [], True),
    "time": ("now", -1, 1 << 63, [], "2026-01-01T00:00:00", 1.5, "1e999", "1700000000", True, "", HALF, "x" * 65),
    "project": ("bank", "", NUL, LONG, 5),
}
BODIES = {
    "both": b'{"agent_id":"bad","action":"note","arguments":{},"payload":1}',
    "no json": b"{",
    "empty": b"",
    "null": b"null",
    "a list": b"[]",
    "deep": b'{"agent_id":"bad","action":"note","arguments":' + b'{"a":' * 70 + b"1" + b"}" * 71,
    "large": b'{"agent_id":"bad","action":"note","reasoning":"' + b"x" * 300_000 + b'"}',
    "twice": b'{"agent_id":"bad","agent_id":"bad2","action":"note"}',
    "latin": '{"agent_id":"bäd","action":"note"}'.encode("latin-1"),
    **{
        number.decode()[:8]: b'{"agent_id":"bad","action":"note","arguments":{"n":' + number + b"}}"
        for number in (b"1e999", b"NaN", b"-Infinity", b"9" * 5000)
    },
}


def bad_decisions() -> Iterator[tuple[str, bytes]]:
    for name, values in BAD.items():
        for value in values:
            yield f"{name}={value!r}"[:40], json.dumps(GOOD | {name: value}).encode()
    yield from BODIES.items()


def test_bad_decisions_are_refused_in_one_line_and_change_nothing(served: Plane) -> None:
    before = served.store.changes.head()
    headers = {"Authorization": f"Bearer {served.keys['agent']}", "Content-Type": "application/json"}
    with httpx.Client(base_url=f"http://{served.address}", headers=headers, trust_env=False) as client:
        for name, body in bad_decisions():
            answer = client.post("/v1/decisions", content=body)
            assert 400 <= answer.status_code < 500, (name, answer.status_code, answer.text)
            told = problem(answer)
            assert (told.decision, told.allowed) == ("block", False), name
            assert len(answer.content) < 8192, name
    assert served.store.changes.head() == before


def test_strange_decisions_are_decided(served: Plane, agent: str) -> None:
    strange: list[dict[str, Any]] = [
        {"arguments": {"n": 10**4000, "m": -(10**400), "x": 1e308, "y": 5e-324, "z": -0.0}},
        {"arguments": {NUL: NUL, "": "", "\u202e": "\uffff\U0010ffff"}},
        {"url": "http://[::1", "reasoning": NUL, "task": NUL},
        {"url": "\x00", "context": {NUL: [NUL]}},
        {"payload": None},
        {"payload": [NUL]},
        {"element": {"tag": NUL, "text": "\uffff"}},
        {"events": [{"event": "message", "author": "user", "text": NUL}]},
        {"arguments": {"a": [[[[[]]]]] * 1000}},
    ]
    for more in strange:
        for tool in ("note", "ask", "warn"):
            told = served.decide(next(NAMES), tool, **more)
            assert told["decision"] in ("allow", "ask", "warn")
            if told["approval_id"]:
                served.got(f"/v1/approvals/{told['approval_id']}")
    assert served.got("/v1/approvals?limit=1000")["approvals"]
    assert served.got("/v1/decisions?limit=1000")["decisions"]


def test_a_guard_claims_what_it_has_judged_and_tells_what_it_did_alone(served: Plane, agent: str) -> None:
    strange = RULE | {"title": NUL, "error": "\u202e", "evidence": {"": NUL, "\uffff": ""}}
    told = served.decide(agent, "block", verdict=CLAIM | {"rules": [strange] * 128})
    assert (told["decision"], told["judged_by"], told["risk"], len(told["rules"])) == ("warn", "guard", 1, 128)
    assert told["before"] == {"risk": 0, "strikes": 0, "stopped": ""}
    for time, happened in (
        (1_700_000_000_123_456_789, "2023-11-14T22:13:20Z"),
        ("2023-11-14T23:13:20+01:00", "2023-11-14T22:13:20Z"),
        ("0001-01-01T00:00:00+23:59", "1970-01-01T00:00:00Z"),
    ):
        settled: dict[str, Any] = {"settled": "done", "time": time, "idempotency_key": str(time), "verdict": CLAIM}
        told = served.decide(agent, "note", **settled)
        assert (told["settled"], told["happened"], told["decision"]) == ("done", happened, "warn")
        assert served.decide(agent, "note", **settled) == told
    assert told["before"]["risk"] == 3
    kept = served.got(f"/v1/decisions/{told['decision_id']}")
    assert kept["answer"] == told
    refused = served.ask("POST", "/v1/decisions", "agent", json=GOOD | {"settled": "done", "verdict": CLAIM})
    assert problem(refused).detail == "idempotency_key: must be given with settled, so that it is counted once"


def test_what_there_is_not_is_said_in_one_line(served: Plane, agent: str) -> None:
    served.decide(agent, "note")
    before = served.store.changes.head()
    nothing = "f" * 32
    for method, path, who, status in (
        ("GET", "/v1/agents/nobody", "reader", 404),
        ("POST", "/v1/agents/nobody/stop", "olga", 404),
        ("POST", "/v1/agents/nobody/reset", "olga", 404),
        ("GET", f"/v1/approvals/{nothing}", "reader", 404),
        ("POST", f"/v1/approvals/{nothing}/approve", "ann", 404),
        ("POST", f"/v1/approvals/{nothing}/deny", "ann", 404),
        ("POST", f"/v1/approvals/{nothing}/cancel", "olga", 404),
        ("GET", f"/v1/decisions/{nothing}", "reader", 404),
        ("GET", "/v1/guard/stream?agent_id=a&project=bank", "agent", 404),
        ("GET", "/v1/guard/stream?agent_id=", "agent", 422),
        ("GET", "/v1/stream", "agent", 403),
        ("POST", "/v1/decisions", "reader", 403),
        ("POST", "/v1/decisions", "olga", 403),
    ):
        body = {"json": {"agent_id": agent, "action": "note"} if path == "/v1/decisions" else {}}
        answer = served.ask(method, path, who, **(body if method == "POST" else {}))
        assert answer.status_code == status, (path, answer.text)
        problem(answer)
    told = served.ask("POST", "/v1/decisions", "agent", json={"agent_id": agent, "action": "note", "approval_id": "f"})
    assert (problem(told).status, problem(told).decision) == (404, "block")
    assert served.store.changes.head() == before


TEXTS = ("a%00b", "%ed%a0%80", "x" * 300, "%25'\";--%0a", "..%2f")


def test_strange_text_in_addresses_is_no_error_of_ours(served: Plane, agent: str) -> None:
    approval_id = served.decide(agent, "ask")["approval_id"]
    before = served.store.changes.head()
    places = [
        ("GET", "/v1/agents/{}", "reader"),
        ("POST", "/v1/agents/{}/stop", "olga"),
        ("POST", "/v1/agents/{}/reset", "olga"),
        ("GET", "/v1/agents?project={}", "reader"),
        ("GET", "/v1/agents?after={}", "reader"),
        ("GET", "/v1/approvals/{}", "reader"),
        ("GET", "/v1/approvals?agent_id={}", "reader"),
        ("GET", "/v1/approvals?state={}", "reader"),
        ("GET", "/v1/decisions?agent_id={}", "reader"),
        ("GET", "/v1/decisions?project={}", "reader"),
        ("GET", "/v1/decisions/{}", "reader"),
        ("GET", "/v1/incidents?project={}", "reader"),
        ("GET", f"/v1/approvals/{approval_id}?wait={{}}", "reader"),
        ("PUT", "/v1/people/{}/role", "admin"),
        ("DELETE", "/v1/people/{}", "admin"),
    ]
    served.keys["admin"] = served.keys.get("admin") or served.store.keys.create(scopes={Scope.ADMIN}).secret
    before = served.store.changes.head()
    places += [(method, path, "admin") for method, path, who in places if "project=" in path]
    for method, path, who in places:
        for text in TEXTS:
            body = {"role": "viewer"} if method == "PUT" else {}
            more: dict[str, Any] = {} if method in ("GET", "DELETE") else {"json": body}
            answer = served.ask(method, path.format(text), who, **more)
            assert answer.status_code in (200, 404, 422), (method, path, text, answer.status_code, answer.text)
            if answer.status_code != 200:
                problem(answer)
    assert served.store.changes.head() == before


STRANGE: tuple[Any, ...] = (NUL, HALF, "x" * 600, 5, None)


def test_strange_text_in_what_people_say_is_no_error_of_ours(served: Plane, agent: str) -> None:
    served.keys["admin"] = served.keys.get("admin") or served.store.keys.create(scopes={Scope.ADMIN}).secret
    approval_id = served.decide(agent, "ask")["approval_id"]
    before = served.store.changes.head()
    places: list[tuple[str, str, str, dict[str, Any]]] = [
        (f"/v1/approvals/{approval_id}/approve", "note", "ann", {}),
        (f"/v1/approvals/{approval_id}/approve", "channel", "ann", {}),
        (f"/v1/approvals/{approval_id}/deny", "note", "ann", {}),
        (f"/v1/approvals/{approval_id}/cancel", "note", "olga", {}),
        (f"/v1/agents/{agent}/stop", "reason", "olga", {}),
        (f"/v1/agents/{agent}/stop", "project", "olga", {}),
        (f"/v1/agents/{agent}/stop", "project", "admin", {}),
        (f"/v1/agents/{agent}/reset", "reason", "olga", {}),
        (f"/v1/agents/{agent}/stop", "by", "olga", {}),
        ("/v1/people", "name", "admin", {"role": "viewer"}),
        ("/v1/people", "role", "admin", {"name": "x"}),
        ("/v1/keys", "person", "admin", {"projects": ["shop"], "scopes": ["read"]}),
    ]
    for path, name, who, more in places:
        for value in STRANGE:
            if (name, value) == ("project", None):
                continue
            answer = served.ask("POST", path, who, content=json.dumps(more | {name: value}).encode(), headers=JSON)
            assert 400 <= answer.status_code < 500, (path, name, value, answer.text)
            problem(answer)
    assert served.store.changes.head() == before


JSON = {"Content-Type": "application/json"}


def test_an_agent_whose_id_has_slashes_and_other_signs_can_be_stopped(served: Plane, agent: str) -> None:
    for agent_id in (f"team/{agent}", f"{agent}/stop", f"{agent}?a=b#c", f"ä {agent} 😀", f"{agent}%2F", f"../{agent}"):
        served.decide(agent_id, "note")
        with httpx.Client(trust_env=False) as client:
            quoted = "".join(f"%{byte:02x}" for byte in agent_id.encode())
            url = f"http://{served.address}/v1/agents/{quoted}"
            headers = {"Authorization": f"Bearer {served.keys['olga']}"}
            stopped = client.post(f"{url}/stop", headers=headers, json={"reason": "x"})
            assert stopped.status_code == 200, (agent_id, stopped.text)
            assert [one["agent_id"] for one in client.get(url, headers=headers).json()["agents"]] == [agent_id]
        assert served.decide(agent_id, "note")["agent_state"] == "stopped"


def test_agents_are_stopped_by_name_also_where_one_has_that_name_for_its_id(served: Plane, agent: str) -> None:
    served.decide(f"{agent}-1", "note", agent_name=agent)
    served.decide(agent, "note", agent_name="another name")
    done = served.post(f"/v1/agents/{agent}/stop", "olga", by="name").json()["agents"]
    assert [one["agent_id"] for one in done] == [f"{agent}-1"]
    assert served.decide(agent, "note")["allowed"]
    new = served.decide(f"{agent}-2", "note", agent_name=agent)
    assert (new["allowed"], new["agent_state"]) == (False, "stopped")
