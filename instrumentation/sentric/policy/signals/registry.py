"""The signal families, in the order they are asked."""

from typing import Any

from sentric.policy.signals.consent import Consent
from sentric.policy.signals.family import Family, variables
from sentric.policy.signals.flow import Flow
from sentric.policy.signals.hesitation import Hesitation
from sentric.policy.signals.injection import Injection
from sentric.policy.signals.origin import Origin
from sentric.policy.signals.repetition import Repetition


def registered(*families: type[Family[Any]]) -> tuple[type[Family[Any]], ...]:
    """Check that no two families state a fact of the same name.

    Raises:
        ValueError: two do; the message names the fact and both.
    """
    stated: dict[str, str] = {}
    for family in families:
        for name in variables(family.facts):
            if name in stated:
                raise ValueError(f"signals.{name} is stated by {stated[name]} and by {family.__name__}")
            stated[name] = family.__name__
    return families


FAMILIES: tuple[type[Family[Any]], ...] = registered(Origin, Flow, Injection, Hesitation, Repetition, Consent)
