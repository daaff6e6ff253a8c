"""Personal data in clear: card and account numbers, social security numbers, e-mail addresses, telephone numbers."""

import re
from functools import lru_cache

from sentric.policy.readers.values.entities import entities, secret_id
from sentric.policy.readers.values.groups import FORMS, groups
from sentric.policy.readers.words.lexicon import words
from sentric.policy.readers.words.text import readable
from sentric.redaction.checks import is_card_number

LIMIT = 1000
"""Finds of one kind in one text that are told apart."""
TEXT_LIMIT = 65_536
"""Characters of one text that are searched."""
SHORTEST = 9
"""Characters of the shortest text that is searched for numbers."""

# All repetitions are bounded, so that these too take linear time; they are far faster than RE2 where much is found.
_SEARCHES = {"card": re.compile(r"[2-6](?<!\w.)[0-9](?:[ -]?[0-9]){11,17}\b", re.ASCII | re.DOTALL)}
_SEARCHES["iban"] = re.compile(FORMS["iban"], re.IGNORECASE | re.ASCII)
_SEARCHES["ssn"] = re.compile(r"[0-8](?<!\w.)[0-9]{2}[ -][0-9]{2}[ -][0-9]{4}\b", re.ASCII | re.DOTALL)
# Groups of digits after other groups are of a longer number.
_SEARCHES["phone"] = re.compile(
    r"[+0-9](?:(?<=\+)[0-9](?:[ ().-]{0,2}[0-9]){6,14}\b"
    r"|(?<=[0-9])(?<!\w.)(?<![0-9][ .-].)(?:[0-9]{2}[ .)-]{1,2}[0-9]{3}[ .-][0-9]{4}\b"
    r"|(?<=0)[0-9]{2,4}[ /-]{1,3}[0-9]{3,4}(?:[ -]?[0-9]{2,4}){1,2}\b))",
    re.ASCII | re.DOTALL,
)
TELEPHONE_DIGITS = 9
"""Last digits of a telephone number that tell it, whatever codes it is written with."""
_REDACTED = words("card iban ssn email phone account")
"""Kinds of fingerprints that stand for personal data."""
# The length of an account number by country (ISO 13616, the registry's published structure).
_IBAN_LENGTHS = {
    country: int(length)
    for length, countries in (
        entry.split(":")
        for entry in "15:NO 16:BE 18:DK FI FO GL NL SD 19:MK SI 20:AT BA EE KZ LT LU MN XK 21:CH HR LI LV 22:BG BH CR "
        "DE GB GE IE ME RS VA 23:AE GI IL IQ OM SO TL 24:AD CZ ES MD PK RO SA SE SK TN VG 25:LY PT ST 26:IS TR 27:BI "
        "DJ FR GR IT MC MR SM 28:AL AZ BY CY DO GT HU LB NI PL SV 29:BR EG PS QA UA 30:JO KW MU 31:MT SC 32:LC "
        "33:RU".replace(" 1", "|1")
        .replace(" 2", "|2")
        .replace(" 3", "|3")
        .split("|")
    )
    for country in countries.split()
}


def personal_data(text: str) -> tuple[tuple[str, str], ...]:
    """Find personal data: each its kind and its value without separators, once, kind by kind.

    Cards are told by their network and Luhn's check, accounts by ISO 7064 mod 97-10, social security numbers by the
    ranges that are given out, telephone numbers by a country code or their usual groups. Fingerprints of such data
    count like the data.
    """
    return _personal_data(text) if len(text) >= SHORTEST else ()


def numbers(text: str) -> tuple[str, ...]:
    """The numbers among the personal data of a text: the same in every spacing, and with or without a country code."""
    found = _numbers(text) if len(text) >= SHORTEST else ()
    return tuple(
        [
            f"tel:{value[-TELEPHONE_DIGITS:]}" if kind == "phone" else value.lower()
            for kind, value in found
            if len(value) >= TELEPHONE_DIGITS
        ]
    )


def _personal_data(text: str) -> tuple[tuple[str, str], ...]:
    named = entities(text)
    found = dict.fromkeys(("email", email) for email in named.emails[:LIMIT])
    for secret in named.secrets:
        if (kind := secret.partition(":")[0]) in _REDACTED:
            found[kind, secret_id(secret)] = None
    found.update(dict.fromkeys(_numbers(text)))
    return tuple(found)


@lru_cache(maxsize=32)
def _numbers(text: str) -> tuple[tuple[str, str], ...]:
    """What is told by its digits, each its kind and its value."""
    found: dict[tuple[str, str], None] = {}
    plain = groups(readable(text[:TEXT_LIMIT]))
    for kind, form in _SEARCHES.items() if plain else ():
        if form.search(plain) is not None:
            values, plain = _taken(kind, plain)
            found.update(dict.fromkeys((kind, value) for value in values))
    return tuple(found)


def _taken(kind: str, text: str) -> tuple[list[str], str]:
    """The values of one kind, and the text with a mark for each: what is an account's number is no telephone's."""
    values: list[str] = []
    rest: list[str] = []
    position = 0
    while len(values) < LIMIT and (match := _SEARCHES[kind].search(text, position)):
        value = _checked(kind, match[0])
        end = match.end() if kind != "iban" else match.start() + _account_end(match[0], len(value))
        rest.append(f"{text[position : match.start()]}_" if value else text[position:end])
        values += [value] if value else []
        position = end
    return values, "".join((*rest, text[position:]))


def _account_end(text: str, length: int) -> int:
    """Where an account's number of some characters ends: the word after it looks like one more group of it."""
    ends = (place + 1 for place, char in enumerate(text) if char.isalnum())
    return next((end for count, end in enumerate(ends, 1) if count == max(length, 4)), len(text))


def _checked(kind: str, text: str) -> str:
    """The value without separators; "" for what only looks like one."""
    value = "".join(char for char in text if char.isalnum()).upper()
    match kind:
        case "card":
            return value if is_card_number(value.encode()) else ""
        case "iban":
            account = value[: _IBAN_LENGTHS.get(value[:2], 0)]
            return account if _is_iban(account) else ""
        case "ssn":
            given = value[:3] not in {"000", "666"} and value[3:5] != "00" and value[5:] != "0000"
            return value if given else ""
        case _:
            return value


def _is_iban(account: str) -> bool:
    """ISO 7064 mod 97-10 over the number with its head moved to the end, letters as 10 to 35."""
    if len(account) < 15 or len(account) != _IBAN_LENGTHS.get(account[:2]):
        return False
    return int("".join(str(int(char, 36)) for char in account[4:] + account[:4])) % 97 == 1
