import pytest

from sentric.policy.signals.amounts import is_among, payment


@pytest.mark.parametrize(
    ("key", "text", "amount", "currency"),
    [
        ("amount", "10", 10.0, ""),
        ("amount", "1,234.56", 1234.56, ""),
        ("amount", "1.234,56 €", 1234.56, "EUR"),
        ("amount", "1'234.50 CHF", 1234.5, "CHF"),
        ("amount", "1 234", 1234.0, ""),
        ("price", "$1,000", 1000.0, "USD"),
        ("total", "USD 0.50", 0.5, "USD"),
        ("amount", "12,5", 12.5, ""),
        ("amount", "1,234,567", 1234567.0, ""),
        ("amount_cents", "1999", 19.99, ""),
        ("amount", "-50", 50.0, ""),
        ("amount", "much", 0.0, ""),
        ("quantity", "500", 0.0, ""),
        ("amount", "9" * 5000, 0.0, ""),
    ],
)
def test_amounts_are_read_as_people_write_them(key: str, text: str, amount: float, currency: str) -> None:
    paid = payment([(key, text)])
    assert paid.amount == pytest.approx(amount)
    assert paid.currency == currency


def test_the_largest_amount_and_every_vendor_count() -> None:
    paid = payment([("price", "3"), ("total", "9"), ("currency", "eur"), ("vendor", "Paper AG"), ("iban", "DE00")])
    assert (paid.amount, paid.currency, paid.vendors) == (9.0, "EUR", ("Paper AG", "DE00"))


def test_a_button_may_state_the_amount() -> None:
    assert payment([("index", "3")], "Pay 39.90 EUR").amount == pytest.approx(39.9)


def test_vendors_are_compared_by_their_whole_name() -> None:
    assert is_among(["PAPER ag"], ["Paper AG"])
    assert is_among(["DE00 1234"], ["DE001234"])
    assert not is_among(["Paper AG Trust"], ["Paper AG"])
    assert not is_among([], ["Paper AG"])
