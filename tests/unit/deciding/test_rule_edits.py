"""Changes of rules over REST: kept beside what people wrote, which stays as it is."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentric.errors import PolicyError
from sentric.policy.document import Problems, read
from sentric.policy.loader import load_bundle, load_bundle_states
from sentric.policy.rule import Decision, Override, Severity
from sentric_analyzer.deciding.rule_edits import Edited
from sentric_analyzer.deciding.rule_texts import keepable, own_texts, pack_text, read_rule, stated_text, texts_of

RULE = """\
# why there is such a rule
id: {id}
title: "A title: 'é'"   # said so
description: >
  What it means,
  in two lines.

severity: high
decision: block
risk: 60
category: some_category
type: phrases
pattern: {id}
over: [all]
"""
UPLOADED = {
    "policy.yaml": "policy: 'ours: #1'   # a comment\npacks: [default, packs/ours.yaml]\n",
    "packs/ours.yaml": "pack: ours\nrules:\n"
    + "".join(
        f"  - {line}\n" if line.startswith("id") else f"    {line}\n"
        for line in RULE.format(id="theirs").split("\n")[1:-1]
    ),
}


def rule(rule_id: str = "one", **changes: Any) -> dict[str, Any]:
    stated: dict[str, Any] = {
        "risk": 60,
        "id": rule_id,
        "title": "A title",
        "description": "What it means.",
        "severity": "high",
        "decision": "block",
        "category": "some_category",
        "type": "phrases",
        "pattern": rule_id,
        "over": ["all"],
    }
    return {**stated, **changes}


def edited() -> Edited:
    return (
        Edited.of(UPLOADED)
        .with_rule("one", keepable(RULE.format(id="one")))
        .with_rule("two", keepable(stated_text(rule("two"))))
        .with_override("theirs", Override(decision=Decision.WARN, risk=5))
        .with_override("credential-over-http", Override(enabled=False))
    )


def test_what_was_uploaded_stays_word_for_word_as_it_is() -> None:
    documents = edited().documents()
    assert documents["uploaded.yaml"] == UPLOADED["policy.yaml"]
    assert documents["packs/ours.yaml"] == UPLOADED["packs/ours.yaml"]
    assert sorted(documents) == ["own-rules.yaml", "packs/ours.yaml", "policy.yaml", "uploaded.yaml"]
    assert Edited.of(documents) == edited()
    assert Edited.of(documents).documents() == documents


def test_changes_are_in_the_policy_that_is_loaded() -> None:
    states = {state.rule.id: state for state in load_bundle_states(edited().documents())}
    assert {"one", "two"} <= states.keys()
    assert (states["theirs"].rule.decision, states["theirs"].rule.risk, states["theirs"].stated.risk) == ("warn", 5, 60)
    assert states["theirs"].rule.severity is Severity.HIGH
    assert not states["credential-over-http"].in_force
    assert load_bundle(edited().documents()).name == load_bundle(UPLOADED).name == "ours: #1"


def test_without_changes_it_is_what_was_uploaded() -> None:
    undone = edited().without_rule("one").without_rule("two")
    undone = undone.with_override("theirs", Override()).with_override("credential-over-http", Override())
    assert undone.documents() == UPLOADED
    assert Edited.of(UPLOADED).documents() == UPLOADED


def test_a_rule_that_goes_takes_along_what_was_changed_of_it() -> None:
    changed = edited().with_override("one", Override(risk=1))
    assert changed.override("one") == Override(risk=1)
    assert changed.without_rule("one").override("one") == Override()


def test_a_pack_alone_can_be_changed_too() -> None:
    pack = {"policy.yaml": UPLOADED["packs/ours.yaml"]}
    changed = Edited.of(pack).with_rule("one", keepable(RULE.format(id="one")))
    documents = changed.documents()
    assert [one.id for one in load_bundle(documents).rules] == ["theirs", "one"]
    assert Edited.of(documents) == changed
    less = changed.without_rule("one").with_override("theirs", Override(severity=Severity.LOW))
    assert [one.severity for one in load_bundle(less.documents()).rules] == ["low"]
    assert Edited.of(less.documents()) == less


def test_names_that_are_taken_are_not_used() -> None:
    uploaded = {
        "policy.yaml": "policy: p\nextends: [uploaded.yaml]\npacks: [own-rules.yaml]\n",
        "uploaded.yaml": "policy: q\npacks: [browser]\n",
        "own-rules.yaml": UPLOADED["packs/ours.yaml"],
    }
    changed = Edited.of(uploaded).with_rule("one", keepable(RULE.format(id="one")))
    documents = changed.documents()
    assert documents["uploaded-2.yaml"] == uploaded["policy.yaml"]
    assert {"theirs", "one"} <= {one.id for one in load_bundle(documents).rules}
    assert Edited.of(documents) == changed


@pytest.mark.parametrize("name", ["policy.yaml", "own-rules.yaml"])
@pytest.mark.parametrize("more", ["# by hand\n", "description: by hand\n"])
def test_what_was_changed_by_hand_is_taken_as_uploaded(name: str, more: str) -> None:
    documents = edited().documents()
    by_hand = {**documents, name: documents[name] + more}
    again = Edited.of(by_hand)
    assert again == Edited(by_hand)
    twice = again.with_override("one", Override(enabled=False)).documents()
    assert Edited.of(twice).uploaded == by_hand
    assert "one" not in {one.id for one in load_bundle(twice).rules}


@pytest.mark.parametrize("name", ["uploaded.yaml", "own-rules.yaml"])
def test_a_file_that_is_missing_is_no_error_here(name: str) -> None:
    documents = edited().documents()
    del documents[name]
    assert Edited.of(documents) == Edited(documents)


def test_rules_are_kept_as_they_were_given() -> None:
    text = RULE.format(id="one")
    assert keepable(text) == text
    assert keepable(text.replace("\n", "\r\n")) == text
    assert own_texts(pack_text([text])) == {"one": text}
    assert keepable("{id: one, title: x}") == "{id: one, title: x}\n"


@pytest.mark.parametrize(
    "text",
    [
        "id: one\rrisk: 7\rpack: evil\n",
        "---\nid: one\nrisk: 7\n...\n",
        "%YAML 1.1\n---\nid: one\nrisk: 7\n",
        "id: one\nrisk: 7\ntitle: |+\n  kept\n\n\n",
        "id: one\nrisk: 7\ntitle: |\n  no end of line",
        "\ufeffid: one\nrisk: 7\n",
        "id: one\x85risk: 7\u2028x: y\n",
        "id: one\nrisk: 7\ntitle: 'a\n\n  -\n\nb'\n",
        "id: one\nrisk: 7\ntitle: 'a\nb: c'\n",
        "? id\n: one\n? risk\n: 7\n",
        "!!map {id: one, risk: 7}",
    ],
)
def test_no_text_of_a_rule_is_more_than_that_rule_in_a_pack(text: str) -> None:
    packed = pack_text([keepable(text), keepable("id: last\n")])
    found = texts_of(packed, "x.yaml")
    assert list(found) == ["one", "last"]
    plain = {name: value for name, value in _plain(found["one"]).items() if name != "title"}
    assert plain["risk"] == 7
    assert _plain(found["one"]) == _plain(text)


def _plain(text: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = []
    problems = Problems()
    read("x", text, problems, lambda root: found.append(root.plain()))
    assert not problems.found
    return found[0]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: &a [x]\nb: *a\n", "rule.yaml:2: aliases"),
        ("[" * 40 + "]" * 40, "rule.yaml:1: is nested deeper than 32 levels"),
        ("x" * (1 << 20) + "x", "rule.yaml:1: is larger than"),
        ("id: [", "rule.yaml:2: is not YAML"),
        ("id: one\n---\nid: two\n", "rule.yaml:2: is not YAML"),
        ("id: one\ntitle: a\n  -\n  - id: two\n", "rule.yaml:4: is not YAML"),
        ("id: \0", "rule.yaml:1: is not YAML"),
        ("", "rule.yaml:1: is empty"),
        ("- id: one\n", "rule.yaml:1: must be a mapping"),
        ("text", "rule.yaml:1: must be a mapping"),
    ],
)
def test_what_is_no_rule_is_refused(text: str, problem: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read_rule(text)
    assert caught.value.problems[0].startswith(problem)


def test_everything_wrong_with_a_rule_is_told_at_once_with_its_line() -> None:
    with pytest.raises(PolicyError) as caught:
        read_rule(RULE.format(id="One").replace("risk: 60", "risk: 600\nmore: 1"))
    assert [problem.split(": ")[0] for problem in caught.value.problems] == [f"rule.yaml:{n}" for n in (2, 10, 11)]


def test_an_example_that_does_not_hold_is_told() -> None:
    text = """\
