"""What the service is told of an action it is to decide about: redacted, as everything that leaves the process.

Where no content is captured, none is told either. An approval must still hold for this very action and for no other:
so each argument is told as its fingerprint.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

from sentric.events import JsonValue
from sentric.policy.seen import excerpts
from sentric.policy.verdict import Match
from sentric.settings import DEFAULT_PROJECT
from sentric.tracing.attributes import place, structure

if TYPE_CHECKING:
    from sentric.guard.enforcement import Judged
    from sentric.guard.live_run import LiveRun

ERROR_LIMIT = 2048
"""Characters of why a rule could not be evaluated that the service takes."""
UNTOLD = "why is content, and no content is captured"
"""Said of a rule that could not be evaluated instead of the reason, which may quote what it read."""


def wish_of(run: "LiveRun", judged: "Judged") -> dict[str, object]:
    """The JSON of `POST /v1/decisions`, with what the rules say here: they have seen the whole run."""
    action, content = judged.action, run.content
    # The default project is whatever the key's first one is.
    project = {} if run.settings.project == DEFAULT_PROJECT else {"project": run.settings.project}
    element = action.element if content or action.element is None else structure(action.element)
    stated: dict[str, object] = {
        "agent_id": run.agent_id,
        "agent_name": run.agent_name,
        "action": action.tool,
        "arguments": _told(run, action.arguments),
        "server": action.server,
        "kind": action.kind.value,
        "effects": sorted(effect.value for effect in action.effects),
        "url": action.url if content else place(action.url),
        "element": None if element is None else asdict(element),
        "reasoning": action.reasoning.text if content else "",
        "context": _told(run, action.context),
        "task": run.task if content else "",
        "seen": _seen(run, judged),
        "run_id": run.run_id,
        "call_id": action.call_id,
        "verdict": {
            "policy_digest": run.policy_digest,
            "rules": [_rule(match, content=content) for match in judged.verdict.matches],
        },
    }
    return project | stated


def _told(run: "LiveRun", values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    return dict(values) if run.content else {name: run.intake.fingerprint(value) for name, value in values.items()}


def _seen(run: "LiveRun", judged: "Judged") -> list[dict[str, str]]:
    """What people are shown of what the agent has seen before; nothing where no content is captured."""
    found = excerpts(run.heard.latest.seen, judged.verdict.matches)
    return [{"source": one.source.value, "origin": one.origin, "excerpt": one.text} for one in found]


def _rule(match: Match, *, content: bool) -> dict[str, object]:
    wants_score: dict[str, object] = {"score": True} if match.wants_score else {}
    return wants_score | {
        "id": match.rule.id,
        "title": match.rule.title,
        "severity": match.rule.severity.value,
        "decision": match.decision.value,
        "risk": match.risk,
        "would": None if match.would is None else match.would.value,
        "error": match.error[:ERROR_LIMIT] if content else UNTOLD if match.error else "",
        "evidence": {one.name: one.value for one in match.evidence} if content else {},
    }
