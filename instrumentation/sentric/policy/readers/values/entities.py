"""What a text names: addresses, URLs, numbers, tokens, secrets. Found in one linear pass.

Everything is compared in lower case and without disguises, see `readable`.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from sentric.policy.readers.words.stretches import telling_words
from sentric.policy.readers.words.text import readable
from sentric.redaction.fingerprint import fingerprints

VALUE_LENGTH = 12
"""Shortest number or token that is remembered as a value which can be carried from one place to another."""
SHORTEST = 6
"""Characters of the shortest text that can name anything: a@b.cd."""

SHORT = 512
"""Longest text of which many are remembered as read: the links of a page must not push out the page."""
SCHEME_LIMIT = 16
"""Longest scheme of a URL that is recognised."""

# Each of these repeats single classes of characters that do not overlap, so that matching takes linear time.
_FINGERPRINT = re.compile(r"‹secret:[^›]{0,80}›")
_VALUE = re.compile(rf"[a-z0-9_+-]{{{VALUE_LENGTH},}}")
_NAME = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d{1,5})?|localhost:\d{1,5}")
_EMAIL = re.compile(r"(?<![a-z0-9._%+-])[a-z0-9._%+-]{1,64}@[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_DATE = re.compile(r"\d{4}-\d\d(?:-\d\d)?(?:t\d|$|-\d\d-)")
_SEPARATORS = "\"'`<>(),;[]{}|\\‹›“”"
_EDGES = ".,:;!?*_-=~"
_NO_DIGITS = "abcdefghijklmnopqrstuvwxyz_+-"


@dataclass(frozen=True, slots=True)
class Entities:
    """What a text names, each kind in the order of appearance and without repetition."""

    secrets: tuple[str, ...] = ()
    """What stands for secrets: their kind and hash, `KIND:hmac8`."""
    urls: tuple[str, ...] = ()
    """Absolute URLs."""
    emails: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    """Numbers and tokens long enough to be recognised elsewhere; those inside URLs too."""


_NOTHING = Entities()


def entities(text: str) -> Entities:
    """Find what a text names."""
    if len(text) < SHORTEST:
        return _NOTHING
    return _of_long(text) if len(text) > SHORT else _of_short(text)


def tokens(text: str) -> frozenset[str]:
    """Everything in a text that is not a plain word: all that `entities` finds, and paths, identifiers, amounts."""
    named = entities(text)
    parts = _parts(_FINGERPRINT.sub(" ", text))
    plain = (part for part in parts if not part.replace("-", "").isalpha())
    return frozenset([*plain, *named.urls, *named.emails, *map(secret_id, named.secrets)])


def marks(text: str) -> frozenset[str]:
    """What a short text names, much as `tokens`; of URLs the host and the part before the query, too."""
    secrets = fingerprints(text) if "‹secret" in text else ()
    found = {
        part for part in _parts(_FINGERPRINT.sub(" ", text) if secrets else text) if not part.replace("-", "").isalpha()
    }
    found.discard("")
    for part in tuple(found):
        if "://" in part:
            url = _url_in(part)
            bare = url.partition("?")[0]
            found |= {url, bare, bare.partition("://")[2].partition("/")[0]}
    found.update(f"secret:{secret_id(secret)}" for secret in secrets)
    return frozenset(found)


def secret_id(secret: str) -> str:
    """What tells a secret, whatever kind it was taken for."""
    return secret.rpartition(":")[2]


def entities_of_url(url: str) -> Entities:
    """What a URL that a text names holds, but for itself: it is one word, in which little can stand."""
    if "%" in url or "secret" in url or not url.isascii():
        return entities(url)
    emails = _EMAIL.findall(url) if "@" in url else ()
    values = _values(url.strip(_EDGES))
    return Entities((), (), tuple(dict.fromkeys(emails)), values) if emails or values else _NOTHING


def _entities(text: str) -> Entities:
    secrets = tuple(fingerprints(text)) if "secret" in text else ()
    plain = readable(_FINGERPRINT.sub(" ", text) if secrets else text)
    parts = list(map(_unquoted, dict.fromkeys(map(str.lower, telling_words(plain)))))
    urls = [_url_in(part) for part in parts if "://" in part]
    emails = _EMAIL.findall(" ".join([part for part in parts if "@" in part]))
    return Entities(secrets, tuple(dict.fromkeys(urls)), tuple(dict.fromkeys(emails)), _values(" ".join(parts)))


def _values(text: str) -> tuple[str, ...]:
    """The runs of letters and digits that are identifiers rather than words, dates or slugs with a year."""
    found = [run for run in _VALUE.findall(text) if len(run.strip(_NO_DIGITS)) > 1]
    return tuple([run for run in dict.fromkeys(found) if not (run[4:5] == "-" and _DATE.match(run))]) if found else ()


_of_short = lru_cache(maxsize=1024)(_entities)
_of_long = lru_cache(maxsize=16)(_entities)


def _parts(text: str) -> list[str]:
    """What stands between white space and punctuation, where it is more than letters; without repetition."""
    return _bare(_spaced(text).split())


def _spaced(text: str) -> str:
    spaced = readable(text).lower()
    for separator in _SEPARATORS:  # far faster than str.translate on text that is not ASCII
        spaced = spaced.replace(separator, " ")
    return spaced


def _bare(parts: list[str]) -> list[str]:
    """Those of some parts that are more than letters, without what stands at their edges; without repetition."""
    return [_unquoted(part) for part in dict.fromkeys([part for part in parts if not part.isalpha()])]


def _unquoted(part: str) -> str:
    """A part without what stands at its edges."""
    return (unquote(part, errors="replace") if "%" in part else part).strip(_EDGES)


def host_names(found: frozenset[str]) -> list[str]:
    """The tokens that can be bare host names, in alphabetical order. File names look the same."""
    return sorted(name[0] for token in found if "@" not in token and (name := _NAME.match(token)))


def _url_in(token: str) -> str:
    """The URL in a token such as `endpoint=https://…`."""
    scheme = token.find("://")
    start = scheme
    while start > max(0, scheme - SCHEME_LIMIT) and token[start - 1].isalpha():
        start -= 1
    return token[start:] if start < scheme else "http" + token[scheme:]
