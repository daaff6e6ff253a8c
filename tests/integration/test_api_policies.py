"""Policies over REST: history, roll-back, lost updates, what is refused, and what guards are given."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from sentric.errors import PolicyError
from sentric.policy.loader import load_bundle, load_policy
from sentric.policy.supply import verified
from sentric_analyzer.api import ApiServer, create_app
from sentric_analyzer.api.access import Access
from sentric_analyzer.control import Scope
from sentric_analyzer.control_plane import ControlPlane
from sentric_analyzer.storage import Store, embedded_url
from support.access import problem
from support.planes import control_plane

STRICT = "policy: strict   # a comment\npacks: [browser]\n"
LAX = "policy: lax\npacks: [browser]\noverride: {credential-over-http: {decision: warn}}\n"
_numbers = count(1)


@dataclass
class Asking:
    """Asks about a project of its own."""

    http: httpx.Client
    plane: ControlPlane
    project: str = field(default_factory=lambda: f"project-{next(_numbers)}")
    keys: dict[Scope, str] = field(default_factory=dict[Scope, str])

    def __post_init__(self) -> None:
        for scope in (Scope.ADMIN, Scope.OPERATE, Scope.READ, Scope.DECIDE):
            self.keys[scope] = self.plane.store.keys.create(projects=[self.project], scopes=[scope]).secret

    def ask(self, method: str, path: str, *, scope: Scope = Scope.ADMIN, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.keys[scope]}", **more.pop("headers", {})}
        return self.http.request(method, f"/v1/{path}", headers=headers, **more)

    def get(self, path: str, **parameters: Any) -> Any:
        answer = self.ask("GET", path, scope=Scope.READ, params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def save(self, text: str, **more: Any) -> Any:
        answer = self.ask("POST", "policies", json={"text": text, **more})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def decided_by(self) -> str:
        """Digest of the policy that decides now."""
        wish = {"agent_id": "a", "action": "click"}
        return str(self.ask("POST", "decisions", scope=Scope.DECIDE, json=wish).json()["policy_digest"])


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, ControlPlane]]:
    data_dir: Path = tmp_path_factory.mktemp("data")
    with Store.open(embedded_url(data_dir)) as store, control_plane(data_dir) as plane:
        app = create_app(store, str, access=Access(plane.keys.ring, key_needed=True), plane=plane)
        with (
            ApiServer(app, "127.0.0.1:0") as server,
            httpx.Client(base_url=f"http://{server.address}", trust_env=False) as http,
        ):
            yield http, plane


@pytest.fixture
def asking(served: tuple[httpx.Client, ControlPlane]) -> Asking:
    return Asking(*served)


def test_a_version_decides_once_it_is_activated_and_no_longer_once_it_is_rolled_back(asking: Asking) -> None:
    usual = load_policy().digest
    assert asking.decided_by() == usual
    first, second = asking.save(STRICT, note="the first"), asking.save(LAX)
    assert [(one["version"], one["active"], one["activation"]) for one in (first, second)] == [
        (1, False, None),
        (2, False, None),
    ]
    assert asking.decided_by() == usual
    for version in (1, 2):
        done = asking.ask("POST", f"policies/{version}/activate", json={"note": "now"}).json()
        assert (done["number"], done["version"], done["note"]) == (version, version, "now")
        assert asking.decided_by() == done["digest"] == load_bundle({"policy.yaml": (STRICT, LAX)[version - 1]}).digest
    assert asking.ask("POST", "policies/roll-back", json={}).json()["version"] == 1
    assert asking.decided_by() == first["digest"]
    assert asking.ask("POST", "policies/0/activate", json={}).json()["number"] == 4
    assert asking.decided_by() == usual

    history = asking.get("policies/activations", limit=3)
    assert [(one["number"], one["version"]) for one in history["activations"]] == [(4, 0), (3, 1), (2, 2)]
    last = asking.get("policies/activations", after=history["next"])
    assert ([one["number"] for one in last["activations"]], last["next"]) == ([1], None)
    records = asking.plane.store.changes.records(project=asking.project, what=("policy.save", "policy.activate"))
    assert [record.what.removeprefix("policy.") for record in records] == ["save"] * 2 + ["activate"] * 4


def test_versions_are_listed_the_newest_first_and_read_word_for_word(asking: Asking) -> None:
    asking.save(STRICT, note="first")
    asking.save(LAX, activate=True)
    page = asking.get("policies", limit=1)
    assert [(one["version"], one["active"], one["note"]) for one in page["policies"]] == [(2, True, "")]
    assert "documents" not in page["policies"][0]
    rest = asking.get("policies", after=page["next"])
    assert [(one["version"], one["active"], one["note"]) for one in rest["policies"]] == [(1, False, "first")]
    assert rest["policies"][0]["author"].startswith("key:")
    whole = asking.get("policies/1")
    assert whole == rest["policies"][0] | {"documents": {"policy.yaml": STRICT}}
    own = asking.get("policies/0")
    assert (own["created"], own["active"], own["documents"]) == (
        None,
        False,
        {"policy.yaml": "policy: sentric\npacks: [default]\n"},
    )
    assert problem(asking.ask("GET", "policies/3")).status == 404
    assert asking.get("policies", project="other")["policies"] == []


def test_what_others_have_changed_meanwhile_is_not_lost(asking: Asking) -> None:
    asking.save(STRICT, base=0)
    refused = asking.ask("POST", "policies", json={"text": LAX, "base": 0})
    assert problem(refused).status == 409
    assert "is 1, not 0" in problem(refused).detail
    assert asking.save(LAX, base=1)["version"] == 2
    assert asking.save(LAX, base=2)["version"] == 2  # word for word the same: nothing new


def test_a_bad_policy_is_told_whole_and_nothing_is_kept(asking: Asking) -> None:
    documents = {
        "policy.yaml": "policy: p\npacks: [ours.yaml, default]\npolic: x\ndisable: [nosuch]\n",
        "ours.yaml": "pack: ours\nrules:\n  - id: One\n    risk: 700\n" + "    x: 1\n" * 30,
    }
    refused = problem(asking.ask("POST", "policies", json={"documents": documents, "activate": True}))
    assert (refused.status, refused.type) == (422, "urn:sentric:problem:policy-does-not-load")
    told = {(one.file, one.line) for one in refused.errors}
    assert {("policy.yaml", 3), ("policy.yaml", 4), ("ours.yaml", 3), ("ours.yaml", 4)} <= told
    assert len(refused.errors) > 30
    assert f"and {len(refused.errors) - 1} more" in refused.detail
    valid = asking.ask("POST", "policies/validate", scope=Scope.OPERATE, json={"documents": documents}).json()
    assert (valid["valid"], valid["digest"], valid["rules"], valid["more"]) == (False, None, 0, 0)
    assert {(one["file"], one["line"]) for one in valid["problems"]} == told
    assert asking.get("policies")["policies"] == asking.get("policies/activations")["activations"] == []
    assert asking.decided_by() == load_policy().digest


@pytest.mark.parametrize(
    ("wish", "status", "detail"),
    [
        ({}, 422, "give either documents or text"),
        ({"text": "x", "documents": {}}, 422, "give either documents or text"),
        ({"documents": {"../policy.yaml": STRICT}}, 422, "is no name of a file"),
        ({"documents": {}}, 422, "has no file 'policy.yaml'"),
        ({"text": "a: &a [x]\nb: [*a, *a]\n"}, 422, "aliases"),
        ({"text": STRICT, "note": "x" * 513}, 422, "note"),
        ({"text": STRICT, "note": "\0"}, 422, "note"),
        ({"text": STRICT, "project": "other"}, 404, "there is no such project: the key is for project-"),
        ({"text": "x" * (4 << 20)}, 413, "more than 4194304 bytes"),
    ],
)
def test_what_cannot_be_kept_is_refused(wish: dict[str, Any], status: int, detail: str, asking: Asking) -> None:
    refused = problem(asking.ask("POST", "policies", json=wish))
    assert refused.status == status
    assert detail in refused.detail
    assert asking.get("policies")["policies"] == []


def test_a_policy_of_up_to_4_mib_is_taken(asking: Asking) -> None:
    long = "# " + "x" * 1_000_000 + "\n"
    packs = {f"{n}.yaml": long + f"pack: p\nrules:\n  - {{id: x-{n}, type: phrases}}\n" for n in range(4)}
    documents = {"policy.yaml": f"policy: p\npacks: [{', '.join(packs)}]\n", **packs}
    refused = problem(asking.ask("POST", "policies", json={"documents": documents}))
    assert (refused.status, refused.errors[0].file) == (422, "0.yaml")


def test_what_is_valid_is_told_and_not_kept(asking: Asking) -> None:
    told = asking.ask("POST", "policies/validate", json={"text": LAX}).json()
    expected = load_bundle({"policy.yaml": LAX})
    assert told == {"valid": True, "digest": expected.digest, "rules": len(expected.rules), "problems": [], "more": 0}
    assert problem(asking.ask("POST", "policies/validate", scope=Scope.READ, json={"text": LAX})).status == 403
    assert asking.get("policies")["policies"] == []


def test_what_was_never_there_cannot_be_put_in_force(asking: Asking) -> None:
    asking.save(STRICT)
    assert problem(asking.ask("POST", "policies/2/activate", json={})).status == 404
    assert problem(asking.ask("POST", "policies/roll-back", json={})).status == 404
    assert asking.get("policies/activations")["activations"] == []
    assert problem(asking.ask("POST", "policies/1/activate", scope=Scope.OPERATE, json={})).status == 403


def test_a_difference_is_told(asking: Asking) -> None:
    asking.save(STRICT, activate=True)
    asking.save(LAX)
    told = asking.get("policies/difference")
    assert (told["before"], told["after"], told["decides_alike"]) == (1, 2, False)
    assert told["changes"] == [
        {"subject": "credential-over-http", "field": "decision", "before": "block", "after": "warn"}
    ]
    assert (told["added"], told["removed"]) == ([], [])
    more = asking.get("policies/difference", before=0, after=1)
    assert {one["pack"] for one in more["removed"]} >= {"flow", "injection"}
    assert asking.get("policies/difference", before=0, after=0)["decides_alike"] is True


def active(asking: Asking, **headers: str) -> httpx.Response:
    return asking.ask("GET", "policies/active", scope=Scope.DECIDE, headers=headers)


def test_a_guard_is_given_what_is_in_force_and_can_check_it(asking: Asking) -> None:
    key = asking.get("policies/key")
    assert key == {"key_id": asking.plane.signer.key_id, "public_key": asking.plane.signer.public_key}
    number = 0
    for version, text in ((0, None), (1, STRICT), (2, LAX)):
        if text is not None:
            asking.save(text, activate=True)
            number += 1
        supply = verified(active(asking).json(), key["public_key"], project=asking.project, least=number)
        assert (supply.version, supply.number, supply.key_id) == (version, number, key["key_id"])
        assert supply.documents["policy.yaml"] == (text or "policy: sentric\npacks: [default]\n")
        assert load_bundle(supply.documents, supply.main).digest == supply.digest == asking.decided_by()
    old = active(asking).json()
    asking.ask("POST", "policies/0/activate", json={})
    supply = verified(active(asking).json(), key["public_key"], project=asking.project, least=3)
    assert (supply.version, supply.number, supply.digest) == (0, 3, load_policy().digest)
    with pytest.raises(PolicyError, match="an older one: activation 2, and 3 is known"):
        verified(old, key["public_key"], project=asking.project, least=3)


def test_what_a_guard_knows_is_not_sent_again(asking: Asking) -> None:
    first = active(asking)
    tag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "no-cache"
    for known in (tag, f'"other", {tag}', tag.removeprefix("W/"), "*"):
        again = active(asking, **{"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert active(asking, **{"If-None-Match": '"other"'}).status_code == 200
    asking.save(STRICT, activate=True)
    changed = active(asking, **{"If-None-Match": tag})
    assert (changed.status_code, changed.json()["version"]) == (200, 1)
    assert changed.headers["ETag"] != tag
    asking.ask("POST", "policies/1/activate", json={})  # the same, put in force again: the number has grown
    assert active(asking, **{"If-None-Match": changed.headers["ETag"]}).json()["number"] == 2


def test_a_project_that_is_not_there_has_no_policy(asking: Asking) -> None:
    everywhere = asking.plane.store.keys.create(projects=[], scopes=[Scope.ADMIN]).secret
    for project in ("nosuch", "a\nb", ""):
        headers = {"Authorization": f"Bearer {everywhere}"}
        answer = asking.http.get("/v1/policies/active", params={"project": project}, headers=headers)
        assert problem(answer).status == 404
        saved = asking.http.post("/v1/policies", json={"project": project, "text": STRICT}, headers=headers)
        assert problem(saved).status == 404
    assert asking.http.get("/v1/policies/active", headers=headers).json()["project"] == "default"


def test_a_key_of_several_projects_names_one(asking: Asking) -> None:
    other = Asking(asking.http, asking.plane)
    both = asking.plane.store.keys.create(projects=[asking.project, other.project], scopes=[Scope.ADMIN]).secret
    asking.keys[Scope.ADMIN] = both
    refused = problem(asking.ask("POST", "policies", json={"text": STRICT}))
    assert (refused.status, asking.project in refused.detail) == (422, True)
    assert asking.save(STRICT, project=other.project)["project"] == other.project
    assert other.get("policies")["policies"][0]["version"] == 1
