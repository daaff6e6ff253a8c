"""The key of the service, with which it signs what others must be able to check: Ed25519 (RFC 8032)."""

from pathlib import Path
from typing import Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from sentric.policy.signature import decoded, encoded, framed, key_id_of
from sentric_analyzer.control.errors import ControlError
from sentric_analyzer.control.files import placed

SIGNING_KEY_FILE = "signing.key"
"""Name of the file in a data directory that holds the key."""

_LONGEST = 4096
"""Bytes of a file: a key takes less."""
_FORMS = "base64 of its 32 bytes, or PEM without a password"


class Signer:
    """Signs with a key, which nothing gives away. Any thread may use it.

    Args:
        seed: the 32 secret bytes of the key.
    """

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = encoded(self._key.public_key().public_bytes_raw())
        """Base64 of its 32 bytes."""
        self.key_id = key_id_of(self.public_key)
        """Names the key."""

    @classmethod
    def open(cls, path: Path, secret_setting: str = "") -> Self:
        """Take the key that is set, or else that of a file, which is made where there is none.

        Args:
            path: the file; only its owner can read one that is made.
            secret_setting: the setting `signing_key`; empty: none is set.

        Raises:
            ControlError: there is no key there; one line, never with what is there.
        """
        if secret_setting:
            seed = _seed(secret_setting)
            if seed is None:
                raise ControlError(f"SENTRIC_SIGNING_KEY holds no Ed25519 key: give {_FORMS}")
            return cls(seed)
        try:
            seed = _seed(_kept(path))
        except OSError as error:
            cure = "set SENTRIC_SIGNING_KEY, or name another --data-dir"
            raise ControlError(f"{path}: cannot be written or read: {error.strerror}: {cure}") from None
        if seed is None:
            raise ControlError(f"{path}: holds no Ed25519 key ({_FORMS}): put back the former file")
        return cls(seed)

    def sign(self, purpose: str, message: bytes) -> str:
        """A signature, in base64, that holds for this purpose and this message only."""
        return encoded(self._key.sign(framed(purpose, message)))


def _kept(path: Path) -> str:
    """What is in a file; where there is none, a new key is there after."""
    if not path.exists():
        key = Ed25519PrivateKey.generate()
        try:
            with placed(path) as file:
                file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        except FileExistsError:
            pass  # another process was first
    with path.open("rb") as kept:
        return kept.read(_LONGEST).decode("ascii", "replace")


def _seed(text: str) -> bytes | None:
    """The secret bytes of a key; None where the text holds none."""
    text = text.strip()
    if not text.startswith("-----"):
        raw = decoded(text)
        return raw if raw is not None and len(raw) == 32 else None
    try:
        key = load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return key.private_bytes_raw() if isinstance(key, Ed25519PrivateKey) else None
