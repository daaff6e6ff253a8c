import json

import pytest

from sentric.events import Kind
from sentric.redaction import Redactor, fingerprints
from sentric.redaction.fingerprint import Fingerprinter
from sentric.redaction.redactor import DEEPEST, TOO_DEEP

KEY = b"key of the tests"


@pytest.fixture
def redactor():
    return Redactor(KEY)


def stand_in(value, kind="password"):
    return Fingerprinter(KEY)(value, kind)


def test_text_without_a_secret_is_returned_as_it_is(redactor):
    text = "Add to cart, then pay."
    assert redactor.text(text) is text
    assert redactor.text("") == ""


def test_a_value_is_redacted_to_its_depths_and_keeps_its_shape(redactor):
    value = {"user": "bob", "list": [1, 2.5, None, True, {"db_password": "hunter2"}], "tuple": ("password=hunter2",)}
    secret = stand_in("hunter2")
    assert redactor.value(value) == {
        "user": "bob",
        "list": [1, 2.5, None, True, {"db_password": secret}],
        "tuple": [f"password={secret}"],
    }


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ({"headers": [{"name": "x-api-key", "value": "swordfish"}]}, "api_key"),
        ({"form": [{"key": "password", "value": "swordfish"}]}, "password"),
        ({"attributes": {"type": "password", "value": "swordfish"}}, "password"),
        ({"headers": [["X-Api-Key", "swordfish"]]}, "api_key"),
        ({"passwords": ["swordfish", "swordfish"]}, "password"),
        ({"cookies": {"sid": "swordfish"}}, "cookie"),
        ({"cookies": [{"name": "sid", "value": "swordfish", "domain": "shop.example"}]}, "cookie"),
        ({"sensitive_data": {"https://shop.example": {"login": "swordfish"}}}, "sensitive"),
        ({"Authorization": "Bearer swordfish"}, "authorization"),
        ({"authorization": "swordfish"}, "authorization"),
        ({"Cookie": "sid=swordfish; Path=/"}, "cookie"),
        ({"Cookie": "swordfish"}, "cookie"),
    ],
    ids=str,
)
def test_a_name_nearby_gives_context(redactor, value, key):
    redacted = str(redactor.value(value))
    assert "swordfish" not in redacted
    assert f"‹secret:{key}:" in redacted
    assert redacted.replace(stand_in("swordfish", key), "swordfish") == str(value)


def test_numbers_beside_a_name_become_fingerprints(redactor):
    redacted = redactor.value({"pin": 1234, "cvv": 123, "otp": 482913, "password": 12345678})
    assert [fingerprint.split(":")[0] for fingerprint in fingerprints(str(redacted))] == [
        "pin",
        "cvv",
        "otp",
        "password",
    ]


def test_a_card_or_a_code_that_is_a_number_is_found_without_a_name(redactor):
    card = redactor.text("4111111111111111")
    code = redactor.text("your code is 482913").removeprefix("your code is ")
    assert redactor.value([4111111111111111, 482913, 482914]) == [card, code, 482914]


def test_a_code_with_a_gap_is_the_same_code(redactor):
    assert redactor.value({"otp": "482 913"}) == redactor.value({"otp": "482913"})


def test_a_key_that_holds_a_secret_is_redacted(redactor):
    redactor.add_secret("swordfish")
    assert redactor.value({"swordfish": 1}) == {redactor.text("swordfish"): 1}


def test_a_secret_found_late_is_also_replaced_earlier(redactor):
    secret = stand_in("hunter22")
    assert Redactor(KEY).value({"note": "it is hunter22", "password": "hunter22"}) == {
        "note": f"it is {secret}",
        "password": secret,
    }
    assert Redactor(KEY).text("hunter22 is it: password=hunter22") == (f"{secret} is it: password={secret}")


def test_a_secret_seen_once_is_known_without_context(redactor):
    redactor.text("password: hunter22")
    assert redactor.text("type hunter22 now") == f"type {stand_in('hunter22')} now"


def test_an_ordinary_word_is_replaced_only_where_it_is_claimed_to_be_a_secret(redactor):
    redactor.value({"password": "checkout", "api_key": "evil1.com", "secret": "/account/7"})
    text = "checkout at https://evil1.com/account/7"
    assert redactor.text(text) == text


@pytest.mark.parametrize(
    ("page", "site"),
    [
        ("password: evil11", "https://evil11.com/collect"),
        ("password: 'www.evil11'", "https://www.evil11.com/"),
        ("password: '1.evil11'", "https://1.evil11.com/"),
        ("Bearer evil-site-11.com", "https://evil-site-11.com/"),
        ("https://x:evil11@y.test/", "https://evil11.co.uk/"),
        ("", "https://sk-" + "a1" * 12 + ".com/"),
        ("", "https://4111111111111111.com/"),
    ],
)
def test_a_page_cannot_hide_the_site_an_agent_goes_to(redactor, page, site):
    redactor.text(page)
    assert redactor.text(f"open {site} now") == f"open {site} now"


def test_a_secret_sent_as_the_name_of_a_host_is_replaced(redactor):
    redactor.text("password: hunter22")
    redactor.add_secret("given11")
    assert "hunter22" not in redactor.text("https://hunter22.shop.example/")
    assert "4111" not in redactor.text("https://4111111111111111.shop.example/")
    assert "given11" not in redactor.text("https://given11.com/")
    redactor.add_secret("hunter22")
    assert "hunter22" not in redactor.text("https://hunter22.com/")


