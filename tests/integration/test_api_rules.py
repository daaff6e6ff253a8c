"""Rules over REST: each change is a new version, which decides once it is activated."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from sentric.policy.loader import load_bundle, shipped_packs
from sentric_analyzer.api import ApiServer, create_app
from sentric_analyzer.api.access import Access
from sentric_analyzer.api.served import SERVE_FILE
from sentric_analyzer.control import Scope
from sentric_analyzer.control_plane import ControlPlane
from sentric_analyzer.storage import Store, embedded_url
from support.access import problem
from support.commands import sentric
from support.planes import control_plane

RULE: dict[str, Any] = {
    "id": "evil-host",
    "title": "A command for the evil host",
    "description": "What it means.",
    "severity": "high",
    "decision": "block",
    "risk": 60,
    "category": "oversight",
    "type": "phrases",
    "pattern": "evil-host",
    "over": ["arguments"],
}
TEXT = "# ours\n" + "".join(f"{name}: {value!s}   # said so\n" for name, value in RULE.items())
SETTINGS = "policy: settings\npacks: [browser]\n"
"""The policy of the service's settings: few rules load fast."""
SHIPPED = "credential-over-http"
_numbers = count(1)


@dataclass
class Asking:
    """Asks about a project of its own."""

    http: httpx.Client
    plane: ControlPlane
    project: str = field(default_factory=lambda: f"project-{next(_numbers)}")
    keys: dict[Scope, str] = field(default_factory=dict[Scope, str])

    def __post_init__(self) -> None:
        for scope in (Scope.ADMIN, Scope.READ, Scope.DECIDE):
            self.keys[scope] = self.plane.store.keys.create(projects=[self.project], scopes=[scope]).secret

    def ask(self, method: str, path: str, *, scope: Scope = Scope.ADMIN, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.keys[scope]}", **more.pop("headers", {})}
        return self.http.request(method, f"/v1/{path}", headers=headers, **more)

    def get(self, path: str, **parameters: Any) -> httpx.Response:
        return self.ask("GET", path, scope=Scope.READ, params=parameters)

    def done(self, method: str, path: str, **wish: Any) -> Any:
        """Change something, which must be possible."""
        given = {"params" if method == "DELETE" else "json": wish}
        answer = self.ask(method, path, scope=Scope.ADMIN, **given)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def rules(self, **parameters: Any) -> dict[str, Any]:
        return {rule["id"]: rule for rule in self.get("rules", **parameters).json()["rules"]}

    def decided(self) -> str:
        """What is decided about a command for the evil host."""
        wish = {"agent_id": f"a-{next(_numbers)}", "action": "fetch", "arguments": {"from": "evil-host"}}
        return str(self.ask("POST", "decisions", scope=Scope.DECIDE, json=wish).json()["decision"])


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, ControlPlane]]:
    data_dir = tmp_path_factory.mktemp("data")
    settings = data_dir / "settings.yaml"
    settings.write_text(SETTINGS)
    with Store.open(embedded_url(data_dir)) as store, control_plane(data_dir, policy=str(settings)) as plane:
        app = create_app(store, str, access=Access(plane.keys.ring, key_needed=True), plane=plane)
        with (
            ApiServer(app, "127.0.0.1:0") as server,
            httpx.Client(base_url=f"http://{server.address}", trust_env=False) as http,
        ):
            yield http, plane


@pytest.fixture
def asking(served: tuple[httpx.Client, ControlPlane]) -> Asking:
    return Asking(*served)


def test_a_rule_decides_once_the_version_that_has_it_is_activated(asking: Asking) -> None:
    assert asking.decided() == "allow"
    made = asking.done("POST", "rules", rule=RULE, note="why")
    assert (made["version"], made["note"], made["activation"], made["rule"]["in_force"]) == (1, "why", None, True)
    assert asking.decided() == "allow"
    asking.done("POST", "policies/1/activate")
    assert asking.decided() == "block"
    assert asking.done("PATCH", "rules/evil-host", decision="warn", activate=True)["activation"]["number"] == 2
    assert asking.decided() == "warn"
    assert asking.done("DELETE", "rules/evil-host", activate=True)["rule"] is None
    assert asking.decided() == "allow"
    asking.done("POST", "policies/roll-back")
    assert asking.decided() == "warn"


