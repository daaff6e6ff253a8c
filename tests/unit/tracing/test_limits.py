import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sentric.settings import Settings
from sentric.tracing.limits import BYTES_PER_CHARACTER, DEPTH_LIMIT, ITEM_LIMIT, batch_size, cut, encode, fit, plain

TEXT = st.text(st.characters(codec=None))
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=20,
)


@given(TEXT, st.integers(1, 50))
def test_a_cut_text_is_a_beginning_that_can_be_encoded_and_takes_no_more_than_its_bytes(text: str, limit: int) -> None:
    kept = cut(text, limit)
    assert len(kept) <= limit
    assert len(json.dumps(kept, ensure_ascii=False)[1:-1].encode()) <= BYTES_PER_CHARACTER * limit
    assert text.encode("utf-8", "replace").decode().startswith(kept)


def test_an_ordinary_text_within_its_limit_stays_whole() -> None:
    assert cut("Grüße aus Köln", 14) == "Grüße aus Köln"
    assert cut("abc", 2) == "ab"


@given(st.dictionaries(TEXT, JSON), st.integers(64, 200))
def test_arguments_are_cut_to_valid_json_of_the_limit(arguments: dict[str, Any], limit: int) -> None:
    clean = plain(arguments, 2 * limit)
    assert isinstance(clean, dict)
    kept, encoded, was_cut = fit(clean, limit)
    assert json.loads(encoded) == kept
    assert len(encoded) <= limit
    assert len(encoded.encode()) <= BYTES_PER_CHARACTER * limit
    assert was_cut == (kept != clean)


def test_what_is_no_json_becomes_text_and_what_is_too_deep_or_too_many_is_left_out() -> None:
    nested: list[Any] = []
    for _ in range(100):
        nested = [nested]
    shown = encode(plain({"deep": nested, "many": range(3), "set": {1}, "list": [0] * (ITEM_LIMIT + 1)}, 100))
    assert shown.count("[[") < DEPTH_LIMIT
    assert '"many":"range(0, 3)","set":[1]' in shown
    assert len(json.loads(shown)["list"]) == ITEM_LIMIT


def test_a_batch_of_the_largest_spans_stays_under_what_a_grpc_server_takes() -> None:
    settings = Settings()
    largest = BYTES_PER_CHARACTER * (settings.page_limit + 7 * settings.text_limit)
    assert 4 <= batch_size(settings) <= (4 << 20) // largest
    assert batch_size(Settings(page_limit=10_000_000)) == 1
