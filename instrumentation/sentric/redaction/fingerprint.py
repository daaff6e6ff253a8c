"""What stands for a secret: ‹secret:KIND:hmac8›, or ‹secret:KIND:hmac8.KEYID› where the key has an id."""

import hashlib
import hmac
import re

from sentric.errors import SettingError
from sentric.redaction.patterns import pattern

_KEY_ID = re.compile(r"[A-Za-z0-9_-]{0,16}")
_BODY = r"secret(?::|%3[Aa])([a-z][a-z0-9_]{0,31})(?::|%3[Aa])([0-9a-f]{8})(?:\.[A-Za-z0-9_-]{1,16})?"
# The brackets as they are, as an ASCII-only JSON writer escapes them (at any depth), and percent-encoded.
_PATTERN = rf"(?:‹|\\+u2039|%E2%80%B9){_BODY}(?:›|\\+u203[aA]|%E2%80%BA)"
_BYTES = pattern(_PATTERN)


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


def fingerprints(text: str) -> list[str]:
    """The fingerprints in a text, in order, each once, as `KIND:hmac8`: for following a secret across events."""
    found = _BYTES.finditer(text.encode("utf-8", "replace"))
    return list(dict.fromkeys(f"{match.group(1).decode()}:{match.group(2).decode()}" for match in found))


def fingerprint_spans(data: bytes) -> list[tuple[int, int]]:
    """Where the fingerprints stand in UTF-8 text, also those that JSON or a URL has escaped."""
    return [match.span() for match in _BYTES.finditer(data)]
