"""Whether a text that stands where a secret may stand is one."""

import base64
import binascii

from sentric.redaction.patterns import pattern

_PLACEHOLDER = pattern(
    r"<[^<>]*>|<secret>[^<>]*</secret>|\$\{[^{}]*\}|\{\{?[^{}]*\}?\}|\$\(?[A-Z_][A-Z0-9_]*\)?|%\(?[A-Za-z_]*\)?[sd]"
    r"|%[A-Za-z_]+%|\[[A-Za-z _-]*\]|\([A-Za-z _-]*\)|[xX]{3,}"
    r"|(?i:your|my|the|example|dummy|test|fake)[-_ ][A-Za-z_ -]*"
    r"|(?i:(?:sha|md|aes|rsa|hs|rs|es|ps|base|utf|oauth|pbkdf)[-_]?[0-9]+)|(?i:(?:self|this|os|process|config|settings|"
    r"args|request|env|ctx|props|options|params|state)\.[A-Za-z_0-9.]*)"
)
_WORDS = frozenset(
    b"""
    any array bad basic bearer bool boolean configured correct default empty example expired false field float forgot
    hidden incorrect input int integer invalid is label list masked missing n/a never nil no none not null number
    object ok optional pass passwd password protected provided redacted removed required reset secret set str string
    text token true undefined unknown unset value valid wrong yes apikey api_key
    """.split()
)
_NAME = pattern(
    r"[a-zA-Z][a-zA-Z0-9+.-]*://.*|[^\s@/]+@[^\s@/]+\.[A-Za-z]{2,}"  # a URL, an e-mail address
    r"|(?:[A-Za-z0-9_$-]+\.)+[A-Za-z_][A-Za-z0-9_-]*(?::[0-9]+)?(?:[/?#].*)?"  # a host, a dotted name
    r"|(?i:localhost)(?::[0-9]+)?(?:/.*)?|[~.]{0,2}/.*|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+"  # a path, a constant
    r"|(?i:(?:(?:alt|ctrl|control|shift|cmd|command|option|meta|win|super|fn)(?:\+|-|%2b))+[a-z0-9+-]*)"  # key strokes
    r"|#[0-9a-fA-F]{3,8}|v?[0-9]+(?:[.:-][0-9]+)+[a-z0-9-]*|[0-9.]+(?:px|em|rem|ms|kb|mb|gb|%)"  # a colour, a version
)
_SYMBOLS = frozenset(b"!@#$%^&*+~?=")
_AUTHORITY_END = pattern(r"[/?#\\\s\"'<>]")
_LONGEST_HOST = 253
_LETTERS = frozenset(b"abcdefghijklmnopqrstuvwxyz")
_NUMBER = pattern(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_OPAQUE = 32
"""A dotted text this long, with digits, is a token rather than a name."""
# First digits and lengths of the card networks (ISO/IEC 7812; the networks' published ranges).
_CARD = pattern(
    r"4[0-9]{12}(?:[0-9]{3}){0,2}|5[1-5][0-9]{14}|2(?:22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|720)[0-9]{12}"
    r"|3[47][0-9]{13}|6(?:011|4[4-9][0-9]|5[0-9]{2})[0-9]{12}|3(?:0[0-5]|[68][0-9])[0-9]{11}"
    r"|220[0-4][0-9]{12}|(?:5018|5020|5038|5893|6304|6759|676[1-3])[0-9]{12}|35(?:2[89]|[3-8][0-9])[0-9]{12}|62[0-9]{14}(?:[0-9]{3})?"
)


def is_card_number(digits: bytes) -> bool:
    """Whether digits are those of a payment card: network prefix, its length, and the Luhn check (ISO/IEC 7812-1)."""
    if not _CARD.fullmatch(digits) or len(set(digits)) < 2:
        return False
    total = 0
    for place, byte in enumerate(reversed(digits)):
        digit = byte - 48
        if place % 2:
            digit = digit * 2 - 9 * (digit > 4)
        total += digit
    return total % 10 == 0


def is_placeholder(value: bytes) -> bool:
    """Whether a value only stands for one: `***`, `${TOKEN}`, `<secret>name</secret>`, `string`, `your-api-key`."""
    value = value.strip()
    if not any(byte > 127 or 48 <= byte <= 57 or 65 <= byte <= 90 or 97 <= byte <= 122 for byte in value[:256]):
        return len(value) <= 256
    return len(value) <= 256 and (value.lower() in _WORDS or bool(_PLACEHOLDER.fullmatch(value)))


def is_name(value: bytes) -> bool:
    """Whether a value reads as a URL, host, e-mail address, path, dotted or constant name, colour or version."""
    return len(value) < 512 and bool(_NAME.fullmatch(value)) and not _is_opaque(value)


def is_number(value: bytes) -> bool:
    """Whether a value is a JSON number."""
    return bool(_NUMBER.fullmatch(value))


def looks_random(value: bytes, shortest: int = 6) -> bool:
    """Whether a value reads as a secret without anything beside it: letters with digits or symbols, and no name."""
    if len(value) < shortest or is_name(value):
        return False
    letters, digits = _has_letter(value), _has_digit(value)
    return letters and (digits or not _SYMBOLS.isdisjoint(value[1:256]))


def is_distinctive(value: bytes, kind: str) -> bool:
    """Whether a value may be looked for everywhere once it was seen beside a secret's name.

    A page can claim that any word is a password. Ordinary words, hosts and paths are therefore replaced only where
    they are claimed: looking for them everywhere would let a page hide its own address from the rules.
    """
    if value.isdigit():
        return len(value) >= 6 and kind in {"otp", "card", "pin", "password"}
    return looks_random(value) and not is_placeholder(value)


def is_basic_credential(value: bytes) -> bool:
    """Whether a value is base64 of `user:password` (RFC 7617)."""
    try:
        decoded = base64.b64decode(value + b"=" * (-len(value) % 4), validate=True)
    except binascii.Error:
        return False
    return b":" in decoded[1:] and min(decoded) >= 32


def site_name(data: bytes, position: int) -> tuple[int, int] | None:
    """Where the registrable part of the host stands if a position lies in a URL's host: `evil.com` of `x.evil.com`.

    Suffixes of two labels are told by their lengths (`co.uk`), not by a list.
    """
    authority = data.rfind(b"://", max(0, position - _LONGEST_HOST), position)
    if authority < 0:
        return None
    host = authority + 3
    limit = min(len(data), host + 2 * _LONGEST_HOST)
    stop = _AUTHORITY_END.search(data, host, limit)
    host_end = int(stop.start()) if stop else limit
    host = max(host, data.rfind(b"@", host, host_end) + 1)
    if (port := data.find(b":", host, host_end)) >= 0:
        host_end = port
    labels = data[host:host_end].split(b".")
    if len(labels) == 1 or not host <= position < host_end:
        return None
    kept = 3 if len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3 else 2
    return host_end - len(b".".join(labels[-kept:])), host_end


def _has_letter(value: bytes) -> bool:
    return any(byte > 127 or byte | 32 in _LETTERS for byte in value[:256])


def _has_digit(value: bytes) -> bool:
    return any(48 <= byte <= 57 for byte in value[:256])


def _is_opaque(value: bytes) -> bool:
    return len(value) >= _OPAQUE and b"/" not in value and _has_digit(value) and value.lower() != value
