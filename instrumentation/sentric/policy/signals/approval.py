"""Approvals that a caller asserts: one that was given for something cannot be given for something else."""

import json
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from typing import ClassVar

from sentric.events import Action, Effect, JsonValue
from sentric.policy.readers.actions.reading import reading
from sentric.policy.readers.words.lexicon import words
from sentric.policy.readers.words.text import leaves
from sentric.policy.rule import Scope, Tuning
from sentric.policy.signals.family import Facts, Family

APPROVALS_KEPT = 1024
"""Approvals remembered; the one not used for the longest time is forgotten first."""
ID_LENGTH = 128
"""Longest text that is taken for the id of an approval."""
SHORTEST_ID = 3

_KEYS = words(
    "approval approvalid approvalnumber approvalno approvalref approvalreference approvalcode approvaltoken "
    "approvalticket approvalrequest approvalrequestid changeapproval changeapprovalid approvedby authorizationnumber "
    "authorizationcode authorizationid authorisationid authorisationnumber"
)
"""Names of arguments that hold the id of an approval, in lower case and without separators."""
_CHANGING = frozenset({Effect.WRITE, Effect.SEND, Effect.EXECUTE, Effect.DELETE, Effect.PAY, Effect.GRANT})


@dataclass(frozen=True, slots=True)
class ApprovalFacts(Facts):
    """Facts about approvals that are asserted."""

    stated_about: ClassVar[tuple[Scope, ...]] = (Scope.ACTION,)

    approval_id: str = ""
    """The approval that the caller asserts, in the action's context or among its arguments: a claim, not a fact."""
    approval_reused: bool = False
    """It was asserted before, for another tool or for other arguments."""
    approval_first_use: str = ""
    """The tool it was asserted for first."""


_NOTHING = ApprovalFacts()


class Approval(Family[ApprovalFacts]):
    """Remembers what each asserted approval was used for."""

    facts = ApprovalFacts

    def __init__(self, tuning: Tuning) -> None:
        super().__init__(tuning)
        self._used: OrderedDict[str, tuple[str, str]] = OrderedDict()
        """Of each approval, the tool and the digest of what it was first used for."""

    def action(self, action: Action) -> ApprovalFacts:
        """Compare what an approval is asserted for with what it was asserted for before."""
        asserted = asserted_approval(action)
        if not asserted:
            return _NOTHING
        if action.effects.isdisjoint(_CHANGING) or "approv" in action.tool.lower():
            return ApprovalFacts(approval_id=asserted)  # looked up, requested or waited for: not yet used
        use = (action.tool, _digest(action))
        first = self._used.setdefault(asserted, use)
        self._used.move_to_end(asserted)
        if len(self._used) > APPROVALS_KEPT:
            self._used.popitem(last=False)
            self.evict("approvals")
        return ApprovalFacts(asserted, first != use, first[0])


def asserted_approval(action: Action) -> str:
    """The id of the approval that an action claims to have; "" where it claims none."""
    for key, text in (*leaves(action.context), *reading(action).arguments):
        if _is_key(key) and SHORTEST_ID <= len(text) <= ID_LENGTH and any(map(str.isdigit, text)):
            return text.strip()
    return ""


def _is_key(key: str) -> bool:
    # Most keys are short and about something else: only those that can match are taken apart.
    return ("appro" in key or "authori" in key) and key.replace("_", "").replace("-", "").replace(" ", "") in _KEYS


def _digest(action: Action) -> str:
    rest: dict[str, JsonValue] = {key: value for key, value in action.arguments.items() if not _is_key(key.lower())}
    stated = json.dumps(rest, sort_keys=True, default=str)
    return sha256(f"{action.server}\0{stated}".encode()).hexdigest()
