"""A policy of which some rules want a language model's score."""

from sentric.policy.loader import load_bundle
from sentric.policy.rule import Policy

RULES = {
    "weigh": ("weigh", "low", "allow", 0, "true", "true"),
    "weigh-warned": ("weigh_warned", "low", "warn", 30, "true", "true"),
    "weigh-asked": ("weigh_asked", "medium", "ask", 10, "true", "true"),
    "weigh-blocked": ("weigh_blocked", "high", "block", 40, "true", "true"),
    "weigh-in-debt": ("weigh_in_debt", "low", "allow", 0, "run.risk > 0", "true"),
    "ask-in-debt": ("weigh", "low", "ask", 0, "run.risk > 0", "false"),
}
"""By the ids of rules: the tool, severity, decision, risk, on what condition besides, and whether it is scored."""


def _rule(name: str) -> str:
    tool, severity, decision, risk, also, score = RULES[name]
    state = "" if also == "true" else ", state: {risk: 5}"
    return f"""
  - id: {name}
    title: "Tests weigh: {decision}"
    description: As the name of the tool says.
    severity: {severity}
    decision: {decision}
    risk: {risk}
    category: operations
    on: [action]
    when: action.tool == "{tool}" && {also}
    score: {score}
    evidence: [action.tool, action.arguments]
    examples:
      match: [{{name: that, events: [{{event: action, tool: {tool}{state}}}]}}]
      no_match: [{{name: other, events: [{{event: action, tool: other}}]}}]
"""


DOCUMENTS = {
    "policy.yaml": "policy: tests\npacks: [./rules.yaml]\n",
    "rules.yaml": "pack: weighing\ndescription: For tests.\nrules:" + "".join(map(_rule, RULES)),
}


def policy() -> Policy:
    """The policy of the tests."""
    return load_bundle(DOCUMENTS)
