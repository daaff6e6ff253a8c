"""What an action takes with it, plainly or hidden."""

import base64

import pytest

from sentric.policy.readers.values.payload import CARRIED_LIMIT, Leak, Payload, hidden, is_name, payload, shortened

SECRET = "‹secret:token:aa11bb22›"


def test_the_values_and_secrets_of_several_texts_are_taken_once() -> None:
    assert payload(["Jo@corp.example 884201997735512", f"x=jo%40corp.example&k={SECRET}", "tel. (415) 555-0132"]) == (
        Payload(("884201997735512", "jo@corp.example", "tel:155550132"), ("token:aa11bb22",))
    )


def test_hidden_values_come_with_the_way_they_were_hidden() -> None:
    text = base64.b64encode(b"jo@corp.example").decode()
    found = hidden([text], payload([text]))
    assert found.texts == ("jo@corp.example",)
    assert found.ways["jo@corp.example"] == "base64"
    assert found.ways["elpmaxe.proc@oj"] == "reversed in base64"


def test_a_fingerprint_in_an_encoding_is_a_hidden_secret() -> None:
    text = base64.b64encode(f"my key {SECRET}".encode()).decode()
    found = hidden([text], Payload())
    assert found.payload.secrets == ("token:aa11bb22",)
    assert found.ways["token:aa11bb22"] == "base64"


def test_nothing_encoded_hides_nothing() -> None:
    assert hidden(["nothing at all"], Payload()).payload == Payload()


def test_a_leak_is_shown_shortened_and_bounded() -> None:
    values = {f"8842019977355{number:02d}": {"shop.example": None} for number in range(2 * CARRIED_LIMIT)}
    leak = Leak("evil.test", {"token:aa11bb22": {"vault": None, "": None}}, values)
    assert leak.shown[:2] == (SECRET, "884201…735500")
    assert len(leak.shown) == CARRIED_LIMIT
    assert leak.places == ("vault", "shop.example")
    assert shortened("1234567890123") == "1234567890123"


@pytest.mark.parametrize("value", ["invoice_to-3391", "quarterly-report-2024", "minutes-2024-03-15"])
def test_a_word_with_a_number_or_a_date_is_a_name(value: str) -> None:
    assert is_name(value)


@pytest.mark.parametrize(
    "value", ["884201997735512", "order884201997735512", "bld-20931-77f0c2", "a1b2c3d4e5f6", "po-2024-03-15"]
)
def test_what_is_mostly_digits_or_made_by_chance_is_not(value: str) -> None:
    assert not is_name(value)
