"""Personal data: e-mail addresses, phone numbers, cards, bank accounts, social security numbers; names on request.

The rules count it; it becomes fingerprints only where that is asked for. Numbers count by their form and their check
digits, or by what stands beside them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from sentric.errors import SettingError
from sentric.redaction.checks import is_placeholder
from sentric.redaction.detector import Detector
from sentric.redaction.detectors import DETECTORS
from sentric.redaction.fingerprint import fingerprints
from sentric.redaction.identifiers import find_ibans, is_social_security_number
from sentric.redaction.keys import words_of
from sentric.redaction.patterns import START, PatternSet
from sentric.redaction.scan import Finder, finder

KINDS = ("email", "phone", "iban", "ssn", "account", "name")
"""Kinds of personal data that are redacted on request. Cards always are."""
LIMIT = 1024
"""Most different values of one kind that are told apart."""

_EMAIL = r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,24}"
_PHONE_WORDS = r"(?:tel(?:ephone|efon)?|phone|mobile|cell|fax|call|whatsapp|handy|móvil|teléfono|téléphone)"
_PHONE_END = r"(?:$|[^0-9A-Za-z_@-]|\.(?:$|[^0-9]))"
_LINE_BREAKS = {"\\n", "\\r", "\\t"}
"""As JSON escapes them: their letter is no part of the word behind them."""


@dataclass(frozen=True, slots=True)
class Personal:
    """The personal data in a text; each kind in the order of appearance, without repetition."""

    emails: tuple[str, ...] = ()
    """In lower case."""
    phones: tuple[str, ...] = ()
    """Digits, with `+` in front where it was."""
    cards: tuple[str, ...] = ()
    """Digits."""
    ibans: tuple[str, ...] = ()
    """Without blanks."""
    ssns: tuple[str, ...] = ()
    """Digits of social security numbers of the United States."""

    @property
    def count(self) -> int:
        """How many different values there are."""
        return sum(len(values) for values in self.by_kind().values())

    def by_kind(self) -> dict[str, tuple[str, ...]]:
        """The kinds that occur, with their values."""
        kinds = {"email": self.emails, "phone": self.phones, "card": self.cards, "iban": self.ibans, "ssn": self.ssns}
        return {kind: values for kind, values in kinds.items() if values}


_NOTHING = Personal()


def personal(text: str) -> Personal:
    """Find the personal data in a text, redacted or not: of what is redacted, the fingerprints are the values.

    Pure, deterministic, of linear time; the last few texts are remembered.
    """
    return _personal(text) if len(text) >= _SHORTEST else _NOTHING


@lru_cache(maxsize=64)
def _personal(text: str) -> Personal:
    rows = _set.present(text.encode("utf-8", "surrogatepass"))
    if not rows:
        return _NOTHING
    clear = _FINGERPRINT.sub(" ", text) if "secret:" in text else text
    data = clear.encode("utf-8", "surrogatepass")
    values: dict[str, dict[str, None]] = {kind: {} for kind in ("email", "phone", "card", "iban", "ssn")}
    for row in rows:
        for kind, value in _values(row, data, text if _ROWS[row][0] == "fingerprint" else clear):
            if len(values[kind]) < LIMIT:
                values[kind][value] = None
    return Personal(*(tuple(found) for found in values.values()))


def _values(row: int, data: bytes, text: str) -> Iterator[tuple[str, str]]:
    kind, _, find = _ROWS[row]
    if find is not None:
        for item in find(data):
            yield kind, item.value
    elif kind == "email":
        for email in _emails(text):
            yield kind, email.lower()
    else:
        for mark in fingerprints(text):
            if (marked := mark.partition(":")[0]) in {"email", "phone", "card", "iban", "ssn"}:
                yield marked, mark


def personal_finders(kinds: frozenset[str]) -> list[Finder]:
    """What finds the personal data of some kinds in UTF-8 text."""
    return [find for kind in KINDS if kind in kinds for find in _FINDERS[kind]]


def personal_kinds(text: str) -> frozenset[str]:
    """The kinds that a setting asks for: some of `KINDS`, separated by commas; `all` for all of them.

    Raises:
        SettingError: a word is no kind; the message names it and the kinds there are.
    """
    words = [word.strip() for word in text.lower().split(",") if word.strip()]
    if "all" in words:
        return frozenset(KINDS)
    if unknown := [word for word in words if word not in KINDS]:
        raise SettingError(f"personal data of kind {unknown[0]!r} is unknown: use all, or some of {', '.join(KINDS)}")
    return frozenset(words)


@lru_cache(maxsize=2048)
def personal_kind_of_key(name: str) -> str:
    """The kind of personal data that stands beside a name such as `customer_email`; "" where none does."""
    if not 1 < len(name) <= _LONGEST_KEY:
        return ""
    words = words_of(name)
    joined = "".join(words)
    if not words or words[0] in _NOT_A_PERSON or joined in _NOT_A_NAME:
        return ""
    return next((kind for ending, kind in _KEY_ENDINGS if joined.endswith(ending)), "")


def is_personal_value(text: str, kind: str) -> bool:
    """Whether a text beside such a name is the data itself rather than a word about it."""
    if kind in {"phone", "iban", "ssn", "account"} and not any(char.isdigit() for char in text):
        return False
    if kind == "email" and "@" not in text:
        return False
    return 1 < len(text) <= _LONGEST_VALUE and not is_placeholder(text.encode("utf-8", "surrogatepass"))


def _emails(text: str) -> Iterator[str]:
    """The e-mail addresses in a text: looked for only around each @."""
    before, at = 0, text.find("@")
    while at >= 0:
        domain = _domain.match(text, at + 1, at + _LONGEST_ADDRESS)
        local = _local.search(text, max(before, at - _LONGEST_LOCAL), at) if domain else None
        if domain and local:
            escaped = text[max(0, local.start() - 1) : local.start() + 1] in _LINE_BREAKS
            yield text[local.start() + escaped : domain.end()]
        before = domain.end() if domain and local else at + 1
        at = text.find("@", before)


def _phone(value: str) -> str:
    return ("+" if value.lstrip("( ").startswith("+") else "") + _digits(value)


def _digits(value: str) -> str:
    return "".join(char for char in value if char in "0123456789")


def _is_phone(value: bytes) -> bool:
    return _FEWEST_DIGITS <= sum(48 <= byte <= 57 for byte in value) <= _MOST_DIGITS


def _is_ssn(value: bytes) -> bool:
    return is_social_security_number(_digits(value.decode("latin-1")).encode())


def _has_digit(value: bytes) -> bool:
    return any(48 <= byte <= 57 for byte in value)


_SHORTEST = 6
_LONGEST_KEY = 64
_LONGEST_VALUE = 256
_LONGEST_LOCAL, _LONGEST_ADDRESS = 64, 256
"""Characters before the @ of an e-mail address and behind it at most (RFC 5321)."""
_FEWEST_DIGITS, _MOST_DIGITS = 7, 15
"""Of a phone number: the least in use, and the most that ITU-T E.164 allows."""
_NUMBER_START = r"(?:^|[^0-9A-Za-z_.+-]|\\[nrt])"
_NAME = r"([A-Z\x80-\xff][A-Za-z\x80-\xff'-]+(?: [A-Z\x80-\xff][A-Za-z\x80-\xff'.-]*){0,3})"
# A single class at a time, each ended by a character that is not in it: linear.
_FINGERPRINT = re.compile(r"‹secret:[^›]{0,80}›")
_local = re.compile(r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]+\Z")
_domain = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")

_TABLE = (
    Detector("email", rf"(?:\\[nrt]|^|[^A-Za-z0-9._%+-])({_EMAIL})", clean=str.lower),
    Detector("phone", rf"{_NUMBER_START}(\+[1-9][0-9 ().-]{{6,18}}[0-9]){_PHONE_END}", _is_phone, _phone),
    Detector(
        "phone",
        rf"{_NUMBER_START}((?:\([2-9][0-9]{{2}}\) ?|[2-9][0-9]{{2}}[ .-])[0-9]{{3}}[ .-][0-9]{{4}}){_PHONE_END}",
        _is_phone, _phone,
    ),
    Detector(
        "phone", rf"(?i){START}{_PHONE_WORDS}\b[^0-9+\n(]{{0,12}}(\+?[0-9(][0-9 ()./-]{{5,18}}[0-9]){_PHONE_END}",
        _is_phone, _phone,
    ),
    Detector("ssn", rf"{_NUMBER_START}([0-9]{{3}}-[0-9]{{2}}-[0-9]{{4}}){_PHONE_END}", _is_ssn, _digits),
    Detector(
        "ssn",
        rf"(?i){START}(?:ssn|social security)[^0-9\n]{{0,24}}([0-9]{{3}}[ -]?[0-9]{{2}}[ -]?[0-9]{{4}}){_PHONE_END}",
        _is_ssn, _digits,
    ),
    Detector(
        "account",
        rf"(?i){START}(?:account|acct|konto|customer|member|patient|policy)[ _-]?(?:number|no\.?|nr\.?|id|#)(?:\\*\")?"
        r"(?:[ \t]*(?:\bis\b|[:=#]))*[ \t]*(?:\\*\")?([A-Za-z0-9][A-Za-z0-9-]{4}[A-Za-z0-9-]*)",
        _has_digit,
    ),
    Detector(
        "name",
        rf"(?i){START}(?:(?:first|last|full|middle|family|customer|cardholder|patient|contact)[ _-]?name|vorname"
        r"|nachname)"
        rf"(?:\\*\")?[ \t]*[:=][ \t]*(?:\\*\")?(?-i:{_NAME})",
    ),
    Detector("name", rf"{START}(?:Mr|Mrs|Ms|Dr|Prof|Herr|Frau|Señora?|Mme|Monsieur|Madame|Dear|Hi|Hello)\b\.? {_NAME}"),
)  # fmt: skip
_FINDERS: dict[str, list[Finder]] = {
    kind: [finder(row) for row in _TABLE if row.kind == kind] for kind in ("email", "phone", "ssn", "account", "name")
}
_FINDERS["iban"] = [find_ibans]
_ROWS: tuple[tuple[str, str, Finder | None], ...] = (
    ("fingerprint", "secret:(?:email|phone|card|iban|ssn):", None),
    ("email", "[A-Za-z0-9]@[A-Za-z0-9-]", None),
    ("iban", r"[A-Z]{2}[0-9]{2}[ -]?[A-Z0-9]{2}", find_ibans),
    *((row.kind, row.pattern, finder(row)) for row in (*_TABLE, *DETECTORS) if row.kind in {"phone", "ssn", "card"}),
)
"""Kind, what is in every text with it, and what finds it."""
_set = PatternSet(gate.encode() for _, gate, _ in _ROWS)
_KEY_ENDINGS = (
    ("email", "email"), ("emailaddress", "email"), ("mail", "email"), ("phone", "phone"), ("phonenumber", "phone"),
    ("telephone", "phone"), ("mobile", "phone"), ("fax", "phone"), ("iban", "iban"), ("ssn", "ssn"),
    ("socialsecuritynumber", "ssn"), ("accountnumber", "account"), ("accountno", "account"), ("accountid", "account"),
    ("bankaccount", "account"), ("customerid", "account"), ("firstname", "name"), ("lastname", "name"),
    ("fullname", "name"), ("surname", "name"), ("givenname", "name"), ("familyname", "name"), ("middlename", "name"),
    ("customername", "name"), ("cardholdername", "name"), ("cardholder", "name"), ("patientname", "name"),
    ("displayname", "name"), ("contactname", "name"),
)  # fmt: skip
_NOT_A_PERSON = frozenset({"is", "has", "no", "send", "use", "verify", "allow", "enable", "require", "show"})
_NOT_A_NAME = frozenset({"mail"})
