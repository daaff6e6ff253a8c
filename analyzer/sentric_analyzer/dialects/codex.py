"""OpenAI's Codex CLI, which tells of its work in log records of no trace."""

from sentric_analyzer.dialects.parts import NOTHING, Parts, Role, said, wished
from sentric_analyzer.dialects.records import EVENT, Records
from sentric_analyzer.dialects.telling import Operation, Telling
from sentric_analyzer.dialects.values import arguments_of, attribute, conversation_in, number_of, text_of
from sentric_analyzer.spans import Span

_PROMPT, _ANSWER = "codex.user_prompt", "codex.agent_response"
_RESULT, _STREAM = "codex.tool_result", "codex.sse_event"
_WRITTEN = "output_token_count"
_REDACTED = "[REDACTED]"
"""Stands where the prompt is not told."""


class Codex:
    """The records of Codex. What it writes into spans holds no content, and is looked through."""

    name = "codex"
    marks = (EVENT,)
    sessions = ("conversation.id",)
    records = Records(
        names=frozenset({_PROMPT, _ANSWER, _RESULT, _STREAM}),
        scope="codex_otel",
        together=sessions,
        apart=True,
        only_with={_STREAM: _WRITTEN},  # it is one of the many parts of an answer else
        lasting=frozenset({_RESULT}),
    )

    def recognises(self, span: Span) -> bool:
        """Whether Codex has written the record."""
        return attribute(span, EVENT) in self.records.names

    def tell(self, span: Span) -> Telling | None:
        """What a record tells of the user's words, an answer or a tool call."""
        event = attribute(span, EVENT)
        told = Telling(
            dialect=self.name,
            operation=Operation.TOOL if event == _RESULT else Operation.MODEL,
            agent=self.name,
            conversation=conversation_in(span, *self.sessions),
            model=attribute(span, "model"),
        )
        match event:
            case "codex.tool_result":
                return _with_call(told, span)
            case "codex.user_prompt":
                prompt = attribute(span, "prompt")
                return told._replace(given=NOTHING if prompt == _REDACTED else wished(prompt))
            case "codex.agent_response":
                response = attribute(span, "response")
                return told._replace(answer=Parts((said(Role.MODEL, response),)) if response else NOTHING)
            case _:
                return told._replace(
                    input_tokens=number_of(span.attributes.get("input_token_count")),
                    output_tokens=number_of(span.attributes.get(_WRITTEN)),
                )


def _with_call(told: Telling, span: Span) -> Telling:
    found = span.attributes
    arguments, cut = arguments_of(found.get("arguments"))
    result = found.get("output")
    return told._replace(
        tool=attribute(span, "tool_name"),
        server=attribute(span, "mcp_server"),
        call_id=attribute(span, "call_id"),
        arguments=arguments,
        cut=cut,
        result=None if result is None else text_of(result),
        error="the tool failed" if text_of(found.get("success")) == "false" else "",
    )
