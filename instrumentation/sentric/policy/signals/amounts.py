"""Amounts of money in an action: how much, of what currency, to whom."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sentric.policy.signals.lexicon import words

TEXT_LIMIT = 256
"""Longest text that is read as an amount."""
DIGITS_LIMIT = 24
"""Longest number that is read."""

_KEYS = words(
    "amount total price sum cost value amount_usd amount_eur amount_gbp total_amount total_price payment_amount "
    "transfer_amount grand_total subtotal money fee budget bid charge refund_amount quantity_usd unit_price"
)
_CENTS = words("amount_cents amount_in_cents cents total_cents price_cents amount_minor unit_amount minor_units")
_CURRENCY_KEYS = words("currency currency_code ccy amount_currency")
_VENDOR_KEYS = words(
    "vendor payee recipient merchant supplier seller beneficiary to iban account account_number store shop company "
    "receiver vendor_name vendor_id payee_name recipient_name merchant_name supplier_name creditor destination "
    "provider airline hotel to_account recipient_account beneficiary_name restaurant"
)
_SYMBOLS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "₹": "INR", "₿": "BTC", "₽": "RUB", "₩": "KRW", "zł": "PLN"}
_CODES = words(
    "EUR USD GBP JPY CHF CAD AUD NZD SEK NOK DKK PLN CZK HUF INR CNY RUB BRL MXN ZAR SGD HKD KRW TRY BTC ETH USDT"
)
_NUMBER = re.compile(r"\d[\d.,' \u00a0\u202f]*")
_WORD = re.compile(r"[A-Za-z]{3,4}")


@dataclass(frozen=True, slots=True)
class Payment:
    """What is paid."""

    amount: float = 0.0
    """The largest amount that is stated; 0 where none is."""
    currency: str = ""
    """By its ISO 4217 code; "" where none is stated."""
    vendors: tuple[str, ...] = ()
    """Names, accounts or addresses of who is paid, as they are stated."""


def payment(arguments: Iterable[tuple[str, str]], label: str = "") -> Payment:
    """Read what is paid.

    Args:
        arguments: texts and numbers, each with its key.
        label: text of the button that is pressed, which may state the amount.
    """
    amounts: list[tuple[float, str]] = [found for found in (_stated(label),) if found[0]]
    currency = ""
    vendors: dict[str, None] = {}
    for key, text in arguments:
        if len(text) > TEXT_LIMIT:
            continue
        if key in _KEYS:
            amounts.append(_stated(text))
        elif key in _CENTS:
            amounts.append((_stated(text)[0] / 100, ""))
        elif key in _CURRENCY_KEYS:
            currency = text.strip().upper()[:8]
        elif key in _VENDOR_KEYS and text.strip():
            vendors[text.strip()] = None
    amount, stated = max(amounts, default=(0.0, ""))
    return Payment(amount, currency or stated, tuple(vendors))


def _stated(text: str) -> tuple[float, str]:
    """The largest number in a text, with the currency that stands in it."""
    short = text[:TEXT_LIMIT]
    values = [_number(found[0]) for found in _NUMBER.finditer(short)]
    symbol = next((code for sign, code in _SYMBOLS.items() if sign in short), "")
    code = next((word for word in _WORD.findall(short.upper()) if word in _CODES), "")
    return max(values, default=0.0), code or symbol


def _number(text: str) -> float:
    """A number as people write it: 1,234.56 or 1.234,56 or 1'234.56 or 1 234."""
    bare = "".join(text.split()).replace("'", "").rstrip(".,")[:DIGITS_LIMIT]
    last = max(bare.rfind("."), bare.rfind(","))
    if last >= 0:
        separator, decimals = bare[last], len(bare) - last - 1
        groups = decimals == 3 and (bare.count(separator) > 1 or separator == ",")
        whole = bare[:last].replace(".", "").replace(",", "")
        bare = whole + bare[last + 1 :] if groups or bare.count(separator) > 1 else f"{whole}.{bare[last + 1 :]}"
    try:
        return float(bare)
    except ValueError:
        return 0.0


def is_among(vendors: Iterable[str], known: Iterable[str]) -> bool:
    """Whether one who is paid is one of those that are known: by the whole name, account or address."""
    names = frozenset(_plain(name) for name in known)
    return any(_plain(vendor) in names for vendor in vendors)


def _plain(name: str) -> str:
    return "".join(char for char in name.casefold() if char.isalnum())
