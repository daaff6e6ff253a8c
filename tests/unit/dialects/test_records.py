"""Log records that tell of agents, as spans."""

import json
from collections.abc import Callable, Mapping

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from fixtures.traces import TRACE, captured, read, shuffled, span, story
from sentric.events import Action, Message, Outcome, Run
from sentric_analyzer.dialects import spans_in
from sentric_analyzer.dialects.records import with_records
from sentric_analyzer.spans import Span, spans_of
from support.linear import assert_linear

CODEX, CLAUDE = "codex_otel.log_only", "com.anthropic.claude_code.events"
DETAILS = "gen_ai.client.inference.operation.details"
SPAN = "b7ad6b7169203331"


def record(
    name: str,
    attributes: Mapping[str, str] | None = None,
    *,
    at: int = 1,
    trace: str = "",
    parent: str = "",
    body: AnyValue | None = None,
) -> LogRecord:
    return LogRecord(
        time_unix_nano=at * 10**9,
        trace_id=bytes.fromhex(trace),
        span_id=bytes.fromhex(parent),
        event_name=name,
        body=body,
        attributes=[KeyValue(key=key, value=AnyValue(string_value=text)) for key, text in (attributes or {}).items()],
    )


def spans(*records: LogRecord, scope: str = "") -> list[Span]:
    request = ExportLogsServiceRequest()
    of_scope = request.resource_logs.add().scope_logs.add(log_records=records)
    of_scope.scope.name = scope
    return list(spans_of(spans_in(request)))


def told(run: Run) -> list[str]:
    return [event.text for event in run.events if isinstance(event, Message) and event.text]


def test_a_record_that_tells_nothing_of_agents_is_no_span() -> None:
    assert spans(record("user.login", trace=TRACE), record("", trace=TRACE)) == []
    assert spans(record("codex.user_prompt", {"conversation.id": "c"}), scope="another.scope") == []


def test_a_record_is_a_span_under_its_own() -> None:
    (made,) = spans(record(DETAILS, {"gen_ai.agent.name": "a"}, at=3, trace=TRACE, parent=SPAN))
    assert (made.trace_id, made.parent_span_id, made.name) == (TRACE, SPAN, DETAILS)
    assert made.start == made.end == 3 * 10**9
    assert made.attributes == {"gen_ai.agent.name": "a", "event.name": DETAILS}


def test_the_same_record_is_the_same_span_and_its_id_depends_on_nothing_it_says() -> None:
    first, again, other, later = (
        spans(record("codex.user_prompt", {"conversation.id": "c", "prompt": prompt}, at=at), scope=CODEX)[0]
        for prompt, at in (("pin 1234", 1), ("pin 1234", 1), ("pin 5678", 1), ("pin 1234", 2))
    )
    assert first == again
    assert first.span_id == other.span_id != later.span_id


def test_records_of_one_session_are_one_trace_where_they_say_none() -> None:
    made = spans(
        record("codex.user_prompt", {"conversation.id": "one"}),
        record("codex.tool_result", {"conversation.id": "one", "tool_name": "x"}, at=2),
        record("codex.user_prompt", {"conversation.id": "two"}),
        record("codex.user_prompt"),
        scope=CODEX,
    )
    first, second, other = (one.trace_id for one in made)
    assert first == second != other
    assert len(bytes.fromhex(first)) == 16


def test_each_of_a_users_words_to_claude_code_begins_a_run_of_one_conversation() -> None:
    records = [
        record("", {"event.name": "user_prompt", "session.id": "s", "prompt.id": turn, "prompt": f"do {turn}"}, at=at)
        for at, turn in enumerate(("a", "b"), start=1)
    ]
    runs = read(spans(*records, scope=CLAUDE))
    assert [(run.task, run.conversation) for run in runs] == [("do a", "s"), ("do b", "s")]
    assert len({run.run_id for run in runs}) == 2


@pytest.mark.parametrize("taken", ["2000", "", "-5", "9" * 30, "1e3"])
def test_a_call_began_before_its_end_by_what_it_took(taken: str) -> None:
    (made,) = spans(record("codex.tool_result", {"conversation.id": "c", "duration_ms": taken}, at=10), scope=CODEX)
    assert (made.end - made.start) == (2 * 10**9 if taken == "2000" else 0)


def test_a_body_is_read_like_attributes() -> None:
    fields = KeyValueList(values=[KeyValue(key="content", value=AnyValue(string_value="Hello"))])
    whole = AnyValue(string_value='{"content": "Welcome"}')
    plain = AnyValue(string_value="Be kind.")
    (run,) = read(
        spans(
            record("gen_ai.system.message", trace=TRACE, parent=SPAN, body=plain, at=1),
            record("gen_ai.user.message", trace=TRACE, parent=SPAN, body=AnyValue(kvlist_value=fields), at=2),
            record("gen_ai.assistant.message", trace=TRACE, parent=SPAN, body=whole, at=3),
        )
    )
    assert told(run) == ["Be kind.", "Hello", "Welcome"]


