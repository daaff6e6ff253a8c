from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from fixtures.pipeline import Pipeline
from sentric.guard.live_run import About, LiveRun
from sentric.settings import Settings

PACK = """\
pack: guard-test
description: Rules for tests of the guard.
rules:
  - id: no-orders
    title: The page gives orders
    description: A text that was seen holds the word.
    severity: medium
    decision: warn
    risk: 20
    category: prompt_injection
    on: [observation]
    when: observation.text.contains("obey me")
    examples:
      match: [{name: unused, events: [{event: observation, source: page, origin: x, text: obey me}]}]
      no_match: [{name: unused, events: [{event: observation, source: page, origin: x, text: hello}]}]
  - id: no-shell
    title: A shell is used
    description: A shell is used.
    severity: critical
    decision: block
    risk: 90
    category: execution
    on: [shell]
    when: action.tool == "shell"
    examples:
      match: [{name: unused, events: [{event: action, tool: shell, kind: shell}]}]
      no_match: [{name: unused, events: [{event: action, tool: bash, kind: shell}]}]
"""


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    pack = tmp_path / "pack.yaml"
    pack.write_text(PACK)
    return Settings(policy=str(pack), redaction_key="test", project="shop")


@pytest.fixture
def begin(pipeline: Pipeline, settings: Settings) -> Callable[..., LiveRun]:
    """Begin a run at time 1000, which each look at the clock moves on by one."""
    clock = count(1000)

    def begin(**stated: Any) -> LiveRun:
        given = {"agent": "shopper", "framework": "test 1.0", "agent_id": "a-1", "task": "Buy a duck"}
        of_run = {name: stated.pop(name) for name in ("settings", "subject", "secrets", "run_id") if name in stated}
        chosen = of_run.pop("settings", settings)
        about = About(**(given | stated))
        return LiveRun(pipeline.telemetry, chosen, about, clock=lambda: next(clock), **({"run_id": "r-1"} | of_run))

    return begin
