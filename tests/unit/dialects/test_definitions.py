"""Which tools a model is offered, and what its calls take, as spans in the GenAI conventions tell it."""

import json
from typing import Any

import pytest

from fixtures.traces import agent, chat, read, said, tool, user
from sentric.events import Author, Message, Observation, Run, Source
from sentric.policy.loader import load_policy
from sentric.redaction import Redactor
from sentric_analyzer.detection import detect
from sentric_analyzer.dialects.reading.definitions import DEFINITIONS_LIMIT, FIRST

SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}}}
READ = {"type": "function", "name": "read_file", "description": "Reads a file.", "parameters": SCHEMA}
TOLD = '{"description": "Reads a file.", "name": "read_file", "schema": ' + json.dumps(SCHEMA, sort_keys=True) + "}"


def offers(*definitions: Any) -> dict[str, str]:
    return {"gen_ai.tool.definitions": json.dumps(definitions)}


def definitions(run: Run) -> list[Observation]:
    return [event for event in run.events if isinstance(event, Observation) and event.source is Source.TOOL_DEFINITION]


def taken(run: Run) -> list[tuple[str, int, int]]:
    return [
        (event.text, event.input_tokens, event.output_tokens)
        for event in run.events
        if isinstance(event, Message) and event.author is Author.MODEL
    ]


@pytest.mark.parametrize(
    "definition",
    [
        READ,
        {"type": "function", "function": {key: READ[key] for key in ("name", "description", "parameters")}},
        {"name": "read_file", "description": "Reads a file.", "inputSchema": SCHEMA},
        {"name": "read_file", "description": "Reads a file.", "parameters_json_schema": SCHEMA, "strict": None},
    ],
)
def test_a_definition_is_what_the_model_reads_however_it_is_spelt(definition: Any) -> None:
    [run] = read([agent(given=[user("Hello")]), chat("chat1", at=1, **offers(definition))])
    [seen] = definitions(run)
    assert (seen.origin, seen.text, seen.event_id) == ("read_file", TOLD, f"chat1.{FIRST}")


def test_older_pydantic_ai_tells_of_tools_with_the_parameters_of_the_request() -> None:
    request = {
        "function_tools": [{"name": "read_file", "description": "Reads a file.", "parameters_json_schema": SCHEMA}]
    }
    [run] = read([chat("chat1", at=1, model_request_parameters=json.dumps(request))])
    assert [seen.text for seen in definitions(run)] == [TOLD]


def test_each_definition_is_told_once_until_it_changes() -> None:
    other = {**READ, "description": "Reads any file."}
    spans = [agent(given=[user("Hello")], **offers(READ))]
    spans += [chat(f"chat{at}", at=at, **offers(READ if at < 3 else other)) for at in range(1, 5)]
    [run] = read(spans)
    assert [(seen.span_id, seen.origin) for seen in definitions(run)] == [
        ("agent", "read_file"),
        ("chat3", "read_file"),
    ]


def test_a_tool_of_the_same_name_that_another_agent_has_is_no_change() -> None:
    spans = [
        agent(given=[user("Hello")], **offers(READ)),
        tool("tool1", "delegate", at=1, to=5),
        agent("inner", "tool1", at=2, to=4, **offers({**READ, "description": "Another one."}, {"name": "other"})),
    ]
    runs = read(spans)
    assert [[seen.origin for seen in definitions(run)] for run in runs] == [["read_file"], ["read_file", "other"]]
    judged = detect(spans, project="shop", policy=load_policy(), redactor=Redactor(b"k" * 32))
    assert "tool-changed" not in {finding.rule_id for replay in judged for finding in replay.findings}


@pytest.mark.parametrize("stated", ["", "null", "[3, null, {}]", '{"name": 7}', "[" * 3000, [READ, "x"], 7, '"text"'])
def test_damaged_definitions_cost_nothing_else(stated: Any) -> None:
    [run] = read([chat("chat1", at=1, answer=[said("Hello")], **{"gen_ai.tool.definitions": stated})])
    assert len(definitions(run)) == isinstance(stated, list)
    assert [text for text, _, _ in taken(run)] == ["Hello"]


def test_a_flood_of_definitions_is_bounded() -> None:
    flood = [{"name": f"tool{number}"} for number in range(2 * DEFINITIONS_LIMIT)]
    [run] = read([chat("chat1", at=1, **offers(*flood))])
    assert len(definitions(run)) == DEFINITIONS_LIMIT


def test_secrets_in_definitions_are_redacted() -> None:
    text = "Use the key sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCD."
    [run] = read([chat("chat1", at=1, **offers({**READ, "description": text}))])
    assert "abcdefghij" not in definitions(run)[0].text


def usage(read_: Any, written: Any) -> dict[str, Any]:
    return {"gen_ai.usage.input_tokens": read_, "gen_ai.usage.output_tokens": written}


def test_what_a_call_took_stands_with_the_models_words() -> None:
    [run] = read([agent(given=[user("Hello")]), chat("chat1", at=1, answer=[said("Hi", "there")], **usage(40, 5))])
    assert taken(run) == [("Hi", 40, 5), ("there", 0, 0)]


def test_what_a_call_without_words_took_has_a_message_of_its_own() -> None:
    [run] = read([chat("chat1", at=1, **usage(40, 5)), chat("chat2", at=2, **usage(0, 0)), chat("chat3", at=3)])
    assert taken(run) == [("", 40, 5)]
    assert len({event.event_id for event in run.events}) == len(run.events)


def test_the_sums_of_an_agent_count_only_where_its_models_are_silent() -> None:
    sums = agent(given=[user("Hello")], answer=[said("Hi")], to=9, **usage(100, 20))
    [run] = read([sums])
    assert taken(run) == [("Hi", 100, 20)]
    [run] = read([sums, chat("chat1", at=1, answer=[said("Hi")], **usage(60, 12))])
    assert taken(run) == [("Hi", 60, 12)]


@pytest.mark.parametrize("stated", [-1, True, "40", None, 2.5, float("nan"), 2**70])
def test_a_count_that_is_none_takes_nothing(stated: Any) -> None:
    [run] = read([chat("chat1", at=1, answer=[said("Hi")], **usage(stated, 5.0))])
    assert taken(run) == [("Hi", 0, 5)]
