"""Decisions in a control store, by a policy in which the names of tools choose what is decided."""

import time
from typing import Any

from sentric.policy.loader import load_bundle
from sentric.policy.rule import Policy
from sentric.redaction import Redactor
from sentric_analyzer.control import Grant, Scope
from sentric_analyzer.control.store import ControlStore
from sentric_analyzer.deciding import Asked, Decider, Scorer

KEY = b"secret of tests, of thirty-two b"
RULES = {
    "warn": ("medium", "warn", 30),
    "ask": ("medium", "ask", 10),
    "ask_two": ("critical", "ask", 20),
    "block": ("high", "block", 40),
}
"""What is decided about the tool of a name: severity, decision and risk. About all others: allow."""


def _rule(name: str) -> str:
    severity, decision, risk = RULES[name]
    return f"""
  - id: tests-{name.replace("_", "-")}
    title: "Tests decide: {decision}"
    description: As the name of the tool says.
    severity: {severity}
    decision: {decision}
    risk: {risk}
    category: operations
    references: []
    on: [action]
    when: action.tool == "{name}"
    evidence: [action.tool, action.arguments]
    examples:
      match: [{{name: that, events: [{{event: action, tool: {name}}}]}}]
      no_match: [{{name: other, events: [{{event: action, tool: other}}]}}]
"""


DOCUMENTS = {
    "policy.yaml": "policy: tests\npacks: [./rules.yaml]\n",
    "rules.yaml": "pack: tests\ndescription: For tests.\nrules:" + "".join(map(_rule, RULES)),
}


def policy() -> Policy:
    """The policy of the tests."""
    return load_bundle(DOCUMENTS)


class Clock:
    """Gives the Unix seconds that it is set to."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def decider(store: ControlStore, of: Policy, scorer: Scorer | None = None) -> Decider:
    """What decides by a policy, in a store."""
    return Decider(store.decisions, lambda project: of, lambda: Redactor(KEY), KEY, time.time_ns, scorer=scorer)


def grant(key_id: str = "0" * 12, *, person: str = "", project: str = "shop") -> Grant:
    """What a key that may decide allows."""
    return Grant(key_id, (project,), frozenset({Scope.DECIDE}), None, person)


def asked(agent_id: str, action: str, **more: Any) -> Asked:
    """An action."""
    return Asked(agent_id=agent_id, action=action, **more)
