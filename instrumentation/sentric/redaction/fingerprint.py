"""What stands for a secret: ‹secret:KIND:hmac8›, or ‹secret:KIND:hmac8.KEYID› where the key has an id."""

import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sentric.errors import SettingError
from sentric.redaction.patterns import pattern

FORMER_KEPT = 1024
"""Most former fingerprints that are known."""
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{0,16}")
_BODY = r"secret(?::|%3[Aa])([a-z][a-z0-9_]{0,31})(?::|%3[Aa])([0-9a-f]{8})(?:\.[A-Za-z0-9_-]{1,16})?"
# The brackets as they are, as an ASCII-only JSON writer escapes them (at any depth), and percent-encoded.
_PATTERN = rf"(?:‹|\\+u2039|%E2%80%B9){_BODY}(?:›|\\+u203[aA]|%E2%80%BA)"
_BYTES = pattern(_PATTERN)
_DIGITS = re.compile(
    r"((?:‹|\\u2039|%E2%80%B9)secret(?::|%3[Aa])[a-z][a-z0-9_]{0,31}(?::|%3[Aa]))([0-9a-f]{1,8})"
    r"(?:(?<=[0-9a-f]{8})\.[A-Za-z0-9_-]{1,16})?"
)
"""The beginning of a fingerprint, and its digits: of one that was cut off, those that are left."""
_FORMER = re.compile(r"‹secret:[a-z][a-z0-9_]{0,31}:([0-9a-f]{8})(?:\.([A-Za-z0-9_-]{1,16}))?›")


class Fingerprinter:
    """Makes fingerprints under one key. The same value always gives the same eight digits."""

    def __init__(self, key: bytes, key_id: str = "") -> None:
        """Take the key.

        Args:
            key: any non-empty bytes; 32 random bytes are a good key.
            key_id: written into each fingerprint, so that fingerprints of a former key are not compared with new ones.

        Raises:
            SettingError: the key is empty, or its id is not up to 16 of `A-Z a-z 0-9 _ -`.
        """
        if not key:
            raise SettingError("the redaction key is empty: give it at least one byte, better 32 random ones")
        if not _KEY_ID.fullmatch(key_id):
            raise SettingError(f"redaction key id {key_id!r}: use up to 16 of A-Z a-z 0-9 _ -")
        self._key = key
        self._suffix = f".{key_id}" if key_id else ""

    def __call__(self, value: str, kind: str) -> str:
        """The fingerprint of a value found as this kind. 32 bits: it identifies a secret within a run."""
        digest = hmac.digest(self._key, value.encode("utf-8", "surrogatepass"), hashlib.sha256)
        return f"‹secret:{kind}:{digest[:4].hex()}{self._suffix}›"


@dataclass(frozen=True, slots=True)
class FormerKey:
    """A key that fingerprints were made with before the present one; known for a while after it was changed."""

    key_id: str
    """What its fingerprints carry; empty where they carry none."""
    key: bytes


def former_keys(text: str) -> tuple[FormerKey, ...]:
    """The former keys in a setting: `ID:KEY`, separated by white space.

    Raises:
        SettingError: an entry has no colon, no key, or an id that is none; the message does not show the key.
    """
    found: list[FormerKey] = []
    for entry in text.split():
        key_id, colon, key = entry.partition(":")
        if not colon or not key or not _KEY_ID.fullmatch(key_id):
            raise SettingError("a former redaction key cannot be used: give ID:KEY, or :KEY where it had no id")
        found.append(FormerKey(key_id, key.encode()))
    return tuple(found)


BEGINNING = "‹secret:"
"""How every fingerprint begins."""


class FormerFingerprints:
    """Knows the fingerprints that former keys gave to secrets which are seen again now. Bounded: the oldest go first.

    So a secret keeps one fingerprint across a change of keys: once it is seen in clear, its old fingerprints become
    the new one. One that is never seen again keeps its old fingerprint, whose key id tells why it is unlike the new.
    """

    def __init__(self, keys: Sequence[FormerKey]) -> None:
        self._keys = tuple(keys)
        self._known: dict[tuple[str, str], str] = {}

    def learn(self, value: str) -> None:
        """Remember the fingerprints that a value had."""
        for former in self._keys:
            digest = hmac.digest(former.key, value.encode("utf-8", "surrogatepass"), hashlib.sha256)[:4].hex()
            self._known[digest, former.key_id] = value
        while len(self._known) > FORMER_KEPT:
            del self._known[next(iter(self._known))]

    @property
    def known(self) -> bool:
        """Whether there is any to be renewed."""
        return bool(self._known)

    def renewed(self, text: str, stand_in: Callable[[str], str]) -> str:
        """A text in which the former fingerprints of known values are what `stand_in` gives for these values."""
        if not self._known or BEGINNING not in text:
            return text

        def renew(match: "re.Match[str]") -> str:
            value = self._known.get((match[1], match[2] or ""))
            return match[0] if value is None else stand_in(value)

        return _FORMER.sub(renew, text)


def refingerprinted(text: str, key: bytes) -> str:
    """A text whose fingerprints are made anew under another key, without ids of keys.

    Equal ones stay equal, and tell nothing of what they were to whoever does not know the key.
    """
    if "secret" not in text:
        return text

    def renew(match: "re.Match[str]") -> str:
        digits = hmac.digest(key, match[2].encode(), hashlib.sha256)[:4].hex()
        return match[1] + digits[: len(match[2])]

    return _DIGITS.sub(renew, text)


def fingerprints(text: str) -> list[str]:
    """The fingerprints in a text, in order, each once, as `KIND:hmac8`: for following a secret across events."""
    found = _BYTES.finditer(text.encode("utf-8", "replace"))
    return list(dict.fromkeys(f"{match.group(1).decode()}:{match.group(2).decode()}" for match in found))


def fingerprint_spans(data: bytes) -> list[tuple[int, int]]:
    """Where the fingerprints stand in UTF-8 text, also those that JSON or a URL has escaped."""
    return [match.span() for match in _BYTES.finditer(data)]
