"""The guide to runs as tests shows what the command says."""

import re
from pathlib import Path

import pytest

from support.commands import sentric

GUIDE = Path(__file__).parents[2] / "docs" / "testing.md"
SHOWN = re.findall(r"```(\w+)\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)


def shown(language: str, beginning: str = "") -> str:
    (text,) = [text for name, text in SHOWN if name == language and text.startswith(beginning)]
    return text


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tests" / "agents").mkdir(parents=True)
    (tmp_path / "tests" / "agents" / "login.yaml").write_text(shown("yaml", "fixture:"), encoding="utf-8")
    (tmp_path / "policy.yaml").write_text(shown("yaml", "policy:"), encoding="utf-8")
    return tmp_path


def test_the_fixture_is_what_the_shipped_rules_decide(place: Path) -> None:
    assert sentric("test", "tests/agents").stdout == "1 fixture: 1 the same\n"


def test_the_weakened_policy_says_what_is_shown(place: Path) -> None:
    done = sentric("test", "tests/agents", "--policy", "policy.yaml")
    assert (done.returncode, done.stdout) == (1, shown("text"))


def test_the_fixture_is_written_as_it_is_shown(place: Path) -> None:
    assert sentric("test", "tests/agents", "--policy", "policy.yaml", "--update").returncode == 0
    assert sentric("test", "tests/agents", "--update").returncode == 0
    written = (place / "tests" / "agents" / "login.yaml").read_text(encoding="utf-8")
    digest = re.compile(r"(?m)^policy: .*$")
    assert digest.sub("", written) == digest.sub("", shown("yaml", "fixture:"))


def test_the_test_that_is_shown_passes_and_fails(place: Path) -> None:
    scope: dict[str, object] = {}
    exec(compile(shown("python"), str(GUIDE), "exec"), scope)  # noqa: S102  # our own guide
    judge = scope["test_verdicts_are_what_they_were"]
    assert callable(judge)
    with pytest.raises(AssertionError):
        judge(Path("tests/agents/login.yaml"))
    (place / "policy.yaml").write_text("policy: team\n")
    judge(Path("tests/agents/login.yaml"))
