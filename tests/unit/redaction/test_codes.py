import json

import pytest

from sentric.redaction import Redactor


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Recovery codes: 8f3k-29dk 77as-kd82", 2),
        ("Backup codes\n1. 12345678\n2. 87654321\n", 2),
        ("scratch code 8f3k29dk", 1),
        ("Backup codes: 1234 5678, 2345 6789", 2),
        ("Your recovery key is ABCD-1234-EFGH-5678-IJKL-9012", 1),
        ("recovery-codes: keep8safe, 9f3k-29dk-77as", 2),
    ],
)
def test_the_codes_under_their_heading_are_replaced(text, count):
    for given in (text, json.dumps({"text": text})):
        redacted = Redactor(b"key").text(given)
        assert redacted.count("‹secret:recovery_code:") == count
        assert "29dk" not in redacted
        assert Redactor(b"key").text(redacted) == redacted
    json.loads(redacted)


@pytest.mark.parametrize(
    "text",
    [
        "Recovery codes: keep them somewhere safely",
        "Use a recovery code or call 12345678901234567",
        "Backup codes are lists of letters, of which the first one was made long before 12345678",
        "recovery code /etc/a1b2c3d4/x",
    ],
)
def test_what_is_no_list_of_codes_stays(text):
    assert Redactor(b"key").text(text) == text


def test_a_recovery_code_is_found_again_alone():
    redactor = Redactor(b"key")
    redactor.text("Recovery codes: 8f3k-29dk 77as-kd82")
    assert redactor.text("type 77as-kd82").startswith("type ‹secret:recovery_code:")
