"""What the service is told of an action it is to decide about: redacted, as everything that leaves the process."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from sentric.policy.verdict import Match
from sentric.settings import DEFAULT_PROJECT

if TYPE_CHECKING:
    from sentric.guard.enforcement import Judged
    from sentric.guard.live_run import LiveRun

ERROR_LIMIT = 2048
"""Characters of why a rule could not be evaluated that the service takes."""


def wish_of(run: "LiveRun", judged: "Judged") -> dict[str, object]:
    """The JSON of `POST /v1/decisions`, with what the rules say here: they have seen the whole run."""
    action = judged.action
    # The default project is whatever the key's first one is.
    project = {} if run.settings.project == DEFAULT_PROJECT else {"project": run.settings.project}
    stated: dict[str, object] = {
        "agent_id": run.agent_id,
        "agent_name": run.agent_name,
        "action": action.tool,
        "arguments": dict(action.arguments),
        "server": action.server,
        "kind": action.kind.value,
        "effects": sorted(effect.value for effect in action.effects),
        "url": action.url,
        "element": None if action.element is None else asdict(action.element),
        "reasoning": action.reasoning.text,
        "context": dict(action.context),
        "task": run.task,
        "run_id": run.run_id,
        "call_id": action.call_id,
        "verdict": {"policy_digest": run.policy_digest, "rules": list(map(_rule, judged.verdict.matches))},
    }
    return project | stated


def _rule(match: Match) -> dict[str, object]:
    return {
        "id": match.rule.id,
        "title": match.rule.title,
        "severity": match.rule.severity.value,
        "decision": match.decision.value,
        "risk": match.risk,
        "would": None if match.would is None else match.would.value,
        "error": match.error[:ERROR_LIMIT],
        "evidence": {one.name: one.value for one in match.evidence},
    }
