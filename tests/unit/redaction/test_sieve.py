"""What the sieve lets through is what the redactor would leave as it is."""

import ast
import base64
import gzip
from collections.abc import Callable, Sequence
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from sentric.redaction import Redactor
from sentric.redaction.scan import GATES, SIGNS, present
from sentric.redaction.sieve import CLEAR, ENCODED, Sieve, laid_out
from support.linear import assert_linear

# Every text that a test of the redaction is made of: thousands of secrets in all their forms, and what looks like some.
TEXTS = sorted(
    {
        node.value
        for path in Path(__file__).parent.glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and 0 < len(node.value) < 4096
    }
)


def laid(texts: Sequence[str]) -> tuple[bytes, Sequence[int]]:
    return laid_out([text.encode("utf-8", "surrogatepass") for text in texts])


def told(texts: Sequence[str]) -> set[int]:
    return {hit for sieve in (CLEAR, ENCODED) for hit in sieve.hits(*laid(texts))}


def test_there_is_something_to_test() -> None:
    assert len(TEXTS) > 1000
    assert len(GATES) + len(SIGNS) > 100


def test_whatever_a_scan_would_find_is_told() -> None:
    found = {place for place, text in enumerate(TEXTS) if any(present(text.encode("utf-8", "surrogatepass")))}
    assert len(found) > 500
    assert found <= told(TEXTS)


def test_whatever_the_redactor_changes_is_told() -> None:
    redactor = Redactor(b"key")
    changed = {place for place, text in enumerate(TEXTS) if Redactor(b"key").text(text) != text}
    assert changed <= set(redactor.suspects(*laid(TEXTS)))


def test_a_secret_that_was_seen_is_told_wherever_it_stands_again() -> None:
    redactor = Redactor(b"key")
    redactor.add_secret("mellow-heron")
    texts = ["nothing", "so mellow-heron it is", "bWVsbG93LWhlcm9u", "nothing either"]
    assert [texts[place] for place in redactor.suspects(*laid(texts))] == texts[1:3]


def test_what_is_packed_is_told_whatever_stands_beside_it() -> None:
    packed = base64.b64encode(gzip.compress(b"the way is Curlew-33-Marsh now")).decode()
    redactor = Redactor(b"key")
    redactor.add_secret("Curlew-33-Marsh")
    for place in range(20):
        texts = [f"e9a9fef81d094d{number:02x}AbCdEf" for number in range(20)]
        texts[place] = packed
        assert place in redactor.suspects(*laid(texts))


def test_ordinary_texts_pass() -> None:
    ordinary = ["GET /orders/{id}", "SELECT name FROM users WHERE id = $1", "the order was paid", "200", ""] * 50
    assert not told(ordinary)


@settings(deadline=None)
@given(st.lists(st.sampled_from(TEXTS) | st.text(max_size=30), max_size=40))
def test_what_stands_beside_a_text_does_not_hide_it(texts: list[str]) -> None:
    texts = [text.encode("utf-8", "replace").decode() for text in texts]
    found = {place for place, text in enumerate(texts) if any(present(text.encode()))}
    assert found <= told(texts)
    changed = {place for place, text in enumerate(texts) if Redactor(b"key").text(text) != text}
    assert changed <= set(Redactor(b"key").suspects(*laid(texts)))


def test_every_text_of_a_chunk_full_of_hits_is_told() -> None:
    texts = ["password: hunter2x", "plain"] * 500
    assert {place for place in told(texts) if texts[place] == "plain"} == set()
    assert len(told(texts)) == 500


def test_the_numbers_come_in_order_and_once() -> None:
    hits = list(Sieve([b"a"]).hits(*laid(["a", "b", "aa", "", "xa"] * 9)))
    assert hits == sorted(set(hits))
    assert len(hits) == 27


def test_texts_made_to_be_searched_again_and_again_take_time_in_proportion() -> None:
    # An unfinished match goes on to the end of what is searched, and each hit begins a new search.
    def prepare(size: int) -> Callable[[], object]:
        data, starts = laid(["curl x", "sk_live_1", "-----BEGIN PRIVATE KEY-----"] * size)
        return lambda: list(CLEAR.hits(data, starts))

    assert_linear(prepare, 1000)
