import re

from hypothesis import given
from hypothesis import strategies as st

from sentric.policy.readers.words.stretches import LONG, long_codes, telling_words
from sentric.policy.readers.words.text import readable

_LETTERS = "abcZ019+/_-@%:.,;‹›“” \t\n\r\"'`<>()[]{}|\\é€"
_TEXTS = st.lists(
    st.sampled_from(
        ("word", "a@b.cd", "https://a.test/x", "%41%42", "%4", "QUJDREVGR0hJSktM", "QUJDREVG", "\n", "\r\n", "\r",
        " ", ", ",
         "‹secret:token:aa11bb22›", "“quoted”", "é" * 12, "://", "@", "‘x’", "deadbeefdeadbeef", "a-b_c/d+e",
         "\x1c", "\u2003")
    ),
    max_size=12,
).map("".join)  # fmt: skip
_BLANK = re.compile("[ \t\n\r\v\f\x1c-\x1f\"'`<>(),;\\[\\]{}|\\\\‹›“”]+")
_CODE = re.compile(r"[A-Za-z0-9+/_-]+(?:\r?\n[A-Za-z0-9+/_-]+)*")
_ROW = re.compile(r"[A-Za-z0-9+/_-]{12}")


_MARK = re.compile("@|://|%[0-9A-Fa-f]{2}")


def words_one_by_one(text: str) -> list[str]:
    """Each word that is long, in bytes, or has the mark of an address or of an escape."""
    return [word for word in _BLANK.split(text) if len(word.encode()) >= LONG or _MARK.search(word)]


def codes_one_by_one(text: str) -> list[str]:
    """Runs, over line ends too, from the first row of twelve characters in them on."""
    found: list[str] = []
    position = 0
    while row := _ROW.search(text, position):
        code = _CODE.match(text, row.start())
        assert code is not None
        found.append(code[0])
        position = code.end()
    return found


@given(_TEXTS | st.text(_LETTERS, max_size=80))
def test_telling_words_are_those_that_a_look_at_each_word_finds(text: str) -> None:
    text = readable(text)
    assert telling_words(text) == words_one_by_one(text)


@given(_TEXTS | st.text(_LETTERS, max_size=80))
def test_long_codes_are_those_that_a_look_at_each_run_finds(text: str) -> None:
    text = readable(text)
    assert long_codes(text) == codes_one_by_one(text)


def test_words_are_told_in_order_and_prose_is_not() -> None:
    assert telling_words("Send it to a@b.cd, see (https://a.test/x) now") == ["a@b.cd", "https://a.test/x"]
    assert telling_words("Nothing to see here") == []
    assert telling_words("“QUJDREVGR0hJSktM”") == ["QUJDREVGR0hJSktM"]


def test_a_code_in_lines_is_one_and_a_short_first_line_is_left_out() -> None:
    assert long_codes("key:\nQUJDREVGR0hJSktM\nTU5P\n\nend") == ["QUJDREVGR0hJSktM\nTU5P"]
    assert long_codes("short QUJDREVG") == []
