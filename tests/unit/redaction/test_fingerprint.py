import json
from urllib.parse import quote

import pytest

from sentric.errors import SettingError
from sentric.redaction import Redactor, fingerprints
from sentric.redaction.fingerprint import Fingerprinter


def test_a_fingerprint_is_eight_digits_of_the_hmac_of_the_value():
    # HMAC-SHA256, RFC 4231, test case 2
    assert Fingerprinter(b"Jefe")("what do ya want for nothing?", "secret") == "‹secret:secret:5bdcc146›"


def test_the_key_and_its_id_show_in_a_fingerprint():
    assert Fingerprinter(b"Jefe", "k2")("what do ya want for nothing?", "pin") == "‹secret:pin:5bdcc146.k2›"
    assert Fingerprinter(b"other")("what do ya want for nothing?", "pin") != "‹secret:pin:5bdcc146›"


def test_a_redactor_with_a_key_id_leaves_its_own_fingerprints_alone():
    redactor = Redactor(b"key", "2024-11")
    redacted = redactor.text('{"password": "hunter2"}')
    assert redacted.endswith('.2024-11›"}')
    assert redactor.text(redacted) == redacted


@pytest.mark.parametrize(
    ("key", "key_id", "message"), [(b"", "", "empty"), (b"k", "a b", "A-Z"), (b"k", "x" * 17, "16")]
)
def test_a_key_that_cannot_be_used_is_refused(key, key_id, message):
    with pytest.raises(SettingError, match=message):
        Redactor(key, key_id)


def test_the_fingerprints_of_a_text_are_listed_once_each_in_order():
    text = "‹secret:pin:0000000b› ‹secret:otp:0000000a.k1› ‹secret:pin:0000000b› \ud800"
    assert fingerprints(text) == ["pin:0000000b", "otp:0000000a"]


@pytest.mark.parametrize("escape", [str, json.dumps, lambda text: json.dumps(json.dumps(text)), quote])
def test_an_escaped_fingerprint_is_still_one(escape):
    text = escape("password=‹secret:password:0a1b2c3d›")
    assert fingerprints(text) == ["password:0a1b2c3d"]
    assert Redactor(b"key").text(text) == text