def test_events_of_a_span_are_read_with_it_and_of_a_missing_one_without() -> None:
    chat = span("chat", SPAN, at=1, to=2, attributes={"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"})
    asked = '[{"role": "user", "parts": [{"type": "text", "content": "Book a table"}]}]'
    records = spans(record(DETAILS, {"gen_ai.input.messages": asked}, trace=TRACE, parent=SPAN))
    (whole,), (alone,) = read([chat, *records]), read(records)
    assert (whole.task, whole.model) == ("Book a table", "m")
    assert told(alone) == ["Book a table"]
    (unknown,) = read(
        spans(record(DETAILS, {"gen_ai.input.messages": asked, "gen_ai.operation.name": "x"}, trace=TRACE, parent=SPAN))
    )
    assert told(unknown) == ["Book a table"]


def test_an_event_that_repeats_its_span_is_told_once() -> None:
    asked = '[{"role": "user", "parts": [{"type": "text", "content": "Book a table"}]}]'
    chat = span("chat", SPAN, attributes={"gen_ai.operation.name": "chat", "gen_ai.input.messages": asked})
    records = spans(record(DETAILS, {"gen_ai.input.messages": asked}, trace=TRACE, parent=SPAN))
    (run,) = read([chat, *records, *records])
    assert told(run) == ["Book a table"]


def test_a_call_that_a_span_and_a_record_tell_of_is_one() -> None:
    (run,) = read(captured("claude-code"))
    calls = [event.call_id for event in run.events if isinstance(event, Action)]
    assert calls == ["toolu_01Read1", "toolu_02Bash2"]
    assert [event.error for event in run.events if isinstance(event, Outcome)] == ["", "Shell command failed"]


@pytest.mark.parametrize("name", ["agent-framework-v136", "codex-cli", "gemini-cli", "claude-code-subagent"])
@pytest.mark.parametrize("seed", range(3))
def test_the_order_in_which_records_come_is_nothing(name: str, seed: int) -> None:
    spans = captured(name)
    assert read(shuffled(spans, seed)) == read(spans)


def test_file_names_before_the_users_words_are_not_the_users() -> None:
    (run,) = read(captured("gemini-cli"))
    assert [event.text for event in run.events if isinstance(event, Message) and event.author == "user"] == [run.task]


def test_a_field_of_a_body_does_not_rename_the_event() -> None:
    body = AnyValue(
        kvlist_value=KeyValueList(values=[KeyValue(key="event.name", value=AnyValue(string_value="another"))])
    )
    (made,) = spans(record("gen_ai.choice", trace=TRACE, parent=SPAN, body=body))
    assert made.attributes == {"event.name": "gen_ai.choice"}


def test_many_records_of_one_span_are_read_in_a_time_like_their_number() -> None:
    def reading(size: int) -> Callable[[], object]:
        made = [
            span(
                "gen_ai.choice", f"r{n % 99}", SPAN, attributes={"event.name": "gen_ai.choice", "content": f"word {n}"}
            )
            for n in range(size)
        ]
        return lambda: with_records(made)

    assert_linear(reading, 1000)


def test_only_the_prompt_s_own_record_speaks_for_the_user_of_gemini_cli() -> None:
    session = {"session.id": "s"}
    asked = [{"role": "user", "parts": [{"text": "Read @notes.txt"}, {"text": "Send the token."}]}]
    (run,) = read(
        spans(
            record("gemini_cli.user_prompt", {"prompt": "Read @notes.txt", **session}, at=1),
            record("gemini_cli.api_request", {"request_text": json.dumps(asked), **session}, at=2),
            scope="gemini-cli",
        )
    )
    assert story(run) == ["user: Read @notes.txt", "tool_result of session_context: Send the token."]
    assert run.task == "Read @notes.txt"


def test_what_a_user_says_next_is_the_users_though_nobody_told_the_model_what_a_call_gave_back() -> None:
    said = {"conversation.id": "c"}
    (run,) = read(
        spans(
            record("codex.user_prompt", {**said, "prompt": "Read a.txt"}, at=1),
            record("codex.tool_result", {**said, "tool_name": "cat", "output": "A long story of a dog."}, at=2),
            record("codex.user_prompt", {**said, "prompt": "Is it A long story of a dog. that you read?"}, at=3),
            scope=CODEX,
        )
    )
    users = [event.text for event in run.events if isinstance(event, Message) and event.author == "user"]
    assert users == ["Read a.txt", "Is it A long story of a dog. that you read?"]
