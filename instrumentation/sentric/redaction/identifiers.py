"""Numbers of accounts and people that carry their own check: IBAN, social security number."""

from sentric.redaction.patterns import pattern
from sentric.redaction.spans import Certainty, Found

# Lengths of IBANs (ISO 13616; the registry of SWIFT, release 99).
_IBAN_LENGTHS: dict[str, int] = {
    code: length
    for length, codes in (
        (15, "NO"), (16, "BE"), (18, "DK FO FI GL NL SD"), (19, "MK SI"), (20, "AT BA EE KZ LT LU XK MN"),
        (21, "CH HR LI LV"), (22, "BG BH CR DE GB GE IE ME RS VA"), (23, "AE GI IL IQ OM TL SO"),
        (24, "AD CZ ES MD PK RO SA SE SK TN VG DJ"), (25, "LY PT ST"), (26, "IS TR"), (27, "BI FR GR IT MC MR SM"),
        (28, "AL AZ BY CY DO GT HU LB NI PL SV"), (29, "BR EG PS QA UA"), (30, "JO KW MU YE"), (31, "MT SC"),
        (32, "LC"), (33, "RU"),
    )
    for code in codes.split()
}  # fmt: skip
_MODULUS = 97
_SPACES = b" -"
_iban_head = pattern(r"(?:^|[^A-Za-z0-9]|\\[nrt])([A-Z]{2}[0-9]{2}[ -]?[A-Z0-9]{2})")


def is_iban(value: bytes) -> bool:
    """Whether characters are those of an IBAN: its country's length, and 1 modulo 97 (ISO 7064)."""
    if _IBAN_LENGTHS.get(value[:2].decode("latin-1")) != len(value):
        return False
    digits = "".join(str(int(chr(byte), 36)) for byte in value[4:] + value[:4])
    return int(digits) % _MODULUS == 1


def is_social_security_number(digits: bytes) -> bool:
    """Whether nine digits can be a number of the Social Security Administration: no part of it zero, none reserved."""
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return len(digits) == 9 and area not in {b"000", b"666"} and area < b"900" and group != b"00" and serial != b"0000"


def find_ibans(data: bytes) -> list[Found]:
    """The IBANs in UTF-8 text, in groups or not."""
    found: list[Found] = []
    position = 0
    while match := _iban_head.search(data, position):
        start = position = match.start(1)
        position += 1
        characters, end = _gathered(data, start, _IBAN_LENGTHS.get(data[start : start + 2].decode(), 0))
        follows = data[end : end + 1]
        if characters and is_iban(characters) and not follows.isalnum():
            found.append(Found(start, end, "iban", characters.decode(), Certainty.FORM))
            position = end
    return found


def _gathered(data: bytes, start: int, count: int) -> tuple[bytes, int]:
    """So many letters and digits from a place on, without single blanks and hyphens between them; where they end."""
    out, position = bytearray(), start
    while len(out) < count:
        char = data[position : position + 1]
        if char.isalnum():
            out += char
        elif not char or char not in _SPACES or data[position - 1 : position] in {b" ", b"-"}:
            return b"", start
        position += 1
    return bytes(out), position
