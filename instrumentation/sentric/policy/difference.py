"""What is different between two policies, for people to read before one takes the place of the other."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from sentric.policy.rule import Layer, Policy, Rule

_NOT_COMPARED = frozenset({"match", "no_match", "file", "line", "pack", "default"})
_FIELDS = tuple(field.name for field in fields(Rule) if field.name not in _NOT_COMPARED)


@dataclass(frozen=True, slots=True)
class Change:
    """One value that is not the same."""

    subject: str
    """The id of a rule, `tuning`, or the runs a layer is about."""
    field: str
    before: Any
    """None where the first policy says nothing."""
    after: Any


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that is not the same in two policies."""

    digests: tuple[str, str]
    added: tuple[Rule, ...]
    """Rules in force in the second only."""
    removed: tuple[Rule, ...]
    """Rules in force in the first only."""
    changes: tuple[Change, ...]
    """Values that changed: of rules in force in both, of the tuning, and for some runs only."""

    @property
    def decides_alike(self) -> bool:
        """Whether both policies give the same verdicts; descriptions may still differ."""
        return self.digests[0] == self.digests[1]


def difference(before: Policy, after: Policy) -> Difference:
    """Compare two policies.

    Rules come in the order of the policies, fields in the order of their documentation.
    """
    old, new = ({rule.id: rule for rule in policy.rules} for policy in (before, after))
    return Difference(
        digests=(before.digest, after.digest),
        added=tuple(rule for rule in after.rules if rule.id not in old),
        removed=tuple(rule for rule in before.rules if rule.id not in new),
        changes=(
            *(change for rule in before.rules if rule.id in new for change in _rule(rule, new[rule.id])),
            *_values("tuning", asdict(before.tuning), asdict(after.tuning)),
            *_values("error_budget", _budgets(before), _budgets(after)),
            *_layers(before.layers, after.layers),
        ),
    )


def _rule(before: Rule, after: Rule) -> Iterator[Change]:
    old, new = ({name: getattr(rule, name) for name in _FIELDS} for rule in (before, after))
    return _values(before.id, old, new)


def _values(subject: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for name in dict.fromkeys((*before, *after)):
        if (old := before.get(name)) != (new := after.get(name)):
            yield Change(subject, name, old, new)


def _budgets(policy: Policy) -> dict[str, dict[str, int]]:
    return {name: asdict(budget) for name, budget in policy.error_budgets}


def _layers(before: tuple[Layer, ...], after: tuple[Layer, ...]) -> Iterator[Change]:
    old, new = _by_runs(before), _by_runs(after)
    for runs in dict.fromkeys((*old, *new)):
        yield from _values(runs, old.get(runs, {}), new.get(runs, {}))


def _by_runs(layers: tuple[Layer, ...]) -> dict[str, dict[str, Any]]:
    """What layers say, by the runs they are about; later ones stand instead of earlier ones."""
    said: dict[str, dict[str, Any]] = {}
    for layer in layers:
        runs = f"agents {layer.agent}" if layer.project == "*" else f"projects {layer.project}"
        values = said.setdefault(runs, {})
        for name, override in layer.overrides:
            values.update({f"{name}.{key}": value for key, value in asdict(override).items() if value is not None})
        values.update({f"tuning.{name}": value for name, value in layer.tuning})
        if layer.shadow:
            values["shadow"] = layer.shadow
    return said
