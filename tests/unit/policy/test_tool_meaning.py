from pathlib import Path

import pytest

from sentric.errors import PolicyError
from sentric.events import Effect, Kind
from sentric.policy.loader import load_policy
from sentric.policy.tool_meaning import ToolMeaning

POLICY = """
policy: ours
packs: [browser]
tuning:
  lexicon:
    "Zorp_*": {kind: payment, effects: [send, pay]}
    lab/peek: {effects: []}
"""


def test_a_policy_says_what_tools_do(tmp_path: Path) -> None:
    (path := tmp_path / "policy.yaml").write_text(POLICY)
    policy = load_policy(path)
    assert policy.tuning.lexicon == (
        ToolMeaning("zorp_*", Kind.PAYMENT, (Effect.SEND, Effect.PAY)),
        ToolMeaning("lab/peek", None, ()),
    )
    assert policy.digest != load_policy().digest


def test_a_pattern_is_about_a_tool_with_or_without_its_server() -> None:
    assert ToolMeaning("zorp_*").is_about("Zorp_all", "")
    assert ToolMeaning("lab/*").is_about("peek", "Lab")
    assert not ToolMeaning("zorp").is_about("zorps", "lab")


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("{kind: payments}", "'payments' is not one of"),
        ("{effects: [paying]}", "'paying' is not one of"),
        ("{effect: [pay]}", "unknown key 'effect'"),
        ("{}", "needs 'kind' or 'effects'"),
    ],
)
def test_mistakes_in_a_lexicon_are_told(tmp_path: Path, entry: str, problem: str) -> None:
    (path := tmp_path / "policy.yaml").write_text(f"policy: ours\ntuning:\n  lexicon:\n    zorp: {entry}\n")
    with pytest.raises(PolicyError, match=problem):
        load_policy(path)