id: one
title: t
description: d
severity: low
decision: warn
risk: 1
category: c
on: [click]
when: action.tool == 'click'
examples:
  match:
    - {name: right, events: [{event: action, tool: typed, kind: click}]}
  no_match:
    - {name: wrong, events: [{event: action, tool: other, kind: click}]}
"""
    with pytest.raises(PolicyError, match=r"rule\.yaml:12: one: 'right' must match"):
        read_rule(text)
    assert read_rule(text.replace("typed", "click")).id == "one"


def test_objects_are_stated_as_packs_state_rules() -> None:
    assert stated_text(rule(more=1)).splitlines()[:4] == [
        "id: one",
        "title: A title",
        "description: What it means.",
        "severity: high",
    ]
    assert stated_text(rule(more=1)).endswith("more: 1\n")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=8), JSON, min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_whatever_an_object_holds_its_text_can_be_kept_or_is_refused(stated: dict[str, Any]) -> None:
    try:
        text = keepable(stated_text({**json.loads(json.dumps(stated)), "id": "one"}))
    except PolicyError:
        return
    assert own_texts(pack_text(["id: first\n", text])) == {"first": "id: first\n", "one": text}
    assert _plain(text)["id"] == "one"


@given(st.text(alphabet=st.sampled_from("\r\n\x85\u2028 -:#|>'\"{}[]ab?!%.\t"), max_size=40))
@settings(max_examples=200, deadline=None)
def test_no_text_breaks_out_of_its_place(text: str) -> None:
    try:
        kept = keepable("id: one\nx: " + text)
    except PolicyError:
        return
    assert list(texts_of(pack_text(["id: first\n", kept, "id: last\n"]), "x.yaml")) in (
        ["first", "one", "last"],
        ["first", "", "last"],
    )


def test_rules_are_taken_out_of_any_pack_with_their_comments() -> None:
    text = (
        "pack: p\nrules:\n  # of the first\n  - id: one  # here\n    # within\n    title: |\n      a\n\n      b\n"
        "\n  # of the second\n  -   id: two\n      title: 'x\n  y'\n  - {id: three,\n     title: z}  # after\n"
    )
    assert texts_of(text, "p.yaml") == {
        "one": "id: one  # here\n# within\ntitle: |\n  a\n\n  b\n\n# of the second\n",
        "two": "id: two\ntitle: 'x\ny'\n",
        "three": "{id: three,\n title: z}\n",
    }


@pytest.mark.parametrize("text", ["policy: p\n", "rules: []\n", "pack: p\nrules: {}\n", "- x\n"])
def test_what_is_no_pack_is_refused(text: str) -> None:
    with pytest.raises(PolicyError, match=r"p\.yaml:1: is no pack"):
        texts_of(text, "p.yaml")