def test_every_rule_is_listed_with_what_becomes_of_it(asking: Asking) -> None:
    asking.done("POST", "rules", yaml=TEXT)
    asking.done("PATCH", f"rules/{SHIPPED}", severity="low", risk=1)
    rules = asking.rules()
    assert rules["evil-host"] == {
        **RULE,
        "maturity": "stable",
        "pack": "own-rules",
        "on": ["action"],
        "when": "",
        "score": False,
        "remediation": "",
        "references": [],
        "evidence": [],
        "shadow": False,
        "in_force": True,
        "origin": "own",
        "file": "own-rules.yaml",
        "overridden": {},
    }
    shipped = rules[SHIPPED]
    assert (shipped["origin"], shipped["file"], shipped["severity"], shipped["risk"]) == ("shipped", "", "low", 1)
    assert shipped["overridden"].keys() == {"severity", "risk"}
    assert shipped["when"]
    before = asking.rules(version=0)
    assert before.keys() == rules.keys() - {"evil-host"}
    assert before[SHIPPED]["overridden"] == {}
    assert {rule["in_force"] for rule in before.values()} == {True}

    one = asking.get("rules/evil-host")
    assert (one.json(), one.headers["ETag"]) == (rules["evil-host"] | {"version": 2}, '"2"')
    assert asking.get("rules/evil-host", version=1).json()["version"] == 1
    assert problem(asking.get("rules/evil-host", version=0)).status == 404
    assert problem(asking.get("rules", version=3)).status == 404

    paged, after = list[str](), None
    while True:
        page = asking.get("rules", limit=3, **({"after": after} if after else {})).json()
        paged += [rule["id"] for rule in page["rules"]]
        if (after := page["next"]) is None:
            break
    assert paged == list(rules)
    assert problem(asking.get("rules", after="nosuch")).status == 404


def test_what_people_wrote_stays_as_it_is(asking: Asking) -> None:
    written = {"policy.yaml": "policy: ours # a comment\npacks: [browser, theirs.yaml]\n"}
    theirs = "pack: theirs\nrules:\n  -  " + yaml.safe_dump(RULE | {"id": "theirs"}).replace("\n", "\n     ").rstrip()
    asking.done("POST", "policies", documents=written | {"theirs.yaml": theirs})
    asking.done("POST", "rules", yaml=TEXT)
    asking.done("PATCH", "rules/theirs", enabled=False)
    documents = asking.get("policies/3").json()["documents"]
    assert (documents["uploaded.yaml"], documents["theirs.yaml"]) == (written["policy.yaml"], theirs)
    assert "".join(f"    {line}\n" for line in TEXT.splitlines()) in documents["own-rules.yaml"]
    assert not asking.rules()["theirs"]["in_force"]
    asking.done("DELETE", "rules/evil-host")
    asking.done("PATCH", "rules/theirs", enabled=None)
    assert asking.get("policies/5").json()["documents"] == written | {"theirs.yaml": theirs}


def test_a_whole_export_loads_as_the_same_policy_elsewhere(asking: Asking) -> None:
    asking.done("POST", "rules", yaml=TEXT)
    made = asking.done("PATCH", f"rules/{SHIPPED}", enabled=False)
    documents = asking.get("policies/2").json()["documents"]
    assert load_bundle(documents).digest == made["digest"]
    other = Asking(asking.http, asking.plane)
    assert other.done("POST", "policies", documents=documents)["digest"] == made["digest"]
    assert other.done("PATCH", f"rules/{SHIPPED}", enabled=True)["version"] == 2
    assert other.rules()["evil-host"]["in_force"]


