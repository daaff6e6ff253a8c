"""Rules leave the shadow one by one, and go back into it: each time a new version of the policy in force, at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from sentric.errors import SentricError
from sentric.policy.loader import load_bundle
from sentric.policy.rule import Policy
from sentric_analyzer.control.changes import SYSTEM, Change
from sentric_analyzer.control.errors import PolicyChangedError
from sentric_analyzer.control.incidents import TURNED_BACK, Incidents, closed_of_rules, opened
from sentric_analyzer.control.policies import OWN, Activation, Policies, Version
from sentric_analyzer.deciding.readiness import rules_of
from sentric_analyzer.deciding.rule_changes import UnknownRuleError
from sentric_analyzer.deciding.rule_edits import Edited

NOTHING_KNOWN: Mapping[str, Mapping[str, Any]] = {}
AGENTS_TOLD = 10
"""Agents that an incident names."""


class ShadowError(SentricError):
    """A rule cannot be promoted, or not be put back."""


class Excess(NamedTuple):
    """A rule that has refused more agents than it may."""

    rule_id: str
    agents: tuple[str, ...]
    """Ids of those it refused last."""
    allowed: int
    window: int
    """Seconds."""

    def told(self) -> str:
        """In words."""
        return (
            f"rule {self.rule_id} was turned back into the shadow: it refused more than {self.allowed} agents within "
            f"{self.window} s, which is its error budget"
        )


class Promotions:
    """Puts versions in force in which rules are in shadow or not. Any thread may use it.

    Args:
        policies: where versions are kept.
        incidents: know of rules that were turned back.
        of_settings: gives the files of the policy of the settings, which stands where nothing was activated; None:
            they are not known.
    """

    def __init__(
        self, policies: Policies, incidents: Incidents, of_settings: Callable[[], Mapping[str, str] | None]
    ) -> None:
        self._policies = policies
        self._incidents = incidents
        self._of_settings = of_settings

    def in_force(self, project: str) -> tuple[Activation | None, Mapping[str, str]]:
        """What is in force for a project: since when, and its files.

        Raises:
            SentricError: it is the policy of the settings, and its files are not known.
        """
        activation = next(iter(self._policies.activations(project, limit=1)), None)
        if activation is not None and activation.version != OWN:
            return activation, self._policies.version(project, activation.version).documents
        if (documents := self._of_settings()) is None:
            raise SentricError("the files of the policy of the service's settings are not known")
        return activation, documents

    def change(
        self,
        project: str,
        rules: Sequence[str],
        *,
        shadow: bool,
        note: str = "",
        over: int | None = None,
        actor: str,
        known: Mapping[str, Mapping[str, Any]] = NOTHING_KNOWN,
    ) -> tuple[Version, Activation]:
        """Promote rules, or put them back into the shadow.

        A rule that was turned back may be put there again: so somebody confirms it, and its incident is closed.

        Args:
            project: whose.
            rules: ids.
            shadow: whether they go into the shadow.
            note: why, for people; empty: says which rules.
            over: number of the activation that the author has seen, 0 before the first; None: whatever is in force.
            actor: the author.
            known: what the author knew of the rules, by their ids, for the audit: JSON.

        Raises:
            UnknownRuleError: there is no such rule in force.
            ShadowError: a rule is there already, or the policy says otherwise for the project.
            PolicyChangedError: something else is in force by now.
            PolicyError: the policy in force cannot be loaded.
        """
        what = "policy.shadow" if shadow else "policy.promote"

        def also(change: Change) -> None:
            closed_of_rules(change, project, rules)
            for rule_id in rules:
                change.record(what, project=project, subject=rule_id, **known.get(rule_id, {}))

        said = note or f"{'in shadow' if shadow else 'promoted'}: {', '.join(rules)}"[:500]
        return self._put(project, rules, shadow, said, over, actor, also)

    def turn_back(self, project: str, excesses: Sequence[Excess], *, over: int) -> tuple[Version, Activation]:
        """Put rules back into the shadow that have refused more agents than they may. That is an incident each.

        Raises:
            PolicyChangedError: another activation than the one they were counted under is in force by now.
            SentricError: they cannot be turned back.
        """

        def also(change: Change) -> None:
            for one in excesses:
                detail: dict[str, Any] = {"rule": one.rule_id, "allowed": one.allowed, "window": one.window}
                change.record("policy.turn_back", project=project, subject=one.rule_id, **detail)
                opened(change, TURNED_BACK, project, "", one.told(), **detail, agents=one.agents[:AGENTS_TOLD])

        rules = [one.rule_id for one in excesses]
        note = f"turned back, over the error budget: {', '.join(rules)}"[:500]
        return self._put(project, rules, True, note, over, SYSTEM, also)

    def _put(
        self,
        project: str,
        rules: Sequence[str],
        shadow: bool,
        note: str,
        over: int | None,
        actor: str,
        also: Callable[[Change], None],
    ) -> tuple[Version, Activation]:
        activation, documents = self.in_force(project)
        now = activation.number if activation else 0
        if over is not None and over != now:
            raise PolicyChangedError(f"activation {now} of {project!r} is in force by now, not {over}: look at it")
        confirmed = self._incidents.turned_back(project) if shadow else ()
        _check(load_bundle(documents), project, [one for one in rules if one not in confirmed], shadow)
        edited = Edited.of(documents)
        for rule_id in dict.fromkeys(rules):
            edited = edited.with_override(rule_id, replace(edited.override(rule_id), shadow=shadow))
        made = edited.documents()
        _check_holds(load_bundle(made), project, rules, shadow)
        return self._policies.put_in_force(project, made, over=now, note=note, actor=actor, also=also)


def _check(policy: Policy, project: str, rules: Sequence[str], shadow: bool) -> None:
    known = {rule.id: rule for rule in rules_of(policy, project)}
    for rule_id in rules:
        if rule_id not in known:
            raise UnknownRuleError(f"no rule {rule_id[:200]!r} is in force for project {project!r}")
        if known[rule_id].shadow is shadow:
            what = "is in shadow already" if shadow else "is not in shadow: it decides already"
            raise ShadowError(f"rule {rule_id!r} {what}")


def _check_holds(policy: Policy, project: str, rules: Sequence[str], shadow: bool) -> None:
    for rule in rules_of(policy, project):
        if rule.id in rules and rule.shadow is not shadow:
            raise ShadowError(
                f"the policy says of rule {rule.id!r} for project {project!r} whether it is in shadow: change that in "
                "its file"
            )
