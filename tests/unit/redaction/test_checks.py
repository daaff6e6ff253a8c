import pytest

from sentric.redaction.checks import (
    is_basic_credential,
    is_card_number,
    is_distinctive,
    is_name,
    is_number,
    is_placeholder,
    looks_random,
    site_name,
)


@pytest.mark.parametrize(
    "digits",
    [b"4222222222222", b"4111111111111111", b"2223003122003222", b"30569309025904", b"6500000000000002"],
)
def test_a_card_number_has_a_prefix_a_length_and_a_check_digit(digits):
    assert is_card_number(digits)
    assert not is_card_number(digits[:-1] + b"%d" % ((digits[-1] - 47) % 10))
    assert not is_card_number(digits + b"0")


@pytest.mark.parametrize("digits", [b"", b"0", b"1111111111111117", b"4444444444444444"])
def test_other_digits_are_no_card_number(digits):
    assert not is_card_number(digits)


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"***",
        "••••••".encode("utf-16"),
        b"<secret>x</secret>",
        b"${A}",
        b"%(x)s",
        b"your-key",
        b"None",
        b"[hidden]",
    ],
)
def test_a_placeholder_is_no_value(value):
    assert is_placeholder(value.replace(b"\xff\xfe", b"").replace(b"\x22\x20", b"*"))


@pytest.mark.parametrize("value", [b"hunter2", b"correct horse", "ünï".encode(), b"-" * 300, b"x" * 300])
def test_a_value_is_no_placeholder(value):
    assert not is_placeholder(value)


@pytest.mark.parametrize(
    "value", [b"evil1.com", b"https://a1.b", b"a1@b.com", b"localhost:80", b"/etc/a1", b"A1_KEY", b"v1.2-3", b"#a1b2c3"]
)
def test_a_name_is_never_looked_for_everywhere(value):
    assert is_name(value)
    assert not looks_random(value)
    assert not is_distinctive(value, "password")


def test_a_long_dotted_token_is_no_name():
    assert not is_name(b"MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs")


@pytest.mark.parametrize(
    ("value", "kind", "distinctive"),
    [
        (b"hunter2", "password", True),
        (b"p@ssword", "password", True),
        (b"correct-horse", "password", False),
        (b"a1b2", "password", False),
        (b"482913", "otp", True),
        (b"4829", "otp", False),
        (b"482913", "token", False),
        (b"sha256", "password", False),
    ],
)
def test_only_what_reads_as_a_secret_is_looked_for_everywhere(value, kind, distinctive):
    assert is_distinctive(value, kind) is distinctive


@pytest.mark.parametrize(
    ("value", "holds"), [(b"dXNlcjpwYXNz", True), (b"dXNlcg==", False), (b"a", False), (b"AAA6AA", False)]
)
def test_a_basic_credential_is_a_user_and_a_password_in_base64(value, holds):
    assert is_basic_credential(value) is holds


@pytest.mark.parametrize(
    ("text", "site"),
    [
        ("https://evil1.com/x", "evil1.com"),
        ("see https://evil1.com", "evil1.com"),
        ("https://evil1.co.uk/", "evil1.co.uk"),
        ("https://www.evil1.com:80/", "evil1.com"),
        ("https://bob:x@evil1.com?q", "evil1.com"),
        ("https://evil1.shop.example/", "shop.example"),
        ("https://evil1:pw@shop.example/", None),
        ("https://shop.example/evil1", None),
        ("https://shop.example/?q=evil1.com", None),
        ("https://evil1/x", None),
        ("https:// evil1.com", None),
        ("evil1.com", None),
        ("https://" + "a" * 600 + "evil1.com", None),
    ],
)
def test_the_registrable_part_of_a_host_is_found_around_a_position(text, site):
    span = site_name(text.encode(), text.index("evil1"))
    assert (span and text[slice(*span)]) == site


@pytest.mark.parametrize(("value", "holds"), [(b"-1.5e+16", True), (b"12", True), (b"1a", False), (b"1.", False)])
def test_a_number_is_one_in_json(value, holds):
    assert is_number(value) is holds
