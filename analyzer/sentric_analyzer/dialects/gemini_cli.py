"""Google's Gemini CLI, which tells of its work in log records, and in spans of which each call is a trace of its own.

Only the records are read: they tell all that the spans do, and name the session that holds a run together.
"""

from typing import Any

from sentric import semconv
from sentric_analyzer.dialects.messages import messages
from sentric_analyzer.dialects.parts import Form, Part, Parts, Role, wished
from sentric_analyzer.dialects.records import EVENT, Records
from sentric_analyzer.dialects.telling import Operation, Telling
from sentric_analyzer.dialects.values import (
    arguments_of,
    attribute,
    conversation_in,
    number_of,
    parsed,
)
from sentric_analyzer.spans import Span

SCOPE = "gemini-cli"
_PROMPT, _CALL = "gemini_cli.user_prompt", "gemini_cli.tool_call"
_REQUEST, _RESPONSE = "gemini_cli.api_request", "gemini_cli.api_response"
_CONTEXT = "session_context"
"""Where texts are from that requests have under the user's name and that are not the prompt: among other things names
of files and what is in them, which anyone may have chosen, and what a model has a sub-agent do."""


class GeminiCli:
    """The records of Gemini CLI."""

    name = "gemini_cli"
    marks = (EVENT,)
    sessions = (semconv.SESSION_ID,)
    records = Records(
        names=frozenset({_PROMPT, _CALL, _REQUEST, _RESPONSE}),
        scope=SCOPE,
        together=sessions,
        apart=True,
        lasting=frozenset({_CALL}),
    )

    def recognises(self, span: Span) -> bool:
        """Whether Gemini CLI has made the span or written the record."""
        return span.origin.scope_name == SCOPE

    def tell(self, span: Span) -> Telling | None:
        """What a record tells of the user's words, what a model was given and answered, or a tool call."""
        event, found = attribute(span, EVENT), span.attributes
        if event not in self.records.names:
            return None
        told = Telling(
            dialect=self.name,
            operation=Operation.TOOL if event == _CALL else Operation.MODEL,
            agent="gemini-cli",
            conversation=conversation_in(span, *self.sessions),
            model=attribute(span, "model"),
        )
        match event:
            case "gemini_cli.tool_call":
                return _with_call(told, span)
            case "gemini_cli.user_prompt":
                return told._replace(given=wished(attribute(span, "prompt")))
            case "gemini_cli.api_request":
                return told._replace(given=_given(found.get("request_text")))
            case _:
                return told._replace(
                    answer=_answer(found.get("response_text")),
                    input_tokens=number_of(found.get("input_token_count")),
                    output_tokens=number_of(found.get("output_token_count")),
                )


def _with_call(told: Telling, span: Span) -> Telling:
    found = span.attributes
    arguments, cut = arguments_of(found.get("function_args"))
    failed = found.get("success") in (False, "false")
    return told._replace(
        tool=attribute(span, "function_name"),
        server=attribute(span, "mcp_server_name"),
        arguments=arguments,
        cut=cut,
        error=(attribute(span, "error", "error_type") or "the tool failed") if failed else "",
    )


def _given(value: Any) -> Parts:
    told = messages(value)
    return told._replace(items=tuple(map(_as_told, told.items)))


def _as_told(part: Part) -> Part:
    """A text under the user's name as what a tool has read: what the user has said has a record of its own.

    Its key stays the user's. So the prompt, which is told by then, is not told again.
    """
    if part.role is Role.USER and part.form is Form.TEXT:
        return part._replace(role=Role.TOOL, name=_CONTEXT)
    return part


def _answer(value: Any) -> Parts:
    """What a response says, which comes in pieces of one or more candidates."""
    pieces, readable = parsed(value)
    if not readable or not isinstance(pieces, list):
        return messages(value)
    candidates = [one for piece in pieces if isinstance(piece, dict) for one in _listed(piece.get("candidates"))]
    contents = [one["content"] for one in candidates if isinstance(one, dict) and "content" in one]
    told = messages(contents)
    return told._replace(items=tuple(map(_with_id, told.items)))


def _with_id(part: Part) -> Part:
    """A call with the id it has in the requests that follow: there the tool's name stands in it once."""
    return part._replace(call_id=part.call_id.removeprefix(f"{part.name}__")) if part.form is Form.CALL else part


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
