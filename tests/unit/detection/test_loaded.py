"""The policies that a process has loaded: few at a time, and none in another's place."""

import pytest

from sentric.errors import PolicyError, SentricError
from sentric.policy.loader import load_policy
from sentric_analyzer.detection.loaded import KEPT, LoadedPolicies
from sentric_analyzer.policies import OF_SETTINGS, Active, Bundle

OURS = load_policy()


class Asked:
    """Gives bundles, and notes for which it was asked."""

    def __init__(self, *known: Active) -> None:
        self.known = {active.source: active.bundle for active in known}
        self.sources: list[str] = []

    def __call__(self, source: str) -> Bundle | None:
        self.sources.append(source)
        return self.known.get(source)


def made(number: int) -> Active:
    return Active.load({"policy.yaml": f"policy: p\npacks: [browser]\ntuning: {{repeats: {number + 2}}}\n"})


def test_the_policy_of_the_settings_is_asked_for_nowhere() -> None:
    asked = Asked()
    loaded = LoadedPolicies(OURS, asked)
    assert loaded.get(OURS.digest, OF_SETTINGS) is OURS
    assert asked.sources == []


def test_a_policy_is_loaded_once_and_the_one_not_used_for_longest_is_given_up() -> None:
    actives = [made(number) for number in range(KEPT + 1)]
    asked = Asked(*actives)
    loaded = LoadedPolicies(OURS, asked)
    for active in (*actives[:KEPT], actives[0], actives[KEPT], actives[0]):
        assert loaded.get(active.digest, active.source).digest == active.digest
    assert asked.sources == [active.source for active in actives]
    loaded.get(actives[1].digest, actives[1].source)
    assert asked.sources[-1] == actives[1].source


def test_words_that_decide_nothing_are_those_of_the_bundle() -> None:
    one, other = (Active.load({"policy.yaml": f"policy: {name}\npacks: [browser]\n"}) for name in ("before", "after"))
    loaded = LoadedPolicies(OURS, Asked(one, other))
    assert one.digest == other.digest
    assert [loaded.get(active.digest, active.source).name for active in (one, other)] == ["before", "after"]


def test_no_other_policy_takes_the_place_of_one_that_cannot_be_loaded() -> None:
    strict, broken = made(1), Bundle({"policy.yaml": "policy: p\nnothing: here\n"})
    asked = Asked(strict, Active(OURS, broken))
    loaded = LoadedPolicies(OURS, asked)
    with pytest.raises(SentricError, match=r"are not known any more"):
        loaded.get(strict.digest, "of another")
    with pytest.raises(PolicyError, match=r"policy\.yaml:2: unknown key 'nothing'"):
        loaded.get(OURS.digest, broken.digest)
    with pytest.raises(SentricError, match=rf"the policy {OURS.digest} is {strict.digest} when it is loaded now"):
        loaded.get(OURS.digest, strict.source)
    with pytest.raises(SentricError, match=rf"the policy {strict.digest} is {OURS.digest} when it is loaded now"):
        loaded.get(strict.digest, OF_SETTINGS)
