"""The signal families, in the order they are asked."""

from typing import Any

from sentric.policy.signals.approval import Approval
from sentric.policy.signals.arrival import Arrival
from sentric.policy.signals.budget import Budget
from sentric.policy.signals.business import Business
from sentric.policy.signals.codes import Codes
from sentric.policy.signals.commands import Commands
from sentric.policy.signals.consent import Consent
from sentric.policy.signals.family import Family, variables
from sentric.policy.signals.flow import Flow
from sentric.policy.signals.gaps import Gaps
from sentric.policy.signals.grants import Grants
from sentric.policy.signals.hesitation import Hesitation
from sentric.policy.signals.injection import Injection
from sentric.policy.signals.links import Links
from sentric.policy.signals.listed import Listed
from sentric.policy.signals.mandate import Mandate
from sentric.policy.signals.obedience import Obedience
from sentric.policy.signals.origin import Origin
from sentric.policy.signals.output import Output
from sentric.policy.signals.personal_data import Personal
from sentric.policy.signals.provenance import Provenance
from sentric.policy.signals.repetition import Repetition
from sentric.policy.signals.retries import Retries
from sentric.policy.signals.tools import Tools
from sentric.policy.signals.trifecta import Trifecta


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


FAMILIES: tuple[type[Family[Any]], ...] = registered(
    Origin,
    Flow,
    Injection,
    Obedience,
    Provenance,
    Hesitation,
    Repetition,
    Consent,
    Tools,
    Trifecta,
    Retries,
    Output,
    Budget,
    Gaps,
    Approval,
    Listed,
    Codes,
    Personal,
    Arrival,
    Grants,
    Links,
    Commands,
    Mandate,
    Business,
)
