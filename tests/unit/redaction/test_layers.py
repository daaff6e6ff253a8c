"""Secrets in encodings, in encodings of encodings, and in what only looks like one."""

import base64
import binascii
import gzip
import html
import itertools
import json
import re
import zlib
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentric.redaction import Redactor
from sentric.redaction.layers import DEEPEST_ENCODING, layers

SECRET = "Zq7kLm2vPx94-hunter"


def base64_text(data, *, before=b""):
    return base64.b64encode(before + data.encode()).decode()


def code_points(text, offset):
    return "".join(chr(ord(char) + offset) if "!" <= char <= "~" else char for char in text)


SINGLE = {
    "percent, every character": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "percent, letters": lambda text: quote(text, safe="").replace("h", "%68"),
    "base64": base64_text,
    "base64, one byte on": lambda text: base64_text(text, before=b"x"),
    "base64, two bytes on": lambda text: base64_text(text, before=b"xy"),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base32": lambda text: base64.b32encode(text.encode()).decode(),
    "base32, small": lambda text: base64.b32encode(text.encode()).decode().lower(),
    "base32, three bytes on": lambda text: base64.b32encode(b"xyz" + text.encode()).decode(),
    "hex": lambda text: text.encode().hex(),
    "hex, capital": lambda text: text.encode().hex().upper(),
    "hex with colons": lambda text: text.encode().hex(":"),
    "hex with blanks": lambda text: text.encode().hex(" "),
    "hex escapes": lambda text: "".join(f"\\x{byte:02x}" for byte in text.encode()),
    "JSON escapes": lambda text: "".join(f"\\u{ord(char):04x}" for char in text),
    "entities": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "hex entities": lambda text: "".join(f"&#x{ord(char):x};" for char in text),
    "zero-width": "\u200b".join,
    "full-width": lambda text: code_points(text, 0xFEE0),
    "tags": lambda text: code_points(text, 0xE0000),
    "packed by gzip": lambda text: base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode(),
    "packed by zlib": lambda text: base64.b64encode(zlib.compress(text.encode())).decode(),
    "backwards": lambda text: text[::-1],
    "backwards base64": lambda text: base64_text(text)[::-1],
    "backwards hex": lambda text: text.encode().hex()[::-1],
}
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
MATHEMATICAL = str.maketrans(
    LETTERS + "0123456789", "".join(map(chr, [*range(0x1D400, 0x1D434), *range(0x1D7CE, 0x1D7D8)]))
)
CIRCLED = str.maketrans(
    LETTERS + "1234567890", "".join(map(chr, [*range(0x24B6, 0x24EA), *range(0x2460, 0x2469), 0x24EA]))
)
DISGUISED = {
    "zero-width": "\u200b".join,
    "joiners": "\u200d".join,
    "soft hyphens": "\u00ad".join,
    "word joiners": "\u2060".join,
    "byte order marks": "\ufeff".join,
    "variation selectors": "\ufe0f".join,
    "more variation selectors": "\U000e0100".join,
    "full-width": lambda text: code_points(text, 0xFEE0),
    "full-width and zero-width": lambda text: "\u200b".join(code_points(text, 0xFEE0)),
    "mathematical": lambda text: text.translate(MATHEMATICAL),
    "circled": lambda text: text.translate(CIRCLED),
    "tags": lambda text: code_points(text, 0xE0000),
}
NAMES = {"\u200b": "&ZeroWidthSpace;", "\u200d": "&zwj;", "\u00ad": "&shy;", "\u2060": "&NoBreak;"}
WRITTEN = {
    "JSON": json.dumps,
    "JSON, capital": lambda text: re.sub(r"\\u[0-9a-f]{4}", lambda m: rf"\u{m[0][2:].upper()}", json.dumps(text)),
    "JSON in JSON": lambda text: json.dumps(json.dumps(text)),
    "JSON in JSON in JSON": lambda text: json.dumps(json.dumps(json.dumps(text))),
    "JSON in a URL": lambda text: quote(json.dumps(text)),
    "JSON in HTML": lambda text: html.escape(json.dumps(text)),
    "JSON in base64": lambda text: base64_text(json.dumps(text)),
    "percent": lambda text: quote(text, safe=""),
    "entities": lambda text: text.encode("ascii", "xmlcharrefreplace").decode(),
    "hex entities": lambda text: "".join(char if char.isascii() else f"&#x{ord(char):X};" for char in text),
    "named entities": lambda text: html.escape(text).translate(str.maketrans(NAMES)),
    "Python": lambda text: text.encode("unicode_escape").decode(),
    "bytes of Python": lambda text: repr(text.encode())[2:-1],
    "JavaScript": lambda text: "".join(char if char.isascii() else f"\\u{{{ord(char):x}}}" for char in text),
    "base64": base64_text,
    "hex": lambda text: text.encode().hex(),
}
TOLD = {
    "password": ("password: {}", "Xk7!qPz9rTw2"),
    "password with umlauts": ("password: {}", "Gr\u00fcn-7!xkL\u00e99"),
    "token": ("{}", "ghp_" + "a1B2c3D4e5F6g7H8i9J0" + "k1L2m3N4o5P6q7R8"),
    "key": ("aws_secret_access_key: {}", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzQ8vKw3pLn"),
    "card": ("{}", "4539578763621486"),
    "code": ("Your verification code is {}", "847293"),
}
# What is put around each other in the test of combinations.
TEXTUAL = ("percent, every character", "base64", "base64, one byte on", "base64 for URLs", "base32", "hex")


def redactor():
    out = Redactor(b"key")
    out.add_secret(SECRET)
    return out


@pytest.mark.parametrize("encoding", SINGLE)
def test_a_secret_is_found_in_every_encoding_and_nothing_else_is_replaced(encoding):
    redacted = redactor().text(f"see {SINGLE[encoding](SECRET)} there")
    assert "‹secret:sensitive:" in redacted
    assert redacted.startswith("see ")
    assert redacted.endswith(" there")
    assert len(redacted) < 64
    assert redactor().text(redacted) == redacted


@pytest.mark.parametrize("encodings", list(itertools.product(TEXTUAL, repeat=2)), ids=" in ".join)
def test_a_secret_is_found_in_an_encoding_of_an_encoding(encodings):
    text = SECRET
    for encoding in encodings:
        text = SINGLE[encoding](text)
    assert "‹secret:sensitive:" in redactor().text(f"see {text} there")


@pytest.mark.parametrize(
    "encodings",
    [
        ("base64", "base64", "base64"),
        ("hex", "base64", "percent, every character"),
        ("packed by gzip", "percent, every character"),
        ("packed by zlib", "base64"),
        ("packed by gzip", "hex"),
        ("base32", "hex", "base64 for URLs"),
        ("zero-width", "base64", "hex"),
        ("full-width", "base64"),
        ("full-width", "base64, one byte on"),
        ("full-width", "base64, two bytes on"),
        ("JSON escapes", "base64", "base64"),
        ("backwards", "base64", "hex"),
    ],
    ids=" in ".join,
)
def test_a_secret_is_found_in_three_encodings_around_each_other(encodings):
    text = SECRET
    for encoding in encodings:
        text = SINGLE[encoding](text)
    assert "‹secret:sensitive:" in redactor().text(f"see {text} there")


@pytest.mark.parametrize("told", TOLD)
@pytest.mark.parametrize("writing", WRITTEN)
@pytest.mark.parametrize("disguise", DISGUISED)
def test_a_disguised_secret_is_found_however_its_characters_are_written(told, writing, disguise):
    claim, secret = TOLD[told]
    one = Redactor(b"key")
    one.text(claim.format(secret))
    written = WRITTEN[writing](DISGUISED[disguise](secret))
    for document in (f'see {{"v": "{written}"}} there', json.dumps({"arguments": json.dumps({"body": written})})):
        redacted = one.text(document)
        assert redacted.count("‹secret:") == 1
        around = re.sub(r"‹.*›|[\\\"]", "", redacted)
        assert around.isascii()
        assert len(around) < 48
        assert one.text(redacted) == redacted


@pytest.mark.parametrize("before", ["", "u", "\\u", "\\u00fc", "\\u2764", "abcd", "menu ", "0u", "\\\\u", '\\"'])
@pytest.mark.parametrize("cut", range(1, 6))
def test_one_escaped_character_without_a_width_in_a_code_is_seen_through(before, cut):
    one = Redactor(b"key")
    one.add_secret("847a93")
    text = f'{{"v": "{before}{"847a93"[:cut]}\\u200b{"847a93"[cut:]}"}}'
    assert "‹secret:" in one.text(text) or (before.endswith("\\u") and cut == 4)  # there the escape is another's


@pytest.mark.parametrize("disguise", DISGUISED)
def test_an_object_with_a_disguised_secret_in_json_text_stays_json(disguise):
    one = Redactor(b"key")
    one.text("password: Xk7!qPz9rTw2")
    body = json.dumps({"v": DISGUISED[disguise]("Xk7!qPz9rTw2"), "n": 1})
    redacted = one.value({"gen_ai.tool.call.arguments": json.dumps({"body": body})})
    inner = json.loads(json.loads(redacted["gen_ai.tool.call.arguments"])["body"])
    assert inner == {"v": one.fingerprint("Xk7!qPz9rTw2"), "n": 1}


@given(before=st.binary(max_size=9), after=st.binary(max_size=9), encoding=st.sampled_from(["b64", "hex", "b32"]))
@settings(max_examples=150, deadline=None)
def test_no_part_of_a_secret_stays_in_what_surrounds_it(before, after, encoding):
    encode = {"b64": base64.b64encode, "hex": binascii.hexlify, "b32": base64.b32encode}[encoding]
    redacted = redactor().text(encode(before + SECRET.encode() + after).decode())
    kept = "".join(part.partition("›")[2] for part in f"›{redacted}".split("‹"))
    assert encode(SECRET.encode()).decode()[8:-8] not in kept
    assert "‹secret:sensitive:" in redacted


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: base64.b64encode(text.encode()).decode(),
        lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
        lambda text: text.encode().hex(),
        lambda text: base64.b64encode(gzip.compress(text.encode())).decode(),
        lambda text: json.dumps(json.dumps(json.dumps(text))),
        lambda text: text.replace("password", "p\\u0061ssword"),
        lambda text: text.replace("password", "ｐａｓｓｗｏｒｄ"),
        lambda text: text.replace("password", "pass\u200bword"),
        lambda text: text.replace("password", "p%61ssword"),
        lambda text: text.replace("password", "p&#97;ssword"),
    ],
)
def test_a_secret_that_was_never_seen_is_known_by_its_name_within_an_encoding(encode):
    document = encode(json.dumps({"user": "bob", "password": "Curlew-33-Marsh"}))
    redactor = Redactor(b"key")
    assert "‹secret:password:" in redactor.text(document)
    assert "Curlew" not in redactor.text(document)
    assert redactor.text("Curlew-33-Marsh") == redactor.fingerprint("Curlew-33-Marsh")


