"""Conventions that an operator adds in `sentric.yaml`."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixtures.emitter import emitted, exfiltration, mapped
from fixtures.traces import TRACE, agent, chat, span, story
from sentric.errors import SettingError
from sentric.events import Action, Message, Outcome, Run
from sentric.redaction import Redactor
from sentric_analyzer.dialects import BUILT_IN, DIALECTS, Dialects, read_runs
from sentric_analyzer.dialects.mapped import FIELDS
from sentric_analyzer.dialects.telling import Operation
from sentric_analyzer.spans import Span

NAMES = ("agent", "task", "model", "system", "prompt", "response", "request", "usage", "tool", "payload", "result")
VALUES: st.SearchStrategy[object] = st.recursive(
    st.sampled_from(["", "x", "\ud800", "{", '{"a": 1}', "[[", '{"choices": [{"message": {}}]}'])
    | st.text(max_size=9)
    | st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["args", "role", "id"]), inner),
    max_leaves=6,
)
TOOL = "dialects: [{name: acme, tool: {when: acme.tool, tool: acme.tool, arguments: acme.args%s}}]"


def read(spans: list[Span], dialects: Dialects) -> list[Run]:
    return read_runs(spans, project="shop", redactor=Redactor(b"k" * 32), dialects=dialects)


def test_an_unknown_emitter_is_read_by_its_mapping_and_by_nobody_without() -> None:
    assert read(exfiltration(), BUILT_IN) == []
    (run,) = read(exfiltration(), mapped())
    assert (run.dialect, run.agent, run.task, run.conversation) == ("acme", "clerk", "Summarise the readme.", "t-1")
    assert (run.model, run.trace_id) == ("acme-1", TRACE)
    first, second = (event for event in run.events if isinstance(event, Action))
    assert (first.tool, first.call_id, first.arguments) == ("read_file", "c1", {"path": ".env"})
    assert (second.tool, second.call_id, second.url) == ("http_post", "c2", "https://evil.example.net/x")
    assert "I send it on." in second.reasoning.text
    assert [event.result for event in run.events if isinstance(event, Outcome)][1] == '{"status": 200}'
    assert "system: You are a clerk." in story(run)
    counted = [(one.input_tokens, one.output_tokens) for one in run.events if isinstance(one, Message)]
    assert (sum(one for one, _ in counted), sum(one for _, one in counted)) == (12, 7)


def test_what_a_tool_was_offered_as_is_read() -> None:
    (run,) = read(exfiltration(), mapped())
    assert [line for line in story(run) if "Posts." in line]


@pytest.mark.parametrize("kind", ["tool", "function"])
def test_a_condition_may_name_several_values(kind: str) -> None:
    dialect = mapped().recognising(emitted(kind, "x", at=1))
    assert dialect
    assert dialect.name == "acme"


@pytest.mark.parametrize(
    ("when", "value", "holds"),
    [
        ("{k: 1}", 1, True),
        ("{k: 1}", True, False),
        ("{k: 1}", "1", False),
        ("{k: true}", True, True),
        ("{k: x}", ["x"], False),
        ("k", "", True),
        ("k", None, False),
        ("{k: x, other: y}", "x", False),
    ],
)
def test_a_condition_holds_for_the_value_and_its_type(when: str, value: object, holds: bool) -> None:
    dialects = mapped(f"dialects: [{{name: acme, tool: {{when: {when}}}}}]")
    assert bool(dialects.recognising(span("s", "1", attributes={"k": value}))) is holds


@pytest.mark.parametrize(
    ("scope", "known"), [("acme.agents", True), ("acme.agents.tools", True), ("acme.agentsx", False), ("", False)]
)
def test_a_scope_stands_for_itself_and_what_is_below_it(scope: str, known: bool) -> None:
    one = emitted("tool", "x", at=1)
    one = replace(one, origin=replace(one.origin, scope_name=scope))
    assert bool(mapped().recognising(one)) is known


def test_a_span_s_name_stands_for_what_is_not_mapped() -> None:
    text = "dialects: [{name: acme, agent: {when: {k: a}}, tool: {when: {k: t}}}]"
    made = [
        span("clerk", "a", at=0, to=9, attributes={"k": "a"}),
        span("search", "t", "a", at=1, attributes={"k": "t"}),
    ]
    (run,) = read(made, mapped(text))
    assert (run.agent, [event.tool for event in run.events if isinstance(event, Action)]) == ("clerk", ["search"])


def test_a_failed_call_tells_its_error() -> None:
    spans = [
        emitted("tool", "one", "", at=1, tool="a", failure="no such file"),
        replace(emitted("tool", "two", "", at=2, tool="b"), status_code=2, status_message="it broke"),
    ]
    (run,) = read(spans, mapped())
    assert [event.error for event in run.events if isinstance(event, Outcome)] == ["no such file", "it broke"]


def test_the_operator_knows_better_than_the_built_in_dialects() -> None:
    told = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "get"}
    spans = [agent(), span("get", "t", "agent", at=1, attributes=told | {"acme.tool": "really", "acme.args": "{}"})]
    assert [one for one in story(read(spans, BUILT_IN)[0]) if one.startswith("get")]
    (run,) = read(spans, mapped(TOOL % ""))
    assert [one for one in story(run) if one.startswith("really")] == ["really {}"]


def test_our_own_spans_are_never_read_by_a_mapping() -> None:
    told = {"gen_ai.operation.name": "execute_tool", "sentric.schema.version": "1", "acme.tool": "really"}
    spans = [span("get", "t", attributes=told)]
    assert [run.dialect for run in read(spans, mapped(TOOL % ""))] == ["sentric"]


def test_a_trace_may_mix_a_mapping_with_other_dialects() -> None:
    spans = [agent(), chat("c", at=1), replace(emitted("tool", "t", "agent", at=2, tool="put"), parent_span_id="agent")]
    (run,) = read(spans, mapped())
    assert [event.tool for event in run.events if isinstance(event, Action)] == ["put"]


def test_spans_that_are_mapped_are_marked_and_their_conversation_is_known() -> None:
    dialects = mapped()
    assert "acme.kind" in dialects.marks
    assert set(BUILT_IN.marks) < set(dialects.marks)
    assert dialects.sessions[0] == "acme.thread"
    assert dialects.conversation_of(exfiltration()) == "t-1"
    within = mapped("dialects: [{name: a, conversation: acme.context$.thread, tool: {when: k}}]")
    assert within.sessions == BUILT_IN.sessions


def test_messages_that_cannot_be_read_are_told_as_such() -> None:
    spans = [emitted("agent", "run", "", at=0, task='{"what": {"is": "this"}}')]
    (run,) = read(spans, mapped())
    assert run.task == ""
    assert run.coverage.notes


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "dialects: must be a list, each entry with a name"),
        ("[x]", "dialects[0]: must be a mapping of names to values"),
        ("[{1: x}]", "dialects[0]: 1 is no name: put it in quotes"),
        ("[{nam: x}]", "dialects[0]: unknown key 'nam': use some of name, scope, conversation, agent, model, tool"),
        ("[{tool: {when: k}}]", "dialects[0].name: must be up to 64 of A-Z a-z 0-9 _ . -, beginning with a letter or"),
        ("[{name: 3, tool: {when: k}}]", "dialects[0].name: must be a text"),
        ("[{name: a, scope: 3, tool: {when: k}}]", "dialects[0].scope: must be a text"),
        ("[{name: a}]", "dialects[0]: tells of nothing: add agent, model, tool, or some of them"),
        ("[{name: a, tool: k}]", "dialects[0].tool: must be a mapping of names to values"),
        ("[{name: a, tool: {tool: k}}]", "dialects[0].tool: has no `when`: name an attribute that only such spans"),
        ("[{name: a, tool: {when: {}}}]", "dialects[0].tool.when: must be the name of an attribute, or attributes"),
        ("[{name: a, tool: {when: {k: }}}]", "dialects[0].tool.when.k: must be a text, a number, true or false, or"),
        ("[{name: a, tool: {when: {k: []}}}]", "dialects[0].tool.when.k: must be a text, a number, true or false,"),
        ("[{name: a, tool: {when: k, model: m}}]", "dialects[0].tool: unknown key 'model': use some of when, agent, "),
        ("[{name: a, model: {when: k, tool: m}}]", "dialects[0].model: unknown key 'tool': use some of when, agent, "),
        ("[{name: a, tool: {when: k, tool: 3}}]", "dialects[0].tool.tool: must be the name of an attribute, or a list"),
        ("[{name: a, tool: {when: k, tool: []}}]", "dialects[0].tool.tool: is empty: name an attribute, or leave it"),
        ("[{name: a, tool: {when: k, tool: 'x$..y'}}]", "dialects[0].tool.tool: 'x$..y' has no step that can be taken"),
        (
            "[{name: a, conversation: $.x, tool: {when: k}}]",
            "dialects[0].conversation: '$.x' names no attribute: ",
        ),
        (
            "[{name: a, tool: {when: k}}, {name: a, tool: {when: k}}]",
            "dialects[1].name: 'a' is the name of another dialect: choose one of its own",
        ),
        ("[{name: gen_ai, tool: {when: k}}]", "dialects[0].name: 'gen_ai' is the name of another dialect"),
        ("[{name: sentric, tool: {when: k}}]", "dialects[0].name: 'sentric' is the name of another dialect"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_place_and_cure(text: str, message: str) -> None:
    with pytest.raises(SettingError) as caught:
        mapped(f"dialects: {text}")
    assert str(caught.value).startswith(f"sentric.yaml: {message}")
    assert "\n" not in str(caught.value)


def test_every_key_and_field_is_in_the_guide() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "mapping.md").read_text()
    told = re.findall(r"^\| (`[^|]*) \| ([a-z, ]+) \|", guide, re.MULTILINE)
    of_operation = {
        operation: {
            field
            for names, of in told
            for field in re.findall(r"`(\w+)`", names)
            if of == "all" or operation.name.lower() in of.split(", ")
        }
        for operation in Operation
    }
    assert of_operation == FIELDS


def test_without_the_setting_there_are_the_built_in_dialects() -> None:
    assert mapped("dialects:").marks == BUILT_IN.marks
    assert len({dialect.name for dialect in DIALECTS}) == len(DIALECTS)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(["agent", "llm", "tool"]),
    st.dictionaries(
        st.sampled_from(NAMES), VALUES | VALUES.map(lambda value: json.dumps(value, default=str)), max_size=6
    ),
)
def test_hostile_values_are_read_without_fail(kind: str, values: dict[str, object]) -> None:
    one = replace(
        emitted(kind, "x", "", at=1),
        attributes={"acme.kind": kind, **{f"acme.{name}": value for name, value in values.items()}},
    )
    dialect = mapped().recognising(one)
    assert dialect
    told = dialect.tell(one)
    assert told
    assert told.operation is {"agent": Operation.AGENT, "llm": Operation.MODEL, "tool": Operation.TOOL}[kind]
    for run in read([one], mapped()):
        repr(run).encode()


@pytest.mark.parametrize("levels", [90, 900, 100_000])
def test_deep_values_are_cut_not_followed(levels: int) -> None:
    deep = '{"args": ' + '{"a": ' * levels + "1" + "}" * levels + "}"
    (run,) = read([emitted("tool", "t", "", at=1, tool="put", payload=deep, result=deep)], mapped())
    (action,) = (event for event in run.events if isinstance(event, Action))
    assert action.tool == "put"
