import base64
import json
import threading
from urllib.parse import quote, quote_plus

import pytest

from sentric.redaction.forms import LONGEST, forms
from sentric.redaction.tracked import LIMIT, YOUNG, Secret, Tracked

VALUE = 'pä?ss/w"rd+1\\'


def tracked(*values, given=False):
    secrets = Tracked()
    for value in values:
        secrets.add([Secret(value, f"‹{value}›", given=given)])
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


def test_a_site_stays_readable_unless_the_secret_is_known_by_its_form():
    secrets = tracked("evil11")
    assert values(secrets, "https://evil11.com/?q=1") == []
    assert values(secrets, "https://evil11.com/?q=evil11") == ["evil11"]
    secrets.add([Secret("certain1", "", certain=True)])
    assert values(secrets, "https://certain1.com/") == ["certain1"]


def test_secrets_of_both_generations_are_found():
    names = [f"secret-{n:03}" for n in range(2 * YOUNG)]
    secrets = tracked(*names)
    assert sorted(values(secrets, " ".join(names))) == names
    assert secrets.added == 2 * YOUNG


def test_the_oldest_secret_is_evicted_first_and_a_given_one_last():
    secrets = tracked("given-000", given=True)
    secrets.add([Secret("found-again", "")])
    for n in range(LIMIT - 2):
        secrets.add([Secret(f"secret-{n:03}", "")])
    assert secrets.evicted == 0
    secrets.add([Secret("found-again", "other")])
    secrets.add([Secret(f"new-{n:03}", "") for n in range(YOUNG + 1)])
    assert secrets.evicted == YOUNG + 1
    assert values(secrets, "given-000 found-again secret-000 secret-100 new-000") == [
        "given-000", "found-again", "secret-100", "new-000",
    ]  # fmt: skip
    assert secrets.get("found-again") == Secret("found-again", "")
    assert secrets.get("secret-000") is None


def test_more_given_secrets_than_are_kept_evict_the_oldest_of_them():
    secrets = tracked(*(f"given-{n:03}" for n in range(LIMIT + 1)), given=True)
    assert secrets.evicted == 1
    assert secrets.get("given-000") is None


def test_secrets_are_added_and_found_from_several_threads_at_once():
    secrets = Tracked()
    missing: list[str] = []

    def work(thread):
        for n in range(40):
            value = f"thread-{thread}-{n:03}"
            secrets.add([Secret(value, "")])
            if value not in values(secrets, f"a {value} b"):
                missing.append(value)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not missing
    assert secrets.added == 160
