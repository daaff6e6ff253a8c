"""Anthropic's Claude Code, which tells of its work in log records, and in spans where those are switched on."""

from typing import Any

from sentric import semconv
from sentric_analyzer.dialects.parts import NOTHING, Parts, Role, joined, said, wished
from sentric_analyzer.dialects.records import EVENT, Records
from sentric_analyzer.dialects.telling import Operation, Telling
from sentric_analyzer.dialects.values import (
    arguments_of,
    attribute,
    conversation_in,
    error_of,
    number_of,
    plain,
    shown,
    text_of,
)
from sentric_analyzer.spans import Span

SCOPE = "com.anthropic.claude_code"
_PROMPT, _ANSWER, _RESULT, _REQUEST = "user_prompt", "assistant_response", "tool_result", "api_request"
_KIND = "span.type"
_OPERATIONS = {
    "interaction": Operation.AGENT,
    "llm_request": Operation.MODEL,
    "tool": Operation.TOOL,
    _PROMPT: Operation.MODEL,
    _ANSWER: Operation.MODEL,
    _REQUEST: Operation.MODEL,
    _RESULT: Operation.TOOL,
}
_OUTPUT = "tool.output"
"""The event that holds what a tool gave back; beside it the event repeats some of the arguments."""
_REDACTED = "<REDACTED>"
"""Stands where something is not told."""
_ARGUMENTS = ("file_path", "full_command")
"""Which of the arguments are told where nobody asked for all of them."""


class ClaudeCode:
    """The records and spans of Claude Code. Which content they hold its own settings say."""

    name = "claude_code"
    marks = (EVENT, _KIND)
    sessions = (semconv.SESSION_ID,)
    records = Records(
        names=frozenset({_PROMPT, _ANSWER, _RESULT, _REQUEST}),
        scope=SCOPE,
        together=(*sessions, "prompt.id"),
        lasting=frozenset({_RESULT}),
    )

    def recognises(self, span: Span) -> bool:
        """Whether Claude Code has made the span or written the record."""
        return span.origin.scope_name.startswith(SCOPE)

    def tell(self, span: Span) -> Telling | None:
        """What a span or a record tells of the user's words, a model's answer or a tool call."""
        kind = attribute(span, EVENT, _KIND)
        if (operation := _OPERATIONS.get(kind)) is None:
            return None
        told = Telling(
            dialect=self.name,
            operation=operation,
            agent=attribute(span, "agent.name") or "claude-code",
            agent_id=attribute(span, "agent_id"),
            conversation=conversation_in(span, *self.sessions),
            model=attribute(span, "model"),
            error=error_of(span),
        )
        found = span.attributes
        if operation is Operation.TOOL:
            return _with_call(told, span)
        repeated = kind == _REQUEST and span.parent_span_id  # by a record, where there are spans

        def taken(name: str) -> int:
            return 0 if repeated else number_of(found.get(name))

        return told._replace(
            given=joined(
                (
                    _said(Role.SYSTEM, found.get("user_system_prompt")),
                    wished(_told(found.get("prompt", found.get("user_prompt")))),
                )
            ),
            answer=_said(Role.MODEL, found.get("response", found.get("response.model_output"))),
            input_tokens=sum(map(taken, ("input_tokens", "cache_read_tokens", "cache_creation_tokens"))),
            output_tokens=taken("output_tokens"),
        )


def _with_call(told: Telling, span: Span) -> Telling:
    found = span.attributes
    given = found.get("tool_input")
    if isinstance(given, str) and given.startswith("[TOOL INPUT"):
        given = given.partition("\n")[2]
    arguments, cut = arguments_of(given)
    if arguments is None and (some := {name: plain(found[name]) for name in _ARGUMENTS if name in found}):
        if "full_command" in some:
            some["command"] = some.pop("full_command")
        arguments = some
    failed = text_of(found.get("success")) == "false" and (attribute(span, "error") or "the tool failed")
    return told._replace(
        tool=attribute(span, semconv.GEN_AI_TOOL_NAME, "tool_name"),
        server=attribute(span, "mcp_server_name"),
        call_id=attribute(span, semconv.GEN_AI_TOOL_CALL_ID, "tool_use_id"),
        arguments=arguments,
        cut=cut,
        result=_result(span),
        error=failed or told.error,
    )


def _result(span: Span) -> str | None:
    told = next((event.attributes for event in span.events if event.name == _OUTPUT), None)
    if told is None:
        return None
    for name in ("content", "output"):
        if isinstance(told.get(name), str):
            return text_of(told[name])
    return shown(dict(told))


def _said(role: Role, value: Any) -> Parts:
    text = _told(value)
    return Parts((said(role, text),)) if text else NOTHING


def _told(value: Any) -> str:
    """A text, where it is told."""
    text = text_of(value)
    return "" if text == _REDACTED else text
