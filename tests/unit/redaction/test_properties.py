import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentric.redaction import Redactor

CANARY = "Zq7/vK+w9Xd2"

# Pieces that detectors, separators, quotes and fingerprints are made of, so that random texts come near to them.
PIECES = [
    "password", "secret", "token", "Cookie", "api_key", "otp",
    "Authorization", "Bearer ", "=", ": ", ":", '"', "'", "\\", '\\"',
    "&", "?", ",", "{", "}", "[", "]", "\n", " ",
    "<input type=password value=", "‹secret:pin:0a1b2c3d›", "‹", "›", "\\u2039",
    "%3D", "%20", "&quot;", "hunter2", "abc", "482913",
    "your code is ", "4111111111111111", "https://", "@", "x.test",
    "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----",
    "AKIAABCDEFGHIJKLMNOP", "é", "\ud800", "(", "--", CANARY,
]  # fmt: skip
near_secrets = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=12).map("".join)
texts = st.text(st.characters(), max_size=60) | near_secrets
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            texts | st.sampled_from(["password", "cookies", "name", "value", "otp", "type"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)
encoders = {
    "clear": str,
    "JSON": json.dumps,
    "JSON within JSON": lambda text: json.dumps({"arguments": json.dumps({"x": text})}),
    "percent": lambda text: quote(text, safe=""),
    "hex": lambda text: text.encode().hex(),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64, one byte on": lambda text: base64.b64encode(b"x" + text.encode()).decode(),
    "base64, two bytes on": lambda text: base64.b64encode(b"xy" + text.encode()).decode(),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
}


@given(texts)
@settings(max_examples=1500, deadline=None)
def test_redacting_twice_changes_nothing(text):
    redactor = Redactor(b"key")
    redactor.add_secret(CANARY)
    once = redactor.text(text)
    assert redactor.text(once) == once
    assert CANARY not in once


@given(json_values)
@settings(max_examples=300, deadline=None)
def test_redacting_a_value_twice_changes_nothing(value):
    redactor = Redactor(b"key")
    redactor.add_secret(CANARY)
    once = redactor.value(value)
    assert redactor.value(once) == once
    assert CANARY not in str(once)


@given(st.dictionaries(texts, json_values, max_size=4) | st.lists(json_values, max_size=4), st.booleans())
@settings(max_examples=500, deadline=None)
def test_json_text_stays_json_text(value, ascii_only):
    document = json.dumps(value, ensure_ascii=ascii_only)
    json.loads(Redactor(b"key").text(document))
    outer = json.loads(Redactor(b"key").text(json.dumps({"arguments": document})))
    json.loads(outer["arguments"])


@pytest.mark.parametrize("encoding", encoders)
@given(before=st.text(max_size=8), after=st.text(max_size=8))
@settings(max_examples=60, deadline=None)
def test_no_form_of_a_secret_survives(encoding, before, after):
    redactor = Redactor(b"key")
    redactor.text(f"password: {CANARY}")
    redacted = redactor.text(before + encoders[encoding](CANARY) + after)
    kept = encoders[encoding](CANARY).strip('"=')[4:-4]
    assert CANARY not in redacted
    assert kept not in redacted
    assert "‹secret:" in redacted


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=20))
@settings(max_examples=500, deadline=None)
def test_a_password_in_json_has_the_fingerprint_it_has_in_a_value(password):
    document = {"user": "bob", "password": password}
    assert json.loads(Redactor(b"key").text(json.dumps(document))) == Redactor(b"key").value(document)