def test_rules_of_every_sort_of_origin_are_taken_away(asking: Asking) -> None:
    asking.done("POST", "rules", rule=RULE)
    assert asking.done("DELETE", f"rules/{SHIPPED}")["rule"]["in_force"] is False
    assert asking.rules()[SHIPPED]["overridden"] == {"enabled": True}
    assert asking.done("PATCH", f"rules/{SHIPPED}", enabled=True)["rule"]["in_force"] is True
    asking.done("DELETE", "rules/evil-host")
    assert problem(asking.ask("DELETE", "rules/evil-host")).status == 404


def test_a_rule_is_stated_anew(asking: Asking) -> None:
    asking.done("POST", "rules", rule=RULE)
    asking.done("PATCH", "rules/evil-host", decision="warn", enabled=False)
    made = asking.done("PUT", "rules/evil-host", rule=RULE | {"decision": "ask"})["rule"]
    assert (made["decision"], made["in_force"], made["overridden"]) == ("ask", False, {"enabled": True})
    assert problem(asking.ask("PUT", "rules/other", json={"rule": RULE})).status == 409
    assert problem(asking.ask("PUT", f"rules/{SHIPPED}", json={"rule": RULE | {"id": SHIPPED}})).status == 409
    assert problem(asking.ask("PUT", "rules/nosuch", json={"rule": RULE | {"id": "nosuch"}})).status == 404


@pytest.mark.parametrize("rule_id", ["evil-host", SHIPPED, "agent-stopped"])
def test_an_id_that_is_taken_is_refused(rule_id: str, asking: Asking) -> None:
    asking.done("POST", "rules", rule=RULE)
    refused = asking.ask("POST", "rules", json={"rule": RULE | {"id": rule_id}})
    assert problem(refused).status == 409
    assert len(asking.get("policies").json()["policies"]) == 1


@pytest.mark.parametrize(
    ("wish", "detail"),
    [
        ({}, "give either rule or yaml"),
        ({"rule": RULE, "yaml": TEXT}, "give either rule or yaml"),
        ({"rule": RULE | {"risk": 101, "more": 1}}, "rule.yaml:"),
        ({"rule": RULE | {"pattern": "a" * 200_000}}, "rule.yaml:"),
        ({"rule": {}}, "rule.yaml:1: needs 'id'"),
        ({"yaml": "a: &a [x]\nb: *a\n"}, "rule.yaml:2: aliases"),
        ({"yaml": "[" * 1000}, "rule.yaml:1: is nested deeper"),
        ({"yaml": TEXT + "---\n" + TEXT}, "is not YAML"),
        ({"yaml": TEXT.replace("evil-host   #", "../evil   #", 1)}, "is not a name like"),
        ({"yaml": ""}, "is empty"),
    ],
)
def test_what_is_no_rule_is_refused_and_nothing_is_kept(wish: dict[str, Any], detail: str, asking: Asking) -> None:
    refused = problem(asking.ask("POST", "rules", json=wish))
    assert refused.status == 422
    assert detail in refused.detail
    assert asking.get("policies").json()["policies"] == []


def test_what_others_have_changed_meanwhile_is_not_lost(asking: Asking) -> None:
    tag = asking.get("rules").headers["ETag"]
    assert tag == '"0"'
    made = asking.ask("POST", "rules", json={"rule": RULE}, headers={"If-Match": tag})
    assert made.status_code == 201
    for method, path, wish in (
        ("PATCH", f"rules/{SHIPPED}", {"risk": 1}),
        ("PUT", "rules/evil-host", {"rule": RULE}),
        ("POST", "rules", {"rule": RULE | {"id": "other"}}),
    ):
        assert problem(asking.ask(method, path, json=wish, headers={"If-Match": tag})).status == 412
        assert problem(asking.ask(method, path, json=wish | {"base": 0})).status == 409
    assert problem(asking.ask("DELETE", "rules/evil-host", headers={"If-Match": tag})).status == 412
    assert problem(asking.ask("DELETE", "rules/evil-host", params={"base": 0})).status == 409
    assert problem(asking.ask("DELETE", "rules/evil-host", headers={"If-Match": '"x"'})).status == 412
    assert asking.get("rules").headers["ETag"] == '"1"'
    for known in ('"1"', "*"):
        assert asking.ask("PATCH", f"rules/{SHIPPED}", json={"risk": 1}, headers={"If-Match": known}).status_code == 200


