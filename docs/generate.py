"""Generates pages from the code: the REST API; settings, attributes, signals, rules, and a page for each pack.

usage: generate.py [--check]
With --check nothing is written; the pages that differ from the code are named and the exit status is 1.
"""

import ast
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from functools import cache, partial
from html import escape
from inspect import getdoc, getsource
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import yaml

from sentric import semconv
from sentric.event_json import event_to_json
from sentric.events import Action
from sentric.policy.loader import load_rules
from sentric.policy.needs import needs_of
from sentric.policy.risk import BUILT_IN
from sentric.policy.rule import Example, Rule
from sentric.policy.signals.family import variables
from sentric.policy.signals.registry import FAMILIES
from sentric.settings import Settings
from sentric.stated import PREFIX, Section
from sentric_analyzer.api.app import published_description
from sentric_analyzer.visible import visible

DOCS = Path(__file__).parent
sys.path.append(str(DOCS))  # also where it is not run as a program

from api_page import api_rows  # noqa: E402

_AGENTIC = "https://genai.owasp.org/resource/owasp-top-10-for-agentic-applications-for-2026/"
_LLM = "https://genai.owasp.org/llmrisk/"
OWASP = {
    "OWASP-ASI01": ("Agent Goal Hijack", _AGENTIC),
    "OWASP-ASI02": ("Tool Misuse and Exploitation", _AGENTIC),
    "OWASP-ASI03": ("Identity and Privilege Abuse", _AGENTIC),
    "OWASP-ASI04": ("Agentic Supply Chain Vulnerabilities", _AGENTIC),
    "OWASP-ASI05": ("Unexpected Code Execution", _AGENTIC),
    "OWASP-ASI06": ("Memory and Context Poisoning", _AGENTIC),
    "OWASP-ASI07": ("Insecure Inter-Agent Communication", _AGENTIC),
    "OWASP-ASI08": ("Cascading Failures", _AGENTIC),
    "OWASP-ASI09": ("Human-Agent Trust Exploitation", _AGENTIC),
    "OWASP-ASI10": ("Rogue Agents", _AGENTIC),
    "OWASP-LLM01": ("(2025) Prompt Injection", f"{_LLM}llm01-prompt-injection/"),
    "OWASP-LLM02": ("(2025) Sensitive Information Disclosure", f"{_LLM}llm022025-sensitive-information-disclosure/"),
    "OWASP-LLM03": ("(2025) Supply Chain", f"{_LLM}llm032025-supply-chain/"),
    "OWASP-LLM04": ("(2025) Data and Model Poisoning", f"{_LLM}llm042025-data-and-model-poisoning/"),
    "OWASP-LLM05": ("(2025) Improper Output Handling", f"{_LLM}llm052025-improper-output-handling/"),
    "OWASP-LLM06": ("(2025) Excessive Agency", f"{_LLM}llm062025-excessive-agency/"),
    "OWASP-LLM07": ("(2025) System Prompt Leakage", f"{_LLM}llm072025-system-prompt-leakage/"),
    "OWASP-LLM08": ("(2025) Vector and Embedding Weaknesses", f"{_LLM}llm082025-vector-and-embedding-weaknesses/"),
    "OWASP-LLM09": ("(2025) Misinformation", f"{_LLM}llm092025-misinformation/"),
    "OWASP-LLM10": ("(2025) Unbounded Consumption", f"{_LLM}llm102025-unbounded-consumption/"),
}
"""The OWASP Top 10 for Agentic Applications, and that for LLM applications of 2025, with pages that explain them."""


def settings_page() -> str:
    """Every setting."""
    rows = ["| environment variable | type | default | what it does |", "|---|---|---|---|"]
    for setting in fields(Settings):
        if setting.type is Section:
            rows.append(f"| only in the file: `{setting.name}` | list | | {setting.metadata['doc']} |")
            continue
        name = f"`{PREFIX}{setting.name.upper()}`"
        if setting.metadata["secret"]:
            name += f"<br>`{PREFIX}{setting.name.upper()}_FILE`"
        default = f"`{setting.default}`" if setting.default != "" else ""
        kind = setting.type.__name__ if isinstance(setting.type, type) else setting.type
        rows.append(f"| {name} | {kind} | {default} | {setting.metadata['doc']} |")
    intro = (
        "A value is taken from the first of: an argument, the environment, the file `sentric.yaml` in the working "
        "directory (same names in lower case, without the prefix), the default."
    )
    return _page("Settings", intro, rows)