def test_only_the_secret_within_an_encoding_is_replaced():
    document = base64.b64encode(b"x" * 90 + SECRET.encode() + b"y" * 90).decode()
    redacted = redactor().text(document)
    head, _, tail = redacted.partition("‹")
    assert base64.b64decode(head + "=" * (-len(head) % 4)).startswith(b"x" * 86)
    assert tail.partition("›")[2].endswith("eXl5eQ==")


def test_what_ordinary_software_escapes_is_not_worth_a_look():
    text = '100% \\u00e4 \\" \\/ &amp; &lt; &#39; 10:20:30 2024-11-21 straße 3f2504e0-4f89-11d3-9a0c-0305e82c3301'
    assert len(layers(text.encode())) == 1


@pytest.mark.parametrize(
    "text",
    [
        json.dumps("I \u2764\ufe0f it, \U0001f468\u200d\U0001f469\u200d\U0001f467, \u26a0\ufe0f too"),
        json.dumps(
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \u05d0\u200f\u05d1 \u4f60\u597d\uff0c\u4e16\u754c\uff01"
        ),
        "it&#8217;s &#8220;quoted&#8221; &#8211; &#x2019; &zwnj;&nbsp;&zwnj;&nbsp;&#847; &#8203; &#9989; &#128512;",
    ],
)
def test_emoji_other_scripts_and_the_entities_of_mails_are_not_worth_a_look(text):
    assert len(layers(text.encode())) == 1