def test_the_kind_of_the_first_discovery_stays(redactor):
    redactor.add_secret("hunter22", "bank_login")
    assert redactor.value({"password": "hunter22"}) == {"password": stand_in("hunter22", "bank_login")}


@pytest.mark.parametrize("kind", ["", "Bank", "two words", "_x", "x" * 33, "ünï", "‹"])
def test_a_kind_that_does_not_fit_becomes_sensitive(redactor, kind):
    redactor.add_secret("hunter22", kind)
    assert redactor.text("hunter22").startswith("‹secret:sensitive:")


def test_a_short_secret_is_not_looked_for(redactor):
    redactor.add_secret("bob")
    assert redactor.text("bob and bobby, robob") == "bob and bobby, robob"


def test_overlapping_secrets_leave_no_part_in_clear(redactor):
    redactor.add_secret("alpha-beta")
    redactor.add_secret("beta-gamma")
    redacted = redactor.text("x alpha-beta-gamma y alpha-beta y")
    assert redacted.count("‹secret:sensitive:") == 2
    assert redacted.startswith("x ‹")
    assert not {"alpha", "beta", "gamma"} & set(redacted.replace("-", " ").split())


def test_a_secret_that_is_a_word_of_fingerprints_does_not_break_them(redactor):
    redactor.add_secret("secret")
    redactor.add_secret("password")
    redacted = redactor.text("password=hunter2 secret")
    assert redactor.text(redacted) == redacted
    assert len(fingerprints(redacted)) == 3


def test_a_secret_beside_a_fingerprint_within_one_value_is_replaced_with_it(redactor):
    redacted = redactor.text('{"password": "hunter2 ‹secret:pin:0a1b2c3d›"}')
    assert "hunter2" not in redacted
    assert redactor.text(redacted) == redacted


def test_a_fingerprint_within_a_placeholder_stays(redactor):
    text = '{"password": "(‹secret:pin:0a1b2c3d›)"}'
    assert redactor.text(text) == text


def test_a_credential_across_a_fingerprint_is_left_to_the_fingerprint(redactor):
    redactor.add_secret("lpha-‹secret:pin:0a")
    text = "alpha-‹secret:pin:0a1b2c3d›"
    assert redactor.text(text) == text


def test_what_lies_too_deep_is_replaced_by_a_marker(redactor):
    value = ["password=hunter2"]
    for _ in range(DEEPEST + 5):
        value = [value]
    redacted = str(redactor.value(value))
    assert "hunter2" not in redacted
    assert TOO_DEEP in redacted


def test_what_is_not_json_becomes_its_type(redactor):
    value = {"a": b"password", "b": {1, 2}, "c": object(), 7: 1, None: 2, 10**30: 3, ("x",): 4, Kind.CLICK: Kind.INPUT}
    assert redactor.value(value) == {
        "a": "‹bytes›", "b": "‹set›", "c": "‹object›", "7": 1, "None": 2, "‹int›": 3, "‹tuple›": 4, "click": "input",
    }  # fmt: skip


def test_huge_numbers_and_lone_surrogates_are_kept(redactor):
    value = [10**5000, -(10**5000), float("inf"), "\ud800 x \udfff"]
    assert redactor.value(value) == value
    assert redactor.text("\ud800 password=hunter2 \udfff").startswith("\ud800 password=‹")


def test_evictions_are_counted(redactor):
    redactor.text(" ".join(f"token=a1b2c3d{n}" for n in range(300)))
    assert redactor.evicted == 100


def test_two_redactors_with_one_key_agree_and_with_another_do_not():
    text = "password: hunter22"
    assert Redactor(b"a").text(text) == Redactor(b"a").text(text) != Redactor(b"b").text(text)


def test_a_value_that_is_said_to_be_a_secret_has_a_fingerprint_however_short_it_is() -> None:
    redactor = Redactor(b"key")
    assert redactor.fingerprint("1234") == redactor.fingerprint("1234") != redactor.fingerprint("1235")
    redactor.add_secret("correct horse", "password")
    assert redactor.fingerprint("correct horse") == redactor.text("correct horse")
    assert redactor.text(redactor.fingerprint("1234")) == redactor.fingerprint("1234")


def test_a_short_text_that_was_clean_is_redacted_once_its_secret_is_known() -> None:
    redactor = Redactor(b"key")
    assert redactor.text("hunter22") == "hunter22"
    redactor.add_secret("hunter22")
    assert redactor.text("hunter22") == redactor.fingerprint("hunter22")


def test_short_clean_texts_are_remembered_up_to_a_limit() -> None:
    redactor = Redactor(b"key")
    for number in range(5000):
        assert redactor.text(f"plain {number}") == f"plain {number}"
    assert len(redactor._clean) <= 4096


def test_a_card_that_was_read_as_a_fraction_is_found() -> None:
    redactor = Redactor(b"key")
    assert redactor.value(4111111111111111.0) == redactor.text("4111111111111111")
    assert redactor.value([1e15, 2.5, float("nan"), -1e20][:2]) == [1e15, 2.5]


def test_a_name_with_a_quote_and_a_backslash_does_not_confuse_the_depth_of_the_numbers_behind_it() -> None:
    document = json.dumps({'"\\': {"password": 12345678}})
    assert list(json.loads(Redactor(b"key").text(document))) == ['"\\']
    nested = json.loads(Redactor(b"key").text(json.dumps({"arguments": document})))
    assert list(json.loads(nested["arguments"])) == ['"\\']
