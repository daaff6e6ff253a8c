"""Amounts of money in an action: how much, of what currency, to whom."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from sentric.policy.readers.words.lexicon import words

TEXT_LIMIT = 256
"""Longest text that is read as an amount."""
DIGITS_LIMIT = 24
"""Longest number that is read."""
LARGEST_EXPONENT = 30
"""Largest power of ten that is read; beyond it every amount is over every limit."""
ACCOUNT_DIGITS = 6
"""Fewest digits of an account's number."""

_KEYS = words(
    "amount total price sum cost value amount_usd amount_eur amount_gbp total_amount total_price payment_amount "
    "transfer_amount grand_total subtotal money fee budget bid charge refund_amount quantity_usd unit_price price_each"
)
_CENTS = words("amount_cents amount_in_cents cents total_cents price_cents amount_minor unit_amount minor_units")
_EACH = words("unit_price price price_each unit_amount unit_cost cost amount")
_QUANTITIES = words("quantity qty units count num_items number_of_items copies times installments")
_CURRENCY_KEYS = words("currency currency_code ccy amount_currency")
_VENDOR_KEYS = words(
    "vendor payee recipient merchant supplier seller beneficiary to iban account account_number store shop company "
    "receiver vendor_name vendor_id payee_name recipient_name merchant_name supplier_name creditor destination "
    "provider airline hotel to_account recipient_account beneficiary_name restaurant dest bank_account pay_to wallet "
    "wallet_address to_address to_iban vendor_iban recipient_iban beneficiary_iban creditor_iban beneficiary_account "
    "counterparty creditor_account payee_account destination_account vendor_account"
)
_SYMBOLS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "₹": "INR", "₿": "BTC", "₽": "RUB", "₩": "KRW", "zł": "PLN"}
_CODES = words(
    "EUR USD GBP JPY CHF CAD AUD NZD SEK NOK DKK PLN CZK HUF INR CNY RUB BRL MXN ZAR SGD HKD KRW TRY BTC ETH USDT"
)
_OWN_KEYS = words("account account_number")
"""Keys that may also name the account that pays: only a number among these says who is paid."""
_NUMBER = re.compile(r"(\d(?:[\d.,'’ \u00a0\u2009\u202f]|_(?=\d))*)(?:[eE]\+?(\d{1,3})(?![\w.])|([A-Za-z]{1,9})\b)?")
_SCALES = {
    **dict.fromkeys(("k", "thousand", "tsd", "tausend", "mil", "mille"), 1e3),
    **dict.fromkeys(("m", "mm", "mn", "mio", "million", "millions", "millionen"), 1e6),
    **dict.fromkeys(("b", "bn", "mrd", "billion", "billions", "milliarden"), 1e9),
    **dict.fromkeys(("t", "trillion", "trillions"), 1e12),
}
"""Words behind a number that multiply it."""
_WORD = re.compile(r"[A-Za-z]{3,4}")
_JOINTS = re.compile(r"[\s'’_]+")
"""What may stand between the digits of a number beside points and commas."""
_ZEROS = re.compile(r"^0+(?=\d)")


@dataclass(frozen=True, slots=True)
class Payment:
    """What is paid."""

    amount: float = 0.0
    """The largest amount that is stated; 0 where none is."""
    currency: str = ""
    """By its ISO 4217 code; "" where none is stated."""
    currencies: tuple[str, ...] = ()
    """All that are stated."""
    vendors: tuple[str, ...] = ()
    """Names, accounts or addresses of who is paid, as they are stated."""
    is_read: bool = True
    """Whether a number was found in whatever has the name of an amount: else more may be paid than is known."""


def payment(arguments: Iterable[tuple[str, str]], label: str = "") -> Payment:
    """Read what is paid.

    Args:
        arguments: texts and numbers, each with its key.
        label: text of the button that is pressed, which may state the amount.
    """
    found = _Sums()
    found.add("", _stated(label))
    currency, is_read = "", True
    vendors: dict[str, None] = {}
    for stated_key, stated_text in arguments:
        text = stated_text.strip()
        key = _SPELLINGS.get(plain_key(stated_key), stated_key)
        if key in _VENDOR_KEYS and text and (key not in _OWN_KEYS or _is_account(text)):
            vendors[text[:TEXT_LIMIT]] = None
        if key in _KEYS or key in _CENTS:
            is_read = is_read and (not text or _is_stated(text))
        if len(text) > TEXT_LIMIT:
            continue
        if key in _QUANTITIES:
            found.times(_stated(text)[0])
        if key in _KEYS:
            found.add(key, _stated(text))
        elif key in _CENTS:
            found.add(key, (_stated(text)[0] / 100, ""))
        elif key in _CURRENCY_KEYS:
            currency = text.upper()[:8]
    currencies = tuple(dict.fromkeys(filter(None, (currency, *found.currencies))))
    return Payment(found.largest, currencies[0] if currencies else "", currencies, tuple(vendors), is_read)