@pytest.mark.parametrize("escape", [quote, quote_plus])
def test_words_and_tokens_behind_an_escaped_blank_are_found(escape):
    for told in ("the password is Dunlin77!Shore now", "use ghp_" + "a1B2c3D4" * 5):
        redacted = Redactor(b"key").text(f"https://a.test/?q={escape(told)}&z=1")
        assert redacted.count("‹secret:") == 1
        assert redacted.endswith("&z=1")
        assert not {"Dunlin", "ghp_"} & set(redacted.replace("%20", " ").replace("+", " ").split())


@pytest.mark.parametrize(
    "data", [b"password=ab\x80\x811cd ", b"\xff\xfepassword: \xc3x1y2z3 \x1f\x8b\x08", b"x\x9ctoken=a1\xe2b2"]
)
def test_bytes_that_are_no_text_are_read_too(data):
    for text in (base64.b64encode(data * 3).decode(), data.hex(), quote(data), quote(quote(data))):
        once = redactor().text(text)
        assert redactor().text(once) == once
    assert "‹secret:" in redactor().text(quote(data))


@pytest.mark.parametrize("quoting", ["%22%5C", "&#34;&#92;", "\\\\u0022", "\uff02\uff3c"])
def test_a_quote_in_an_escape_does_not_reach_beyond_the_string_around_it(quoting):
    document = f'{{"a": "password: {quoting}x1", "p%61y": "&#65;\uff21", "b": "y1"}}'
    assert list(json.loads(Redactor(b"key").text(document))) == ["a", "p%61y", "b"]


