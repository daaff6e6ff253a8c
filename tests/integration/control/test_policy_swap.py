"""Policies are put in force while decisions are made: each is by one of them, and by none that does not load."""

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import insert

from sentric.errors import PolicyError, SentricError
from sentric.policy.loader import load_bundle, load_policy
from sentric_analyzer.control import Grant, Scope
from sentric_analyzer.control.errors import UnknownPolicyError
from sentric_analyzer.control.policies import VersionPlace
from sentric_analyzer.control.tables import ACTIVATIONS, POLICIES
from sentric_analyzer.control_plane import ControlPlane
from sentric_analyzer.deciding import Asked
from sentric_analyzer.deciding.in_force import InForce
from sentric_analyzer.policies import Active, ActivePolicies
from support.planes import control_plane

RULE = """\
  - id: {id}
    title: A command
    description: What it means.
    severity: low
    decision: warn
    risk: 0
    category: oversight
    type: phrases
    pattern: evil-host
    over: [arguments]
"""
BROKEN = {"policy.yaml": "policy: c\npacks: [ours.yaml]\n"}
THREADS = 8


def policy(*ids: str) -> dict[str, str]:
    rules = "".join(RULE.format(id=name) for name in ids)
    return {"policy.yaml": "policy: p\npacks: [ours.yaml]\n", "ours.yaml": f"pack: ours\nrules:\n{rules}"}


POLICIES_OF = {load_bundle(policy(*ids)).digest: ids for ids in (("a",), ("b", "b-too"))}


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[ControlPlane]:
    with control_plane(tmp_path) as opened:
        opened.store.keys.create(projects=["shop"], scopes=[Scope.DECIDE])
        yield opened


def decided(plane: ControlPlane, number: int) -> tuple[str, tuple[str, ...]]:
    """By which policy, and by which rules."""
    asked = Asked(agent_id=f"agent-{number % THREADS}", action="run", arguments={"host": "evil-host", "n": number})
    by = Grant("key", ("shop",), frozenset({Scope.DECIDE}))
    answer = plane.decider.decide(asked, project="shop", by=by).answer
    return answer["policy_digest"], tuple(rule["id"] for rule in answer["rules"])


def swap(plane: ControlPlane, over: Event) -> int:
    """Put one and the other in force until it is over; how often."""
    policies, swaps = plane.store.policies, 0
    while not over.is_set():
        with pytest.raises(PolicyError):
            policies.save("shop", BROKEN, actor="local:c")
        assert policies.activate("shop", 1 + swaps % 2, actor="local:ada").number == swaps + 2
        swaps += 1
    return swaps


def decide_while_swapping(plane: ControlPlane, decisions: int) -> None:
    for ids in (("a",), ("b", "b-too")):
        plane.store.policies.save("shop", policy(*ids), actor="local:ada")
    plane.store.policies.activate("shop", 1, actor="local:ada")
    over = Event()
    with ThreadPoolExecutor(THREADS + 1) as pool:
        swaps = pool.submit(swap, plane, over)
        try:
            found = Counter(pool.map(lambda number: decided(plane, number), range(decisions)))
        finally:
            over.set()
        assert swaps.result() > 2
    assert found.total() == decisions
    assert set(found) == set(POLICIES_OF.items())
    assert [one.version for one in plane.store.policies.page(projects=["shop"], limit=9)] == [2, 1]
    assert plane.failure() == ""


def test_each_decision_is_by_one_policy_while_policies_are_swapped(plane: ControlPlane) -> None:
    decide_while_swapping(plane, 400)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_each_of_many_decisions_is_by_one_policy_while_policies_are_swapped(plane: ControlPlane) -> None:
    decide_while_swapping(plane, 10_000)


def forced(plane: ControlPlane, version: int, documents: dict[str, str]) -> None:
    """Put in force what this service would refuse: another one, which has other rules, may have done so."""
    stated: dict[str, Any] = {
        "project": "shop",
        "version": version,
        "digest": "0" * 16,
        "author": "local:x",
        "note": "",
    }
    with plane.store.changes.changing("local:x", copies=True) as change:
        change.connection.execute(insert(POLICIES).values(**stated, created=1.0, documents=json.dumps(documents)))
        change.connection.execute(insert(ACTIVATIONS).values(**stated, number=version, time=1.0))


def test_what_another_service_has_put_in_force_and_this_one_cannot_load_is_not_in_force(plane: ControlPlane) -> None:
    plane.store.policies.save("shop", policy("a"), actor="local:ada")
    plane.store.policies.activate("shop", 1, actor="local:ada")
    forced(plane, 2, BROKEN)
    assert decided(plane, 1)[1] == ("a",)
    assert "version 2 of the policy of project 'shop' cannot be loaded: policy.yaml:2" in plane.failure()
    activation, active = plane.in_force.current("shop")
    assert (activation and activation.number, active.documents) == (1, policy("a"))
    with pytest.raises(PolicyError):
        plane.store.policies.activate("shop", 2, actor="local:ada")
    plane.store.policies.activate("shop", 0, actor="local:ada")
    assert plane.failure() == ""
    assert decided(plane, 2)[0] == load_policy().digest


def test_a_service_does_not_start_by_a_policy_that_it_cannot_load(plane: ControlPlane) -> None:
    forced(plane, 1, BROKEN)
    with pytest.raises(SentricError, match="version 1 of the policy of project 'shop' cannot be loaded"):
        InForce(plane.store.policies, ActivePolicies(Active(load_policy()))).refresh()


def test_the_policy_of_the_settings_can_be_put_in_force_again_and_has_a_number(plane: ControlPlane) -> None:
    policies = plane.store.policies
    assert plane.in_force.current("shop")[0] is None
    with pytest.raises(UnknownPolicyError):
        policies.roll_back("shop", actor="local:ada")
    policies.save("shop", policy("a"), actor="local:ada")
    policies.activate("shop", 1, actor="local:ada")
    policies.roll_back("shop", actor="local:ada")
    activation, active = plane.in_force.current("shop")
    assert (activation and (activation.number, activation.version)) == (2, 0)
    assert active.digest == load_policy().digest
    assert plane.standing("shop", "agent", "")["policy_number"] == 2


def test_versions_are_paged_the_newest_first_over_all_projects(plane: ControlPlane) -> None:
    plane.store.keys.create(projects=["bank"], scopes=[Scope.DECIDE])
    for project, name in (("shop", "a"), ("bank", "b"), ("shop", "c"), ("bank", "d"), ("shop", "e")):
        plane.store.policies.save(project, policy(name), actor="local:ada")
    found, after = list[tuple[str, int]](), None
    while page := plane.store.policies.page(projects=None, after=after, limit=2):
        found += [(one.project, one.version) for one in page]
        after = VersionPlace(page[-1].created, page[-1].project, page[-1].version)
    assert found == [("shop", 3), ("bank", 2), ("shop", 2), ("bank", 1), ("shop", 1)]
    assert [one.version for one in plane.store.policies.page(projects=["bank"], limit=9)] == [2, 1]
    assert {name: one.number for name, one in plane.store.policies.latest(["shop"]).items()} == {}