def test_changing_takes_an_admin(asking: Asking) -> None:
    asking.done("POST", "rules", rule=RULE)
    for method, path in (("POST", "rules"), ("PUT", "rules/evil-host"), ("PATCH", "rules/evil-host")):
        assert problem(asking.ask(method, path, scope=Scope.READ, json={"rule": RULE})).status == 403
    assert problem(asking.ask("PATCH", "rules/evil-host", json={"project": "other"})).status == 404


def test_own_rules_are_exported_as_a_pack_and_imported_elsewhere(asking: Asking) -> None:
    theirs = "pack: theirs\nrules:\n  - " + yaml.safe_dump(RULE | {"id": "theirs"}).replace("\n", "\n    ").rstrip()
    asking.done("POST", "policies", documents={"policy.yaml": "policy: p\npacks: [a.yaml]\n", "a.yaml": theirs + "\n"})
    asking.done("POST", "rules", yaml=TEXT)
    exported = asking.get("rules/export")
    assert exported.headers["content-type"].startswith("application/yaml")
    assert "# said so" in exported.text
    other = Asking(asking.http, asking.plane)
    other.done("POST", "rules/import", yaml=exported.text)
    assert {rule["id"] for rule in other.rules().values() if rule["origin"] == "own"} == {"theirs", "evil-host"}
    assert other.get("rules/export").text == exported.text
    refused = problem(other.ask("POST", "rules/import", json={"yaml": exported.text}))
    assert (refused.status, "and 1 more" in refused.detail) == (409, True)
    other.done("POST", "rules/import", yaml="pack: p\nrules:\n- " + TEXT.replace("\n", "\n  "), replace=True)
    assert {rule["id"] for rule in other.rules().values() if rule["origin"] == "own"} == {"evil-host"}
    nothing = Asking(asking.http, asking.plane).get("rules/export").text
    assert yaml.safe_load(nothing)["rules"] == []


def test_own_rules_are_exported_as_a_list_and_imported_elsewhere(asking: Asking) -> None:
    rules = [
        {
            "name": "Drop table",
            "type": "regex",
            "pattern": "(?i)drop +table",
            "severity": "critical",
            "decision": "block",
        },
        {"name": "Evil host", "type": "nlp", "pattern": "evil-host", "severity": "warning", "decision": "block"},
    ]
    asking.done("POST", "rules/import", yaml=yaml.safe_dump({"rules": rules}), form="list", activate=True)
    assert asking.decided() == "block"
    asking.done("POST", "rules", rule=RULE | {"id": "asks"})
    asking.done("PATCH", "rules/evil-host", decision="warn")
    listed = asking.get("rules/export", form="list").text
    assert listed.startswith("# left out: asks: such a list has no severity high\n")
    found = yaml.safe_load(listed)["rules"]
    assert [(rule["name"], rule["decision"]) for rule in found] == [("Drop table", "block"), ("Evil host", "warn")]


@pytest.mark.parametrize(
    ("text", "form", "problems"),
    [
        ("pack: p\nrules:\n  - id: One\n  - id: two\n", "pack", {("rules.yaml", 3), ("rules.yaml", 4)}),
        ("rules:\n  - name: x\n  - {name: y, type: regexp}\n", "list", {("rules.yaml", 2), ("rules.yaml", 3)}),
        ("policy: p\n", "pack", {("rules.yaml", 1)}),
        ("{", "pack", {("rules.yaml", 2)}),
        ("pack: p\nrules: []\n", "pack", {("rules.yaml", 1)}),
    ],
)
def test_what_cannot_be_imported_is_told_whole(
    text: str, form: str, problems: set[tuple[str, int]], asking: Asking
) -> None:
    refused = problem(asking.ask("POST", "rules/import", json={"yaml": text, "form": form}))
    assert refused.status == 422
    assert {(one.file, one.line) for one in refused.errors} == problems
    assert asking.get("policies").json()["policies"] == []