def attributes_page() -> str:
    """Every attribute and event name."""
    rows = ["| name | what it holds |", "|---|---|"]
    described = dict(_constants(semconv))
    rows += [f"| `{getattr(semconv, name)}` | {text} |" for name, text in described.items() if name != "SCHEMA_VERSION"]
    intro = (
        "`gen_ai.*`, `mcp.*`, `error.type` and `url.*` are OpenTelemetry's; `sentric.*` are ours, at schema version "
        f"{semconv.SCHEMA_VERSION}."
    )
    return _page("Attributes", intro, rows)


def signals_page() -> str:
    """Every signal."""
    rows: list[str] = []
    for family in FAMILIES:
        described = dict(_field_docs(family.facts))
        rows += ["", f"## {family.__name__}", "", (getdoc(family) or "").splitlines()[0], ""]
        rows += ["| variable | type | what it says |", "|---|---|---|"]
        for name, kind in variables(family.facts).items():
            shown = getattr(kind, "__name__", str(kind)).replace("tuple", "list of text")
            rows.append(f"| `signals.{name}` | {shown} | {described.get(name, '')} |")
    return _page("Signals", "Facts that code states about an event, for rules to use in their conditions.", rows)


def rules_page() -> str:
    """The index of the shipped rules, and what they cover."""
    rows: list[str] = []
    for pack, rules in _packs().items():
        rows += [
            "",
            f"## [{pack}](packs/{pack}.md)",
            "",
            _pack_intro(pack, rules),
            "",
            *_rule_table(rules, f"packs/{pack}.md"),
        ]
    rows += ["", "## engine", "", "Judged by the engine itself: in force whatever the policy says.", ""]
    rows += [*_rule_table(BUILT_IN, ""), "", "## What the rules cover", "", *_coverage()]
    intro = (
        "Severity says how strongly the evidence shows harm; decision says how much oversight is wanted. They are "
        "independent: asking about every payment is oversight, and no payment is harm for that. Each pack has a page."
    )
    return _page("Rules", intro, rows)


def pack_page(pack: str) -> str:
    """The rules of one pack, whole."""
    rules = _packs()[pack]
    rows = [*_rule_table(rules, "")]
    for rule in rules:
        rows += ["", f"## {rule.id}", "", f"**{rule.title}**{_off(rule)}", "", rule.description, ""]
        rows += ["| severity | decision | risk | looks at | needs | category |", "|---|---|---|---|---|---|"]
        looks_at, needed = ", ".join(rule.on or rule.over), ", ".join(needs_of(rule))
        rows += [f"| {rule.severity} | {rule.decision} | {rule.risk} | {looks_at} | {needed} | {rule.category} |", ""]
        rows += [*_matches_where(rule), ""]
        if rule.evidence:
            rows += ["*Evidence*: " + ", ".join(f"`{name}`" for name in rule.evidence), ""]
        if rule.remediation:
            rows += [f"*What to do*: {rule.remediation}", ""]
        if rule.references:
            rows += ["*References*: " + ", ".join(_link(reference) for reference in rule.references), ""]
        rows += [*_examples("It matches", rule.match), *_examples("It does not match", rule.no_match)]
    return _page(f"Pack: {pack}", f"{_pack_intro(pack, rules)} [All rules](../rules.md)", rows)


@cache
def _rules() -> tuple[Rule, ...]:
    return tuple(load_rules())


def _packs() -> dict[str, list[Rule]]:
    packs: dict[str, list[Rule]] = {}
    for rule in _rules():
        packs.setdefault(rule.pack, []).append(rule)
    return packs


def _pack_intro(pack: str, rules: list[Rule]) -> str:
    """What the pack is about, and how it is turned on."""
    file = Path(rules[0].file)
    stated = " ".join(str(yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader).get("description", "")).split())
    return stated if rules[0].default else f"{stated} Off by default; a policy turns it on: `packs: [default, {pack}]`."


def _off(rule: Rule) -> str:
    return f" (off: {rule.maturity})" if rule.maturity != "stable" else ""


def _rule_table(rules: Iterable[Rule], page: str) -> Iterator[str]:
    yield "| rule | what it finds | severity | decision | risk |"
    yield "|---|---|---|---|---|"
    for rule in rules:
        name = f"`{rule.id}`" if rule.pack == "engine" else f"[{rule.id}]({page}#{rule.id})"
        yield f"| {name} | {rule.title}{_off(rule)} | {rule.severity} | {rule.decision} | {rule.risk} |"


def _matches_where(rule: Rule) -> list[str]:
    if rule.when:
        return ["```", rule.when, "```"]
    return [f"{rule.type} over {', '.join(rule.over)}:", "", "```", rule.pattern, "```"]