@lru_cache(maxsize=2048)
def plain_key(key: str) -> str:
    """The name of an argument without regard to how its words are joined: `recipientName`, `recipient-name`."""
    return key.lower().replace("_", "").replace("-", "").replace(" ", "")


_SPELLINGS = {plain_key(key): key for key in _VENDOR_KEYS | _KEYS | _CENTS | _QUANTITIES | _CURRENCY_KEYS}


class _Sums:
    """Amounts, the sums of those of one name, and each times the quantity beside it."""

    def __init__(self) -> None:
        self.largest = 0.0
        self.currencies: dict[str, None] = {}
        self._sums: dict[str, float] = {}
        self._each = self._quantity = self._product = 0.0

    def add(self, key: str, stated: tuple[float, str]) -> None:
        amount, currency = stated
        if currency:
            self.currencies[currency] = None
        self._sums[key] = self._sums.get(key, 0.0) + amount
        if key in _EACH:
            self._each = amount
        self._multiply()
        self.largest = max(self.largest, self._sums[key], self._product)

    def times(self, quantity: float) -> None:
        self._quantity = quantity
        self._multiply()
        self.largest = max(self.largest, self._product)

    def _multiply(self) -> None:
        if self._each and self._quantity:
            self._product += self._each * self._quantity
            self._each = self._quantity = 0.0


def _is_account(text: str) -> bool:
    return "@" in text or sum(char.isdecimal() for char in text[:TEXT_LIMIT]) >= ACCOUNT_DIGITS


def _stated(text: str) -> tuple[float, str]:
    """The largest number in a text, with the currency that stands in it."""
    short = text[:TEXT_LIMIT]
    values = [_scaled(found) for found in _NUMBER.finditer(short)]
    symbol = next((code for sign, code in _SYMBOLS.items() if sign in short), "")
    code = next((word for word in _WORD.findall(short.upper()) if word in _CODES), "")
    return max(values, default=0.0), code or symbol


def _is_stated(text: str) -> bool:
    return len(text) <= TEXT_LIMIT and _NUMBER.search(text) is not None


def _scaled(found: re.Match[str]) -> float:
    number, exponent, scale = _number(found[1]), found[2], (found[3] or "").lower()
    if exponent:
        return number * 10.0 ** min(int(exponent), LARGEST_EXPONENT)
    return number * _SCALES.get(scale, 1.0)


def _number(text: str) -> float:
    """A number as people write it: 1,234.56 or 1.234,56 or 1'234.56 or 1 234.

    Of one that can be read in two ways, such as 100.000, it is the larger.
    """
    bare = _ZEROS.sub("", _JOINTS.sub("", text).rstrip(".,"))[:DIGITS_LIMIT]
    last = max(bare.rfind("."), bare.rfind(","))
    if last >= 0:
        separator, decimals = bare[last], len(bare) - last - 1
        groups = decimals == 3 and bare[:last].strip("0.,") != ""
        whole = bare[:last].replace(".", "").replace(",", "")
        bare = whole + bare[last + 1 :] if groups or bare.count(separator) > 1 else f"{whole}.{bare[last + 1 :]}"
    try:
        return float(bare)
    except ValueError:
        return 0.0


def are_known(vendors: Iterable[str], known: Iterable[str]) -> bool:
    """Whether all who are paid are known: by the whole name or account, an address also by its domain.

    A known name beside an account that is not known is not known.
    """
    names = frozenset(_plain(name) for name in known) - {""}
    stated = tuple(vendors)
    return bool(stated) and all(_plain(vendor) in names or _is_at(vendor, names) for vendor in stated)


def _is_at(vendor: str, names: frozenset[str]) -> bool:
    local, at, domain = vendor.rpartition("@")
    labels = domain.strip().split(".") if at and local and " " not in vendor.strip() else []
    return any(_plain(".".join(labels[index:])) in names for index in range(len(labels) - 1))


def _plain(name: str) -> str:
    return "".join(char for char in name.casefold() if char.isalnum())
