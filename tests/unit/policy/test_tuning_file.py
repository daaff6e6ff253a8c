from dataclasses import fields
from pathlib import Path

import pytest

from sentric.errors import PolicyError
from sentric.policy.examples import failures
from sentric.policy.loader import load_policy, load_rules
from sentric.policy.rule import Tuning
from sentric.policy.tuning_file import TUNING


def tuned(tmp_path: Path, tuning: str) -> Tuning:
    path = tmp_path / "policy.yaml"
    path.write_text(f"policy: p\npacks: [runaway]\ntuning:\n{tuning}")
    return load_policy(path).tuning


def test_every_setting_of_the_signals_can_be_stated() -> None:
    assert set(TUNING) == {field.name for field in fields(Tuning)}


def test_limits_and_prices_are_read(tmp_path: Path) -> None:
    tuning = tuned(
        tmp_path,
        "  max_steps: 0\n  max_tokens: 1000\n  max_seconds: 60\n  max_cost: 2.5\n"
        "  input_token_price: 3\n  output_token_price: 0.01\n  pinned_tools: [files/read=0123456789abcdef]\n",
    )
    assert (tuning.max_steps, tuning.max_tokens, tuning.max_seconds, tuning.max_cost) == (0, 1000, 60, 2.5)
    assert (tuning.input_token_price, tuning.output_token_price) == (3.0, 0.01)
    assert tuning.pinned_tools == ("files/read=0123456789abcdef",)


@pytest.mark.parametrize(
    "wrong",
    [
        "max_cost: -1",
        "max_cost: .inf",
        "max_cost: .nan",
        "max_cost: much",
        "max_cost: true",
        "max_cost: [1]",
        "max_steps: -1",
        "max_steps: 1.5",
        "max_tokens: 99999999999999999999",
        "pinned_tools: [read]",
        "pinned_tools: [read=12]",
        "pinned_tools: [read=0123456789ABCDEF]",
        "closed: [everything]",
    ],
)
def test_what_is_no_limit_is_told_with_its_line(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(PolicyError) as raised:
        tuned(tmp_path, f"  {wrong}\n")
    assert f"policy.yaml:4: tuning.{wrong.partition(':')[0]}" in str(raised.value)


PACK = """\
pack: our-rules
rules:
  - id: too-many-steps
    title: Too many steps
    description: More steps than we want.
    severity: low
    decision: warn
    risk: 0
    category: runaway
    on: [action]
    when: size(signals.over_budget) > 0
    examples:
      match:
        - name: two steps where one is allowed
          tuning: {max_steps: 1}
          events: [{event: action, tool: a}, {event: action, tool: b}]
      no_match:
        - name: two steps where two are allowed
          tuning: {max_steps: %s}
          events: [{event: action, tool: a}, {event: action, tool: b}]
"""


def test_an_example_may_have_settings_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(PACK % "2")
    assert list(failures(load_rules([path]))) == []
    path.write_text(PACK % "1")
    [failure] = failures(load_rules([path]))
    assert "rules.yaml:18: too-many-steps: 'two steps where two are allowed' must not match" in failure


def test_a_wrong_setting_of_an_example_is_told(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(PACK % "few")
    with pytest.raises(PolicyError, match=r"rules.yaml:19: .*max_steps"):
        load_rules([path])
