import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentric.errors import SettingError
from sentric.redaction import Redactor, personal, personal_kinds
from sentric.redaction.personal_data import (
    KINDS,
    LIMIT,
    Personal,
    personal_kind_of_key,
)

TEXT = (
    "Mail bob@shop.example or Bob@Shop.example; call +49 30 901820 or (415) 555-2671; tel: 030 901 820 11. "
    "IBAN DE89 3704 0044 0532 0130 00 EUR, GB82WEST12345698765432. SSN 078-05-1120, 4111 1111 1111 1111"
)


def test_the_personal_data_of_a_text_is_told_by_kind_and_counted():
    assert personal(TEXT) == Personal(
        emails=("bob@shop.example",),
        phones=("+4930901820", "4155552671", "03090182011"),
        cards=("4111111111111111",),
        ibans=("DE89370400440532013000", "GB82WEST12345698765432"),
        ssns=("078051120",),
    )
    assert personal(TEXT).count == 8
    assert list(personal(TEXT).by_kind()) == ["email", "phone", "card", "iban", "ssn"]


def test_what_was_redacted_counts_by_its_fingerprint():
    redacted = Redactor(b"key", personal=personal_kinds("all")).text(TEXT)
    assert personal(redacted).count == personal(TEXT).count
    assert personal("‹secret:card:0a1b2c3d› ‹secret:password:0a1b2c3d›").by_kind() == {"card": ("card:0a1b2c3d",)}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "order 4539578763621487 of 2024-11-21 10:20:30, v1.2.3.4, 192.168.100.200",
        "3f2504e0-4f89-11d3-9a0c-0305e82c3301 1732165200 $1,234,567.00",
        "call 5 people, phone them, a tel of 12",
        "DE89 3704 0044 0532 0130 01 and GB82WEST1234569876543 and ZZ00AAAA",
        "000-12-3456 666-12-3456 900-12-3456 123-00-4567 123-45-0000 123-45-67890",
        "user@localhost @handle a@b",
        "\ud800 \x00",
    ],
)
def test_other_numbers_and_words_are_no_personal_data(text):
    assert personal(text).count == 0


@pytest.mark.parametrize("line_break", ["\n", "\t"])
def test_personal_data_at_the_beginning_of_a_line_within_json_is_found(line_break):
    lines = json.dumps(f"{line_break}tom@x.example{line_break}078-05-1120{line_break}DE89370400440532013000")
    assert personal(lines).emails == ("tom@x.example",)
    assert (personal(lines).ssns, personal(lines).ibans) == (("078051120",), ("DE89370400440532013000",))


def test_a_social_security_number_without_hyphens_needs_its_name():
    assert personal("social security number: 078051120").ssns == personal("SSN 078 05 1120").ssns == ("078051120",)
    assert personal("078051120").ssns == ()


def test_values_are_told_apart_up_to_a_limit():
    assert len(personal(" ".join(f"a{n}@x.example" for n in range(LIMIT + 9))).emails) == LIMIT


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("customer_email", "email"), ("phoneNumber", "phone"), ("IBAN", "iban"), ("ssn", "ssn"),
        ("accountNumber", "account"), ("first_name", "name"), ("cardholder", "name"), ("name", ""), ("send_email", ""),
        ("file_name", ""), ("x" * 65, ""), ("", ""), ("__", ""), ("mail", ""),
    ],
)  # fmt: skip
def test_the_name_of_a_field_tells_the_kind_of_what_is_in_it(name, kind):
    assert personal_kind_of_key(name) == kind


def test_personal_data_is_redacted_only_on_request():
    value = {
        "full_name": "Jane Doe",
        "email": "jane@x.example",
        "text": f"Dear Jane Doe, {TEXT}",
        "accountNumber": "12345678",
    }
    kept = Redactor(b"key").value(value)
    assert kept == {**value, "text": value["text"].replace("4111 1111 1111 1111", kept["text"].rsplit(" ", 1)[1])}
    redacted = Redactor(b"key", personal=personal_kinds("all")).value(value)
    for kept_part in ("Jane", "jane@", "shop.example", "3704", "078-05", "555", "12345678"):
        assert kept_part not in str(redacted)
    assert redacted["text"].startswith(f"Dear {redacted['full_name']}, Mail ‹secret:email:")


def test_only_the_kinds_asked_for_are_redacted():
    redacted = Redactor(b"key", personal=personal_kinds("email, iban")).text(TEXT)
    assert "shop.example" not in redacted
    assert "+49 30 901820" in redacted
    assert "078-05-1120" in redacted
    assert redacted.count("‹secret:iban:") == 2


def test_personal_data_in_json_text_and_in_encodings_is_redacted_too():
    redactor = Redactor(b"key", personal=frozenset(KINDS))
    text = json.dumps({"full_name": "Jane Doe", "account_number": "12345678", "mail": "jane@x.example"})
    for given_text in (text, json.dumps(text), text.encode().hex()):
        redacted = redactor.text(given_text)
        assert {kind: f"‹secret:{kind}:" in redacted for kind in ("name", "account", "email")} == {
            "name": True, "account": True, "email": True,
        }  # fmt: skip
        assert redactor.text(redacted) == redacted


def test_personal_data_takes_no_place_among_the_secrets_that_are_looked_for():
    redactor = Redactor(b"key", personal=frozenset(KINDS))
    redactor.text("password: hunter22 " + " ".join(f"a{n}@x.example" for n in range(400)))
    assert redactor.evicted == 0
    assert "hunter22" not in redactor.text("hunter22")


@pytest.mark.parametrize("words", ["", "email", " Email , phone,", "all"])
def test_the_kinds_are_named_in_a_setting(words):
    assert personal_kinds(words) <= set(KINDS)


def test_an_unknown_kind_is_named_with_those_there_are():
    with pytest.raises(SettingError, match="'mail' is unknown: use all, or some of email, phone"):
        personal_kinds("email,mail")


@given(st.text(max_size=80) | st.text(st.sampled_from("+49 30(1).-@x.DE89SSN\ud800"), max_size=80))
@settings(max_examples=500, deadline=None)
def test_any_text_is_read_without_an_error_and_always_the_same_way(text):
    assert personal(text) == personal(text)
    redactor = Redactor(b"key", personal=frozenset(KINDS))
    once = redactor.text(text)
    assert redactor.text(once) == once
