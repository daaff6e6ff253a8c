"""What is known of a trace is what would be read again, to the last character."""

import json
from typing import Any

import pytest

from sentric_analyzer.dialects.known import LISTS, Known, remembered
from sentric_analyzer.dialects.messages import messages
from sentric_analyzer.dialects.parts import NOTHING, Parts

HISTORY: list[dict[str, Any]] = [
    {"role": "system", "content": "You help."},
    {"role": "user", "content": "Read a."},
    {"role": "assistant", "tool_calls": [{"id": "c1", "function": {"name": "read", "arguments": '{"path": "a"}'}}]},
    {"role": "tool", "tool_call_id": "c1", "content": 'It says: "]", and é.'},
    {"role": "assistant", "content": '{"type": "reasoning", "text": "Done."}'},
]


def texts(separators: tuple[str, str]) -> list[str]:
    """A history as it grows, in JSON."""
    return [json.dumps(HISTORY[:end], separators=separators) for end in range(len(HISTORY) + 1)]


@pytest.mark.parametrize("encoded", [False, True])
@pytest.mark.parametrize("separators", [(", ", ": "), (",", ":"), (" ,\n", ": ")])
def test_a_history_that_grows_is_read_as_if_it_were_new(separators: tuple[str, str], encoded: bool) -> None:
    told = texts(separators)
    alone = [messages(text, encoded=encoded) for text in told]
    with remembered():
        assert [messages(text, encoded=encoded) for text in told] == alone
        assert [messages(text, encoded=encoded) for text in reversed(told)] == alone[::-1]
        assert [messages(text, encoded=not encoded) for text in told] == [
            messages(json.loads(text), encoded=not encoded) for text in told
        ]


def test_only_what_was_added_is_parsed() -> None:
    known = Known()
    *_, before, text = texts((", ", ": "))
    parts = messages(before)
    known.keep(before, parts)
    assert known.begun(text) == (parts, f"[ {json.dumps(HISTORY[-1])}]")
    assert known.begun(before) == (parts, "[]")
    assert known.begun(before[:-1]) == (NOTHING, before[:-1])


@pytest.mark.parametrize(
    "after", [",]", ", ]", ",\xa0]", ",", ", {]", "x]", " {}]", "", "]]", ",{}", ",,{}]", "], {}]"]
)
def test_what_is_no_json_stays_unread(after: str) -> None:
    text = texts((",", ":"))[-1]
    with remembered():
        assert messages(text).readable
        assert messages(text[:-1] + after) == Parts(readable=False)


@pytest.mark.parametrize(
    ("one", "other"), [(1, True), (0, False), (1, 1.0), ("1", 1), (None, "null"), ("é", "e\u0301")]
)
def test_what_is_only_alike_is_not_the_same(one: Any, other: Any) -> None:
    told = [{"type": "tool_call", "name": "pay", "id": "c1", "arguments": {"sum": value}} for value in (one, other)]
    with remembered():
        keys = [messages([call]).items[0].key for call in told]
    assert keys[0] != keys[1]


def test_a_message_without_a_bottom_is_read_again() -> None:
    deep: Any = "x"
    for _ in range(5000):
        deep = [deep]
    with remembered():
        for _ in range(2):
            assert messages([{"role": "user", "content": "Read a.", "of": deep}]).items


def test_only_the_latest_lists_are_kept() -> None:
    known = Known()
    lists = [f'[{{"content": "{number}"}}]' for number in range(LISTS + 1)]
    for text in lists:
        known.keep(text, messages(text))
    begun = [known.begun(f"{text[:-1]},1]")[0] for text in lists]
    assert begun == [NOTHING, *map(messages, lists[1:])]


def test_nothing_is_known_of_another_trace() -> None:
    text = texts((",", ":"))[-1]
    with remembered():
        first = messages(text)
        assert messages(text).items[0] is first.items[0]
    with remembered():
        assert messages(text).items[0] is not first.items[0]
    assert messages(text) == first