def test_a_shipped_pack_that_is_off_can_be_imported(asking: Asking) -> None:
    infra = next(path for path in shipped_packs() if path.stem == "infra").read_text()
    asking.done("POST", "rules/import", yaml=infra)
    own = [rule for rule in asking.rules().values() if rule["origin"] == "own"]
    assert {rule["in_force"] for rule in own} == {True}
    exported = asking.get("rules/export").text
    assert plain(exported)["rules"] == plain(infra)["rules"]


def plain(text: str) -> Any:
    return yaml.load(text, Loader=yaml.CSafeLoader)


def test_a_rule_is_held_in_shadow_and_promoted(asking: Asking) -> None:
    asking.done("POST", "rules", rule=RULE)
    held = asking.done("PATCH", "rules/evil-host", shadow=True, activate=True)
    assert (held["rule"]["shadow"], held["rule"]["overridden"]) == (True, {"shadow": False})
    assert asking.decided() == "warn"

    rollout = asking.get("policies/rollout").json()
    (rule,) = rollout["rules"]
    assert (rollout["version"], rollout["number"], rollout["runs"], rollout["days"]) == (2, 1, 0, 0)
    assert (rule["id"], rule["decision"], rule["shadow"], rule["advice"]) == ("evil-host", "block", True, "too_few")

    wish = {"rules": ["evil-host"], "note": "seen enough", "over": 1}
    for scope, status in ((Scope.READ, 403), (Scope.DECIDE, 403)):
        assert asking.ask("POST", "policies/promote", scope=scope, json=wish).status_code == status
    made = asking.done("POST", "policies/promote", **wish)
    assert (made["activation"]["number"], made["activation"]["note"]) == (2, "seen enough")
    assert [one["id"] for one in made["rules"]] == ["evil-host"]
    assert asking.decided() == "block"
    for what, refused, status, why in (
        ("promote", {"rules": ["evil-host"]}, 409, "rule 'evil-host' is not in shadow"),
        ("shadow", wish, 409, "is in force by now, not 1"),
        ("promote", {"rules": ["none"]}, 404, "no rule 'none'"),
    ):
        found = problem(asking.ask("POST", f"policies/{what}", json=refused))
        assert found.status == status
        assert why in found.detail
    assert asking.ask("POST", "policies/promote", json={"rules": []}).status_code == 422
    asking.done("POST", "policies/shadow", rules=["evil-host"])
    assert asking.decided() == "warn"


def test_the_commands_ask_the_service_that_runs(asking: Asking, tmp_path: Path) -> None:
    asking.done("POST", "rules", rule=RULE)
    asking.done("PATCH", "rules/evil-host", shadow=True, activate=True)
    served = {"http": asking.http.base_url.netloc.decode(), "pid": os.getpid()}
    (tmp_path / SERVE_FILE).write_text(json.dumps(served))
    options = ("--project", asking.project, "--data-dir", tmp_path)
    key = asking.keys[Scope.ADMIN]
    listed = sentric("policy", "suggest", "--rules", "--format", "json", *options, SENTRIC_API_KEY=key)
    assert [rule["id"] for rule in json.loads(listed.stdout)["rules"]] == ["evil-host"]
    done = sentric("policy", "activate", "--rule", "evil-host", *options, stdin=b"y\n", SENTRIC_API_KEY=key)
    assert "so far nothing, of 0 runs that it looked at" in done.stdout
    assert "decide from now on: evil-host" in done.stdout
    assert asking.decided() == "block"
    reading = asking.keys[Scope.READ]
    refused = sentric("policy", "activate", "--shadow", "evil-host", *options, SENTRIC_API_KEY=reading)
    assert (refused.returncode, "admin" in refused.stderr) == (3, True)
    sentric("policy", "activate", "--shadow", "evil-host", *options, SENTRIC_API_KEY=key)
    assert asking.decided() == "warn"
