"""Reads the settings of the signals, as policy files and the examples of rules state them."""

from collections.abc import Callable
from math import isfinite
from typing import Any

from sentric.policy.document import Reader
from sentric.policy.tool_meaning import tool_meanings

MOST = 2**53
"""Largest limit: beyond it, numbers are no longer told apart everywhere."""


def _domains(item: Reader) -> tuple[str, ...]:
    return item.texts(matching=r"[^\s/:]+\.[^\s/:]+", meaning="a domain like example.com")


def _limit(item: Reader) -> int:
    return item.number(0, MOST)


def _money(item: Reader) -> float:
    value = item.plain()
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or not 0 <= value <= MOST:
        item.problem("must be a number, 0 or more")
        return 0.0
    return float(value)


def _documents(item: Reader) -> tuple[str, ...]:
    return item.texts(
        matching=r"[^|]*[^|\s][^|]*(\|[^|]*[^|\s][^|]*)*", meaning="words of a document, like payslip|wage slip"
    )


def _pins(item: Reader) -> tuple[str, ...]:
    return item.texts(matching=r"\S.*=[0-9a-f]{16}", meaning="a tool and its digest, like files/read=0123456789abcdef")


TUNING: dict[str, Callable[[Reader], object]] = {
    "allow_loopback": Reader.boolean,
    "allowed_domains": _domains,
    "allowed_recipients": Reader.texts,
    "allowed_tools": Reader.texts,
    "trusted_sources": Reader.texts,
    "amount_currency": lambda item: item.text(matching="[A-Z]{3}", meaning="a currency like EUR"),
    "amount_limit": _money,
    "closed": lambda item: item.texts(matching="domains|tools|recipients", meaning="domains, tools or recipients"),
    "input_token_price": _money,
    "lexicon": tool_meanings,
    "max_cost": _money,
    "max_seconds": _limit,
    "max_steps": _limit,
    "max_tokens": _limit,
    "output_token_price": _money,
    "personal_data_limit": lambda item: item.number(1, MOST),
    "pinned_tools": _pins,
    "production": Reader.texts,
    "protected_domains": _domains,
    "record_limit": _limit,
    "repeats": lambda item: item.number(2, 1000),
    "required_documents": _documents,
    "vendors": Reader.texts,
}
"""How each field of `Tuning` is read: a new field is one line here."""


def read_tuning(reader: Reader) -> dict[str, Any]:
    """The settings that are stated; what is wrong with them goes to the reader's problems."""
    return {name: TUNING[name](item) for name, item in reader.mapping(known=tuple(TUNING)).items()}
