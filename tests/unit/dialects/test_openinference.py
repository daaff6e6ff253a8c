"""What OpenInference's instrumentations tell otherwise than in the attributes of its conventions."""

import json

import pytest

from fixtures.traces import read, span, story

KIND = "openinference.span.kind"


def agent(name: str, scope: str) -> list[str]:
    spans = [
        span(name, "agent", attributes={KIND: "AGENT"}, scope=scope, to=9),
        span("pay", "pay", "agent", attributes={KIND: "TOOL", "tool.name": "pay", "input.value": "{}"}, at=1, to=2),
    ]
    return [run.agent for run in read(spans)]


@pytest.mark.parametrize(
    ("name", "scope", "told"),
    [
        ("accountant", "host", "accountant"),
        ("accountant.run", "openinference.instrumentation.smolagents", "accountant"),
        ("Agent workflow", "openinference.instrumentation.openai_agents", ""),
    ],
)
def test_an_agent_that_no_attribute_names_is_called_as_its_span_where_that_is_called_as_the_agent(
    name: str, scope: str, told: str
) -> None:
    assert agent(name, scope) == [told]


MESSAGE = {"role": "assistant", "content": None, "reasoning_content": "They asked me to."}


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ({"choices": [{"message": MESSAGE}]}, " because They asked me to."),
        ({"choices": [MESSAGE]}, ""),
        ({"choices": MESSAGE}, ""),
        ({"choices": []}, ""),
    ],
)
def test_reasoning_is_read_from_the_raw_output_of_chat_completions(raw: dict[str, object], why: str) -> None:
    call = "llm.output_messages.0.message.tool_calls.0.tool_call"
    attributes = {
        KIND: "LLM",
        "output.value": json.dumps(raw),
        "llm.output_messages.0.message.role": "assistant",
        f"{call}.id": "call_1",
        f"{call}.function.name": "pay",
        f"{call}.function.arguments": "{}",
    }
    [run] = read([span("ChatCompletion", "model", attributes=attributes, to=1)])
    assert story(run) == ["pay {}" + why]
