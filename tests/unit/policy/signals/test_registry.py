import pytest

from sentric.policy.signals.family import variables
from sentric.policy.signals.origin import Origin
from sentric.policy.signals.registry import FAMILIES, registered


def test_families_that_state_the_same_fact_are_refused() -> None:
    with pytest.raises(ValueError, match=r"signals\.secure_origin is stated by Origin and by Origin"):
        registered(Origin, Origin)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_facts_have_defaults_and_plain_types(family: type) -> None:
    facts = family.facts  # type: ignore[attr-defined]  # a Family
    assert facts() == facts()
    assert set(variables(facts).values()) <= {bool, int, float, str, tuple[str, ...]}
