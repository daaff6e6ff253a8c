"""What the tests of guarded frameworks share: a policy with one rule for each decision, and tools that leave traces."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from fixtures.pipeline import Pipeline
from sentric.settings import Settings

PACK = """\
pack: guarded-test
description: One rule for each decision.
rules:
""" + "".join(
    f"""\
  - id: {decision}-{word}
    title: The word {word}
    description: It is in the tool's name or arguments.
    severity: medium
    decision: {decision}
    risk: {risk}
    category: test
    on: [action]
    when: action.tool.contains("{word}") || action.arguments.contains("{word}")
    examples:
      match: [{{name: it, events: [{{event: action, tool: {word}}}]}}]
      no_match: [{{name: other, events: [{{event: action, tool: other}}]}}]
"""
    for decision, word, risk in (("block", "erase", 10), ("ask", "wire", 10), ("warn", "peek", 10))
)


class Done(list[str]):
    """What tools have really done."""

    def tool(self, name: str) -> Callable[[str], str]:
        """A tool of that name, which says what it does with what."""

        def act(what: str) -> str:
            self.append(f"{name} {what}")
            return f"{name}: {what} is done"

        act.__name__ = name
        act.__doc__ = f"{name} something."
        return act


def settings(policy: Path, mode: str = "enforce", **stated: Any) -> Settings:
    """Of an agent that is held to that policy."""
    return Settings(policy=str(policy), mode=mode, redaction_key="k", guard_dir=str(policy.parent / "guard"), **stated)


def calls(pipeline: Pipeline) -> list[tuple[str, str]]:
    """The tools that were wanted, in order, and why each was refused, "" where it was not."""
    found = [span for span in pipeline.spans if span.name.startswith("execute_tool ")]
    found.sort(key=lambda span: span.attributes["sentric.sequence"])
    return [(span.attributes["gen_ai.tool.name"], span.attributes.get("sentric.refused", "")) for span in found]


def named(pipeline: Pipeline, name: str) -> list[Any]:
    """Spans of that name."""
    return [span for span in pipeline.spans if span.name == name]