def _examples(title: str, examples: Iterable[Example]) -> Iterator[str]:
    """Examples as a pack writes them, one event a line; characters that cannot be seen are named."""
    for example in examples:
        yield f"<details><summary>{title}: {escape(example.name, quote=False)}</summary>\n\n````yaml"
        if example.tuning:
            yield f"# with tuning: {_flow(dict(example.tuning))}"
        last = ""
        for event in example.events:
            record = event_to_json(event)
            obvious = {"sequence"} | ({"action_id"} if record.get("action_id") == last else set())
            last = event.event_id if isinstance(event, Action) else last
            yield "- " + _flow({name: value for name, value in record.items() if name not in obvious})
        yield "````\n\n</details>\n"


def _flow(value: object) -> str:
    plain = json.loads(json.dumps(value))  # tuples and enumerations as what they are written as
    text = yaml.safe_dump(plain, default_flow_style=True, allow_unicode=True, width=sys.maxsize, sort_keys=False)
    return visible(text.rstrip("\n"))


def _coverage() -> Iterator[str]:
    """Every risk of the two OWASP lists with the rules that speak of it."""
    by_reference: dict[str, list[Rule]] = {}
    for rule in _rules():
        for reference in rule.references:
            by_reference.setdefault(reference, []).append(rule)
    yield "| risk | rules |"
    yield "|---|---|"
    for reference in OWASP:
        rules = by_reference.get(reference, [])
        named = ", ".join(f"[{rule.id}](packs/{rule.pack}.md#{rule.id})" for rule in rules)
        yield f"| {_link(reference)} | {named or 'no rule'} |"
    techniques = sorted(reference for reference in by_reference if reference.startswith("ATLAS-"))
    yield f"\nMITRE ATLAS techniques: {', '.join(map(_link, techniques))}."


def _link(reference: str) -> str:
    """A reference with the page that explains it."""
    scheme, _, number = reference.partition("-")
    if reference in OWASP:
        title, address = OWASP[reference]
        return f"[{reference.removeprefix('OWASP-')} {title}]({address})"
    match scheme:
        case "ATLAS":
            return f"[AML.{number}](https://atlas.mitre.org/techniques/AML.{number})"
        case "CWE":
            return f"[{reference}](https://cwe.mitre.org/data/definitions/{number}.html)"
        case _:
            return f"<{reference}>"


def api_page() -> str:
    """Every route of the REST API."""
    document = published_description()
    return _page("The REST API", document["info"]["description"].strip(), api_rows(document))


PAGES: dict[str, Callable[[], str]] = {
    "api.md": api_page,
    "reference/settings.md": settings_page,
    "reference/attributes.md": attributes_page,
    "reference/signals.md": signals_page,
    "reference/rules.md": rules_page,
}


def pages() -> dict[str, Callable[[], str]]:
    """Every page, by its path in docs/."""
    return PAGES | {f"reference/packs/{pack}.md": partial(pack_page, pack) for pack in _packs()}


def _page(title: str, intro: str, rows: list[str]) -> str:
    head = [f"# {title}", "", "<!-- Generated by `make docs`: change the code instead. -->", "", intro, ""]
    return "\n".join([*head, *rows]).replace("\n\n\n", "\n\n") + "\n"


def _constants(module: ModuleType) -> Iterator[tuple[str, str]]:
    """The documented constants of a module: name and docstring."""
    yield from _documented(ast.parse(getsource(module)).body)


def _field_docs(cls: type) -> Iterator[tuple[str, str]]:
    """The documented fields of a class: name and docstring."""
    tree = ast.parse(getsource(cls)).body[0]
    assert isinstance(tree, ast.ClassDef)
    yield from _documented(tree.body)


def _documented(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for statement, after in pairwise(body):
        if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
            continue
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            yield statement.target.id, " ".join(str(after.value.value).split())


def main() -> int:
    """Write the pages, or compare them."""
    wanted = pages()
    stale = [name for name, page in wanted.items() if not _matches(DOCS / name, page())]
    packs = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.glob("reference/packs/*.md"))
    left_over = [name for name in packs if name not in wanted]
    if "--check" in sys.argv[1:]:
        for name in [*stale, *left_over]:
            print(f"error: docs/{name} is not what the code says: run `make docs`", file=sys.stderr)
        return 1 if stale or left_over else 0
    for name in stale:
        (DOCS / name).parent.mkdir(parents=True, exist_ok=True)
        (DOCS / name).write_text(wanted[name](), encoding="utf-8")
        print(f"wrote docs/{name}")
    for name in left_over:
        (DOCS / name).unlink()
        print(f"removed docs/{name}")
    return 0


def _matches(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main())
