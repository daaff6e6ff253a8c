"""Which route an approval takes: the first that is for it. Pure."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any, cast

from sentric.policy.rule import Severity
from sentric_analyzer.approvals.configuration import Route
from sentric_analyzer.control.approval import Approval


def route_of(approval: Approval, routes: Sequence[Route]) -> Route | None:
    """The route of an approval; None where none is for it: then nobody is sent anything."""
    return next((route for route in routes if _is_for(route, approval)), None)


def _is_for(route: Route, approval: Approval) -> bool:
    return (
        (not route.projects or _matches(approval.project, route.projects))
        and (route.tier is None or _tier(approval).rank() >= route.tier.rank())
        and (route.risk is None or _risk(approval) >= route.risk)
        and (not route.rules or any(_matches(rule, route.rules) for rule in _rules(approval)))
    )


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _tier(approval: Approval) -> Severity:
    try:
        return Severity(approval.tier)
    except ValueError:
        return Severity.CRITICAL  # of a newer Sentric: nobody is asked less than they might


def _risk(approval: Approval) -> int:
    risk = approval.request.get("risk")
    return risk if isinstance(risk, int) else 0


def _rules(approval: Approval) -> list[str]:
    """Ids of the rules that matched."""
    rules = approval.request.get("rules")
    stated: list[Any] = rules if isinstance(rules, list) else []
    return [str(cast("dict[str, Any]", rule).get("id")) for rule in stated if isinstance(rule, dict)]
