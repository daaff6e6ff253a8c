"""The guides say what the code does: their files load, and everything that can be set is told."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from sentric.policy.examples import failures
from sentric.policy.lists import pack_of, read_list
from sentric.policy.loader import load_policy, load_rules, shipped_packs
from sentric.policy.rule import Decision, Maturity, Over, RuleType, Scope, Severity, Tuning
from sentric.policy.rule_file import ALL
from sentric.policy.variables import declared

ROOT = Path(__file__).parents[2]
GUIDES = ("README.md", "docs/policies.md", "docs/rules.md")


def _files(guide: str, *begin: str) -> list[str]:
    """The files of some sorts that a guide shows."""
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / guide).read_text(), re.DOTALL)
    return [block for block in blocks if block.startswith(begin)]


def _pack_of(guide: str) -> str:
    return next(pack for name in (guide, "README.md") for pack in _files(name, "pack: our-rules"))


@pytest.mark.parametrize("guide", GUIDES)
def test_every_policy_and_pack_of_a_guide_loads_and_its_examples_hold(guide: str, tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "company.yaml").write_text("policy: company\n")
    (tmp_path / "our.yaml").write_text(_pack_of(guide))
    shown = _files(guide, "policy:", "pack:")
    assert shown
    for number, text in enumerate(shown):
        path = tmp_path / f"shown-{number}.yaml"
        path.write_text(text)
        assert load_policy(path).rules
        assert list(failures(rule for rule in load_rules([path]) if rule.file.startswith(str(tmp_path)))) == []


@pytest.mark.parametrize("guide", ["README.md", "docs/rules.md"])
def test_the_list_that_a_guide_shows_becomes_a_pack(guide: str, tmp_path: Path) -> None:
    (shown,) = _files(guide, "rules:")
    (tmp_path / "words.yaml").write_text(shown)
    (tmp_path / "pack.yaml").write_text(pack_of(read_list(tmp_path / "words.yaml"), "words"))
    assert {rule.type for rule in load_rules([tmp_path / "pack.yaml"])} == {RuleType.REGEX, RuleType.PHRASES}


def test_every_setting_of_policies_is_in_their_guide() -> None:
    guide = (ROOT / "docs" / "policies.md").read_text()
    assert [field.name for field in fields(Tuning) if f"`{field.name}`" not in guide] == []


def test_the_packs_are_in_the_readme_and_said_to_be_on_or_off() -> None:
    readme = (ROOT / "README.md").read_text()
    for path in shipped_packs():
        state = "on" if load_rules([path])[0].default else "off"
        assert re.search(rf"\| \[{path.stem}\]\(docs/reference/packs/{path.stem}\.md\) \| .* \| {state} \|", readme)


def test_the_guide_for_rules_tells_every_variable_and_every_choice() -> None:
    guide = (ROOT / "docs" / "rules.md").read_text()
    variables = {name for scope in Scope for name in declared(scope) if not name.startswith("signals.")}
    assert [
        name for name in sorted(variables) if name not in guide and f"`.{name.rpartition('.')[2]}`" not in guide
    ] == []
    for choices in (Severity, Decision, RuleType, Over, Scope, Maturity, (ALL,)):
        assert [choice for choice in choices if f"`{choice}`" not in guide and f"type: {choice}" not in guide] == []


@pytest.mark.parametrize(
    "page", sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("docs/decisions/*.md")])
)
def test_every_link_within_the_documentation_leads_somewhere(page: Path) -> None:
    for target, heading in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", page.read_text()):
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), f"{page.name} links to {target}"
        if heading:
            assert heading in _headings(path), f"{page.name} links to #{heading} of {path.name}"


def _headings(page: Path) -> set[str]:
    """The names that links may lead to: of a page's headings, as code forges make them, and of its own anchors."""
    text = page.read_text()
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return set(re.findall(r'^<a id="([^"]+)"></a>$', text, re.MULTILINE)) | {
        re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles
    }
