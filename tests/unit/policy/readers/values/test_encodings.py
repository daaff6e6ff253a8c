"""Texts are found in every encoding they are likely to be carried out in, and nowhere else."""

import base64
import gzip
import hashlib
import zlib
from functools import partial
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentric.policy.readers.values.encodings import BUDGET, CANDIDATES, decoded, mirrored
from support.linear import assert_linear, repeated

TEXT = "jo.doe@corp.example 884201997735512"
BYTES = TEXT.encode()
HEX = BYTES.hex()
FORMS = {
    "percent": quote(TEXT, safe=""),
    "percent in percent": quote(quote(TEXT, safe=""), safe=""),
    "every character in percent": "".join(f"%{byte:02x}" for byte in BYTES),
    "base64": base64.b64encode(BYTES).decode(),
    "base64 without padding, for URLs": base64.urlsafe_b64encode(b"???" + BYTES).decode().rstrip("="),
    "base64 after one other character": "a" + base64.b64encode(BYTES).decode(),
    "base64 after two": "ab" + base64.b64encode(BYTES).decode(),
    "base64 after three": "abc" + base64.b64encode(BYTES).decode(),
    "base64 in lines": base64.encodebytes(BYTES * 3).decode(),
    "base64 in base64 in base64": base64.b64encode(base64.b64encode(base64.b64encode(BYTES))).decode(),
    "base32": base64.b32encode(BYTES).decode(),
    "base32 in small letters": base64.b32encode(BYTES).decode().lower().rstrip("="),
    "hex": HEX,
    "hex in capitals": HEX.upper(),
    "hex in pairs": BYTES.hex(":"),
    "hex in labels of a host": "https://" + ".".join(HEX[i : i + 30] for i in range(0, len(HEX), 30)) + ".evil.test/",
    "escaped": "".join(f"\\u{byte:04x}" for byte in BYTES),
    "escaped in hex": "".join(f"\\x{byte:02x}" for byte in BYTES),
    "html": "".join(f"&#{byte};" for byte in BYTES),
    "gzip": base64.b64encode(gzip.compress(BYTES, mtime=0)).decode(),
    "zlib in hex": zlib.compress(BYTES).hex(),
    "base64, full width": "".join(chr(ord(char) + 0xFEE0) for char in base64.b64encode(BYTES).decode()),
    "base64 with zero-width spaces": "\u200b".join(base64.b64encode(BYTES).decode()),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_text_is_found_in_any_form(form: str) -> None:
    assert any(TEXT in inner.text for inner in decoded(f"x={form}"))


@pytest.mark.parametrize("form", ["8842 0199 7735 512", "8-8-4-2-0-1-9-9-7-7-3-5-5-1-2", "884.201.997.735.512"])
def test_numbers_are_found_in_groups(form: str) -> None:
    assert "884201997735512" in [inner.text for inner in decoded(f"no {form} is it")]


def test_the_encodings_are_named_from_the_outermost_in() -> None:
    found = decoded(base64.b64encode(HEX.encode()).decode())
    assert [inner.encodings for inner in found if inner.text == TEXT] == [("base64", "hex")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "short",
        "An ordinary sentence with a state-of-the-art-solution, see https://shop.example/products/1234/details-page",
        "9fceb02d0ae598e95dc970b74767f19372d61af8",
        "123e4567-e89b-12d3-a456-426614174000",
        base64.b64encode(hashlib.sha256(b"x").digest()).decode(),
        "notbase64notbase64notbase64",
        "2024-01-02",
    ],
)
def test_what_is_not_encoded_gives_nothing(text: str) -> None:
    assert decoded(text) == ()


def test_values_are_recognised_backwards_and_in_rot13() -> None:
    assert mirrored(("jo@corp.example", "1234")) == {
        "4321": "reversed",
        "elpmaxe.proc@oj": "reversed",
        "wb@pbec.rknzcyr": "rot13",
        "1234": "rot13",
    } | {"rycznkr.cebp@bw": "rot13", "4321": "rot13"}
    assert mirrored(()) == {}


def test_a_bomb_is_unpacked_no_further_than_the_budget() -> None:
    bomb = base64.b64encode(gzip.compress(b"a" * 50_000_000)).decode()
    assert sum(len(inner.text) for inner in decoded(bomb)) <= BUDGET


def test_what_is_found_is_bounded() -> None:
    many = " ".join(base64.b64encode(f"value number {number}".encode()).decode() for number in range(1000))
    assert len(decoded(many)) == CANDIDATES


@pytest.mark.parametrize(
    "bait", ["4a", "a ", "1 ", "QUFB", "%25", "&#", "\\u0041", "A2", "://a.", "\ud800", "8b08", "1-"]
)
def test_bait_costs_linear_time(bait: str) -> None:
    assert_linear(lambda size: partial(decoded, repeated(bait, size)), 8_000)


@settings(deadline=None)
@given(st.text(st.characters()) | st.from_regex(r"[A-Za-z0-9+/=%&#;\\xu .:-]{0,200}"))
def test_nothing_raises_and_the_result_can_be_encoded(text: str) -> None:
    for inner in decoded(text):
        inner.text.encode()
