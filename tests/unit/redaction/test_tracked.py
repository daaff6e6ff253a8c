import base64
import json
import threading
from urllib.parse import quote, quote_plus

import pytest

from sentric.redaction.forms import LONGEST, forms
from sentric.redaction.spans import Certainty
from sentric.redaction.tracked import LIMIT, YOUNG, Secret, Tracked

VALUE = 'pä?ss/w"rd+1\\'


def tracked(*values, certainty=Certainty.CLAIMED):
    secrets = Tracked()
    for value in values:
        secrets.add([Secret(value, "password", certainty)])
    return secrets


def values(secrets, text):
    return [item.value for item in secrets.find(text.encode())]


def double(text):
    return json.dumps(json.dumps(text))


@pytest.mark.parametrize(
    "encode",
    [
        str,
        json.dumps,
        lambda value: json.dumps(value, ensure_ascii=False),
        double,
        quote,
        lambda value: quote(value, safe=""),
        lambda value: quote_plus(value).lower().replace("%c3%a4", "%c3%a4"),
        lambda value: value.encode().hex(),
        lambda value: value.encode().hex().upper(),
        *(
            lambda value, n=n: base64.b64encode(b"x" * n + value.encode() + b"yz").decode()
            for n in range(3)
        ),
        *(
            lambda value, n=n: base64.urlsafe_b64encode(b"x" * n + value.encode() + b"yz").decode()
            for n in range(3)
        ),
    ],
)  # fmt: skip
def test_a_secret_is_found_again_in_each_form(encode):
    assert VALUE in values(tracked(VALUE), f"before {encode(VALUE)} after")


@pytest.mark.parametrize("value", ["", "short", "x" * (LONGEST + 1)])
def test_a_value_that_is_too_short_or_too_long_has_no_form(value):
    assert forms(value) == []
    assert values(tracked(value), f"a {value} b") == []


def test_a_long_value_is_found_in_clear_only():
    value = "a1" * 500
    secrets = tracked(value)
    assert values(secrets, value) == [value]
    assert values(secrets, value.encode().hex()) == []


def test_a_clean_text_has_no_finds():
    assert values(tracked("hunter22"), "hunter, hunte22r") == []
    assert values(Tracked(), "hunter22") == []


def test_digits_are_not_found_within_longer_digits():
    secrets = tracked("482913")
    assert values(secrets, "1482913 4829131") == []
    assert values(secrets, "x482913x") == ["482913"]


def test_digits_are_not_found_within_another_number():
    secrets = tracked("482913")
    assert values(secrets, "0.482913 482913.5 -482913 [-482913, 482913e5") == []
    assert values(secrets, "G-482913. 482913") == ["482913", "482913"]


def test_secrets_of_both_generations_are_found():
    names = [f"secret-{n:03}" for n in range(2 * YOUNG)]
    secrets = tracked(*names)
    assert sorted(values(secrets, " ".join(names))) == names
    assert secrets.added == 2 * YOUNG


def test_the_oldest_secret_is_evicted_first_and_a_given_one_last():
    secrets = tracked("given-000", certainty=Certainty.GIVEN)
    secrets.add([Secret("found-again", "pin")])
    for n in range(LIMIT - 2):
        secrets.add([Secret(f"secret-{n:03}", "pin")])
    assert secrets.evicted == 0
    secrets.add([Secret("found-again", "otp")])
    secrets.add([Secret(f"new-{n:03}", "pin") for n in range(YOUNG + 1)])
    assert secrets.evicted == YOUNG + 1
    assert values(secrets, "given-000 found-again secret-000 secret-100 new-000") == [
        "given-000", "found-again", "secret-100", "new-000",
    ]  # fmt: skip
    assert secrets.get("found-again") == Secret("found-again", "pin")
    assert secrets.get("secret-000") is None


def test_a_secret_that_is_given_later_keeps_its_kind_and_becomes_given():
    secrets = tracked("hunter22")
    secrets.add([Secret("hunter22", "pin", Certainty.GIVEN)])
    assert secrets.get("hunter22") == Secret("hunter22", "password", Certainty.GIVEN)
    assert Certainty.GIVEN in {item.certainty for item in secrets.find(b"hunter22")}
    secrets.add([Secret("hunter22", "pin")])
    assert secrets.get("hunter22") == Secret("hunter22", "password", Certainty.GIVEN)


def test_more_given_secrets_than_are_kept_evict_the_oldest_of_them():
    secrets = tracked(*(f"given-{n:03}" for n in range(LIMIT + 1)), certainty=Certainty.GIVEN)
    assert secrets.evicted == 1
    assert secrets.get("given-000") is None


def test_the_version_changes_with_what_is_looked_for_and_only_then():
    secrets = tracked("hunter22")
    first = secrets.version
    secrets.add([Secret("hunter22", "pin")])
    assert secrets.version == first
    secrets.add([Secret("hunter22", "pin", Certainty.GIVEN)])
    assert secrets.version == first + 1


def test_a_text_that_fills_the_young_generation_builds_only_what_is_new():
    secrets = tracked(*(f"secret-{n:03}" for n in range(YOUNG + 1)))
    old, young = secrets._generations
    assert ([secret.value for secret in young.secrets], len(old.secrets)) == ([f"secret-{YOUNG:03}"], YOUNG)
    assert values(secrets, f"a secret-{YOUNG:03} b") == [f"secret-{YOUNG:03}"]


def test_secrets_are_added_and_found_from_several_threads_at_once():
    secrets = Tracked()
    missing: list[str] = []

    def work(thread):
        for n in range(40):
            value = f"thread-{thread}-{n:03}"
            secrets.add([Secret(value, "pin")])
            if value not in values(secrets, f"a {value} b"):
                missing.append(value)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not missing
    assert secrets.added == 160