def test_a_plus_in_a_number_is_no_blank():
    document = json.dumps({"": "%00", "password": -1.0000000000000002e16})
    assert Redactor(b"key").text(document) == document


def test_identifiers_that_are_words_are_not_worth_a_look():
    assert len(layers(b"TypeErrorHandlerFactory and AbstractSingletonProxy")) == 1


def test_characters_that_are_none_are_read_too():
    for text in ("&#x110000;&#65;", "&#xD800;&#65;", "&#0;&#65;", b"\xef\xbc\xa1\xef\xbc".hex() * 2):
        assert redactor().text(text) == text


def test_layers_end_at_a_depth():
    text = b"x" * 40
    for _ in range(DEEPEST_ENCODING + 3):
        text = base64.b64encode(text)
    assert b"x" * 40 not in {layer.data for layer in layers(text)}


def test_damaged_packed_data_is_read_as_far_as_it_goes():
    packed = gzip.compress((SECRET * 3 + "password=Curlew-33-Marsh ").encode() + bytes(range(256)) * 40)
    cut = base64.b64encode(packed[: len(packed) // 2]).decode()
    assert "‹secret:" in redactor().text(cut)
    broken = base64.b64encode(b"\x1f\x8b\x08" + bytes(40)).decode()
    assert redactor().text(broken) == broken


def test_a_packed_bomb_is_unpacked_to_a_limit():
    bomb = base64.b64encode(zlib.compress(bytes(50_000_000) + b"password=Curlew-33-Marsh")).decode()
    assert sum(len(layer.data) for layer in layers(bomb.encode())) < 8 * len(bomb)


def test_a_text_that_decodes_without_end_is_read_as_far_as_there_is_room():
    text = b"%2525252525252541" * 20_000
    assert sum(len(layer.data) for layer in layers(text)) < 12 * len(text)


@given(st.text(st.sampled_from("aA0+/=-_%\\ux&#;:\u200b\uff21 \ud800\n{}28b5dDC"), max_size=80))
@settings(max_examples=400, deadline=None)
def test_whatever_a_text_decodes_to_redacting_it_twice_changes_nothing(text):
    once = redactor().text(text)
    assert redactor().text(once) == once


@given(st.binary(max_size=60), st.integers(0, 60), st.integers(1, 12))
@settings(max_examples=300, deadline=None)
def test_the_place_of_a_find_lies_within_the_text(data, start, length):
    for text in (base64.b64encode(data), data.hex().encode(), quote(data).encode(), base64.b32encode(data)):
        for layer in layers(text):
            if layer.place is not None:
                begin, end = layer.place(min(start, len(layer.data)), min(start + length, len(layer.data)))
                assert 0 <= begin <= end <= len(text)
