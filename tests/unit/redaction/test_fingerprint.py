import json
from urllib.parse import quote

import pytest

from sentric.errors import SettingError
from sentric.redaction import Redactor, fingerprints, former_keys, refingerprinted
from sentric.redaction.fingerprint import FORMER_KEPT, Fingerprinter, FormerFingerprints, FormerKey


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


def test_a_secret_that_is_seen_again_after_a_change_of_keys_keeps_one_fingerprint():
    old, new = Redactor(b"old", "k1"), Redactor(b"new", "k2", former=former_keys("k1:old"))
    before = old.text("password: hunter22").removeprefix("password: ")
    assert new.text(f"noted {before}") == f"noted {before}"
    after = new.text("password: hunter22").removeprefix("password: ")
    assert after.endswith(".k2›")
    assert new.text(f"noted {before}") == f"noted {after}"
    assert new.value({"note": [before]}) == {"note": [after]}


def test_a_given_secret_is_known_by_its_former_fingerprints_at_once():
    new = Redactor(b"new", "k2", former=[FormerKey("", b"old")])
    new.add_secret("hunter22", "bank")
    assert new.text(Redactor(b"old").fingerprint("hunter22")) == new.fingerprint("hunter22")


def test_a_fingerprint_of_another_key_id_is_left_alone():
    new = Redactor(b"new", "k2", former=former_keys("k1:old"))
    new.add_secret("hunter22")
    other = Fingerprinter(b"old", "k0")("hunter22", "pin")
    assert new.text(other) == other


def test_former_fingerprints_are_bounded_and_the_oldest_go_first():
    known = FormerFingerprints([FormerKey("k1", b"old")])
    for number in range(FORMER_KEPT + 1):
        known.learn(f"value {number}")
    first, last = (Fingerprinter(b"old", "k1")(f"value {number}", "pin") for number in (0, FORMER_KEPT))
    assert known.renewed(f"{first} {last}", str.upper) == f"{first} VALUE {FORMER_KEPT}"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ()),
        ("k1:old  k2:a:b\n:plain", (FormerKey("k1", b"old"), FormerKey("k2", b"a:b"), FormerKey("", b"plain"))),
    ],
)
def test_former_keys_are_listed_with_their_ids(text, found):
    assert former_keys(text) == found


@pytest.mark.parametrize("text", ["old", "k1:", "a b:c", "x" * 17 + ":old"])
def test_a_former_key_that_cannot_be_used_is_refused_without_being_shown(text):
    with pytest.raises(SettingError, match="give ID:KEY") as caught:
        former_keys(text)
    assert "old" not in str(caught.value)


def test_fingerprints_made_anew_stay_equal_where_they_were_in_every_spelling():
    mark = "‹secret:token:0a1b2c3d.k1›"
    spelt = [mark, json.dumps(mark), json.dumps(json.dumps(mark)), quote(mark), "‹secret:token:0a1b2c3d›"]
    renewed = [refingerprinted(text, b"key") for text in spelt]
    found = {one for text in renewed for one in fingerprints(text)}

    assert len(found) == 1
    assert found != {"token:0a1b2c3d"}
    assert json.loads(renewed[1]) == renewed[0] == renewed[4]
    assert not [text for text in renewed if "0a1b2c3d" in text or "k1" in text]
    assert refingerprinted(mark, b"other") != renewed[0] != refingerprinted("‹secret:token:0a1b2c3e›", b"key")


@pytest.mark.parametrize(
    "text", ["", "no secret here", "‹secret:token:", "secret:token:0a1b2c3d", "‹secret:T:0a1b2c3d›"]
)
def test_what_is_no_fingerprint_stays_as_it_is(text):
    assert refingerprinted(text, b"key") == text


def test_the_digits_of_a_fingerprint_that_was_cut_off_do_not_stay():
    cut = refingerprinted("x ‹secret:pin:0a1b2", b"key")
    assert cut.startswith("x ‹secret:pin:")
    assert len(cut) == len("x ‹secret:pin:0a1b2")
    assert not cut.endswith("0a1b2")
