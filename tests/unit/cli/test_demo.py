"""`sentric demo` says in one line what it needs, before it starts anything."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from sentric.errors import MissingDependencyError
from sentric_analyzer.cli import demo as module
from sentric_analyzer.cli.demo import demo, demo_files


def test_a_missing_chromium_is_one_line_with_the_cure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    error = CliRunner().invoke(demo).exception

    assert isinstance(error, MissingDependencyError)
    assert str(error) == "Chromium is not installed: install it first (Debian: apt-get install chromium)"


def test_a_missing_browser_use_is_one_line_with_the_cure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    chromium = tmp_path / "chromium"
    chromium.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda _: None)
    error = CliRunner().invoke(demo).exception

    assert isinstance(error, MissingDependencyError)
    assert str(error) == "browser-use is not installed: pip install browser-use"


def test_the_programs_of_the_demo_are_found_in_a_checkout() -> None:
    assert {"agent.py", "attacker.py", "model.py", "shop.py"} <= {path.name for path in demo_files().iterdir()}


def test_the_programs_of_the_demo_are_found_beside_an_installed_analyzer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "_demo").mkdir()
    monkeypatch.setattr(module.resources, "files", lambda _: tmp_path)

    assert demo_files() == tmp_path / "_demo"


def test_the_agent_knows_nothing_of_sentric() -> None:
    program = (demo_files() / "agent.py").read_text()

    assert "import sentric" not in program
    assert "from sentric" not in program
