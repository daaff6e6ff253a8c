import re
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from sentric.policy.loader import load_rules

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def generate() -> Any:
    spec = spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pages(generate: Any) -> dict[str, str]:
    return {name: page() for name, page in generate.pages().items()}


def test_every_rule_is_told_whole_on_the_page_of_its_pack(pages: dict[str, str]) -> None:
    for rule in load_rules():
        page = pages[f"reference/packs/{rule.pack}.md"].partition(f"\n## {rule.id}\n")[2].partition("\n## ")[0]
        assert rule.description in page
        assert rule.when in page
        assert rule.pattern in page
        assert page.count("<summary>It matches: ") == len(rule.match)
        assert page.count("<summary>It does not match: ") == len(rule.no_match)
        assert page.count("](https://") >= len([one for one in rule.references if one.startswith(("OWASP", "ATLAS"))])


def test_every_link_of_the_rules_leads_to_a_heading(pages: dict[str, str]) -> None:
    links = re.findall(r"\]\((packs/[a-z0-9-]+\.md)(?:#([a-z0-9-]+))?\)", pages["reference/rules.md"])

    assert len(links) > len(pages)
    for page, heading in links:
        assert not heading or f"\n## {heading}\n" in pages[f"reference/{page}"]


def test_every_link_of_the_api_leads_to_a_place(pages: dict[str, str]) -> None:
    page = pages["api.md"]
    links = set(re.findall(r"\]\(#([a-z_-]+)\)", page))
    assert len(links) > 30
    assert links <= set(re.findall(r'<a id="([a-z_-]+)"></a>', page))


def test_every_row_of_a_table_has_its_cells(pages: dict[str, str]) -> None:
    for table in re.findall(r"(?:^\|.*\|$\n)+", pages["api.md"], re.MULTILINE):
        assert len({row.count("|") for row in table.splitlines()}) == 1, table


def test_a_page_of_a_pack_that_is_gone_is_not_left_behind(
    generate: Any,
    pages: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(generate, "DOCS", tmp_path)
    monkeypatch.setattr(generate, "pages", lambda: {name: lambda page=page: page for name, page in pages.items()})
    monkeypatch.setattr(sys, "argv", ["generate.py"])
    assert generate.main() == 0
    (tmp_path / "reference" / "packs" / "gone.md").write_text("old")
    monkeypatch.setattr(sys, "argv", ["generate.py", "--check"])
    assert generate.main() == 1
    assert "docs/reference/packs/gone.md" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["generate.py"])
    assert generate.main() == 0
    assert not (tmp_path / "reference" / "packs" / "gone.md").exists()


def test_the_reference_says_what_the_code_says() -> None:
    done = subprocess.run([sys.executable, ROOT / "docs" / "generate.py", "--check"], capture_output=True, text=True)
    assert done.stderr == ""
    assert done.returncode == 0


def test_every_make_target_and_file_the_readme_names_exists() -> None:
    readme = (ROOT / "README.md").read_text()
    makefile = (ROOT / "Makefile").read_text()
    for word in readme.replace("`", " ").split("make ")[1:]:
        target = word.split()[0].strip(".,;:)")
        if target.isalpha() and target in {"setup", "demo", "test", "lint", "types", "fmt", "bench", "docs"}:
            assert f"\n{target}:" in makefile
