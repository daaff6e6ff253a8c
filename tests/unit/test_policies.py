"""Which policy each project is judged by, while the service runs."""

import pickle

import pytest

from sentric.errors import PolicyError
from sentric.policy.loader import load_policy
from sentric_analyzer.policies import OF_SETTINGS, Active, ActivePolicies, Bundle

STRICT = {"policy.yaml": "policy: strict\npacks: [browser]\n"}


def test_a_project_has_its_own_policy_or_that_of_the_settings() -> None:
    of_settings, strict = Active(load_policy()), Active.load(STRICT)
    policies = ActivePolicies(of_settings)
    assert policies.of("bank") is of_settings
    chosen = {"bank": strict}
    policies.replace(chosen)
    chosen.clear()
    assert (policies.of("bank"), policies.of("shop")) == (strict, of_settings)
    policies.replace({"shop": strict})
    assert (policies.of("bank"), policies.of("shop")) == (of_settings, strict)


def test_an_active_policy_says_where_it_came_from() -> None:
    documents = dict(STRICT)
    strict = Active.load(documents)
    documents.clear()
    assert strict.documents == STRICT
    assert strict.bundle is not None
    assert strict.source == strict.bundle.digest != OF_SETTINGS
    assert (strict.digest, strict.bundle.load().digest) == (strict.policy.digest,) * 2
    of_settings = Active(load_policy())
    assert (of_settings.documents, of_settings.source) == (None, OF_SETTINGS)
    assert of_settings.digest == load_policy().digest
    known = Active(strict.policy, strict.bundle, of_settings=True)
    assert (known.documents, known.source) == (STRICT, OF_SETTINGS)


def test_a_bundle_reaches_another_process_as_it_is() -> None:
    bundle = Bundle(STRICT, allow_loopback=True)
    told = pickle.loads(pickle.dumps(bundle))  # noqa: S301  # our own
    assert (told, told.digest) == (bundle, bundle.digest)
    assert told.load().tuning.allow_loopback


def test_the_digest_of_a_bundle_is_that_of_all_it_says_and_of_nothing_else() -> None:
    one = {"policy.yaml": "policy: p\n", "b.yaml": "x"}
    others = (
        {"policy.yaml": "policy: p\n# said\n", "b.yaml": "x"},
        {"policy.yaml": "policy: p\n", "b.yamlx": ""},
        {"policy.yaml": "policy: p\n", "b.yaml": "", "x": ""},
        {"policy.yaml": "policy: p\n", "b.yaml": "\ud800"},
    )
    digests = {Bundle(documents).digest for documents in (one, *others)}
    assert len({*digests, Bundle(one, "b.yaml").digest, Bundle(one, allow_loopback=True).digest}) == 7
    assert Bundle(dict(reversed(one.items()))).digest == Bundle(one).digest


def test_a_policy_that_does_not_load_never_becomes_active() -> None:
    with pytest.raises(PolicyError, match=r"policy\.yaml:2: unknown key 'polic'"):
        Active.load({"policy.yaml": "policy: p\npolic: q\n"})
