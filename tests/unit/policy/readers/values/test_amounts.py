import pytest

from sentric.policy.readers.values.amounts import are_known, payment


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
        ("amount", "9_000.50", 9000.5, ""),
        ("amount", "9’000", 9000.0, ""),
        ("amount", "9\u2009000", 9000.0, ""),
        ("amount", f"{'0' * 30}9000", 9000.0, ""),
        ("amount", f"{' ' * 300}9000{' ' * 300}", 9000.0, ""),
    ],
)
def test_amounts_are_read_as_people_write_them(key: str, text: str, amount: float, currency: str) -> None:
    paid = payment([(key, text)])
    assert paid.amount == pytest.approx(amount)
    assert paid.currency == currency


def test_the_largest_amount_and_every_vendor_count() -> None:
    paid = payment([("price", "3"), ("total", "9"), ("currency", "eur"), ("vendor", "Paper AG"), ("iban", "DE00")])
    assert (paid.amount, paid.currency, paid.vendors) == (9.0, "EUR", ("Paper AG", "DE00"))


@pytest.mark.parametrize(
    ("text", "is_read"),
    [("10", True), ("", True), ("nine thousand", False), ("9000." + "0" * 300, False), ("‹secret:card:00›", True)],
)
def test_an_amount_that_is_not_read_is_told(text: str, is_read: bool) -> None:
    assert payment([("amount", text), ("price", "10 EUR")]).is_read is is_read


def test_a_button_may_state_the_amount() -> None:
    assert payment([("index", "3")], "Pay 39.90 EUR").amount == pytest.approx(39.9)


def test_vendors_are_compared_by_their_whole_name() -> None:
    assert are_known(["PAPER ag"], ["Paper AG"])
    assert are_known(["DE00 1234"], ["DE001234"])
    assert not are_known(["Paper AG Trust"], ["Paper AG"])
    assert not are_known([], ["Paper AG"])


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("5 million EUR", 5e6),
        ("5M EUR", 5e6),
        ("10 thousand", 1e4),
        ("1k EUR", 1e3),
        ("1e3 EUR", 1e3),
        ("100.000 EUR", 1e5),
        ("0.125 BTC", 0.125),
        ("499.99 EUR", 499.99),
    ],
)
def test_an_amount_in_other_words_is_read(text: str, amount: float) -> None:
    assert payment([("amount", text)]).amount == amount


def test_parts_of_a_payment_are_put_together() -> None:
    assert payment([("amount", "400"), ("amount", "400")]).amount == 800
    assert payment([("unit_price", "400"), ("quantity", "100")]).amount == 40_000
    assert payment([("quantity", "100"), ("unit_price", "400")]).amount == 40_000
    assert payment([("amount", "400 BTC"), ("currency", "EUR")]).currencies == ("EUR", "BTC")


def test_a_known_name_beside_a_foreign_account_is_not_known() -> None:
    known = ["Paper AG", "toner.example"]
    assert not are_known(["Paper AG", "GB29NWBK60161331926819"], known)
    assert not are_known(["Paper AG", "Evil"], known)
    assert are_known(["billing@toner.example"], known)
    assert not are_known(["billing@toner.example.evil.example"], known)
    assert not are_known(["billing@nottoner.example"], known)
    assert payment([("vendor", "Paper AG"), ("account", "main")]).vendors == ("Paper AG",)
    assert payment([("vendor", "x" * 300)]).vendors == ("x" * 256,)
