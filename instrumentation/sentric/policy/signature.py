"""Signatures of a service, as whoever has its public key checks them: Ed25519 (RFC 8032).

Agents need the package that does it only where a key is configured.
"""

import base64
import binascii
import hashlib
from importlib import import_module

from sentric.errors import MissingDependencyError, SettingError

_HEAD = b"Sentric signature 1\n"
_KEY_SIZE = 32


def verify(public_key: str, purpose: str, message: bytes, signature: str) -> bool:
    """Whether a signature is that of a key, both in base64, for this purpose and this message.

    Raises:
        MissingDependencyError: what checks signatures is not installed; nothing else is raised.
    """
    need_cryptography()
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    key, raw = decoded(public_key), decoded(signature)
    if key is None or raw is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(raw, framed(purpose, message))
    except (InvalidSignature, ValueError):
        return False
    return True


def need_cryptography() -> None:
    """Import what checks signatures.

    Raises:
        MissingDependencyError: it is not installed.
    """
    try:
        import_module("cryptography.hazmat.primitives.asymmetric.ed25519")
    except ImportError:
        raise MissingDependencyError(
            "signatures cannot be checked, because cryptography is not installed: pip install 'sentric[guard]'"
        ) from None


def check_policy_key(public_key: str) -> None:
    """Make sure that signatures can be checked with the setting `policy_key`; it may be empty.

    Raises:
        SettingError: it is no key.
        MissingDependencyError: what checks signatures is not installed.
    """
    if not public_key:
        return
    if not key_id_of(public_key):
        raise SettingError(
            f"policy_key is {public_key[:64]!r}: give the public_key of GET /v1/policies/key, base64 of 32 bytes"
        )
    need_cryptography()


def key_id_of(public_key: str) -> str:
    """The id of a public key in base64: the first 16 hex digits of the SHA-256 of its bytes; empty: it is none."""
    raw = decoded(public_key)
    return hashlib.sha256(raw).hexdigest()[:16] if raw is not None and len(raw) == _KEY_SIZE else ""


def framed(purpose: str, message: bytes) -> bytes:
    """What is signed. With their lengths, no two purposes and messages are the same bytes."""
    name = purpose.encode("utf-8", "surrogatepass")
    return _HEAD + len(name).to_bytes(8) + name + len(message).to_bytes(8) + message


def encoded(raw: bytes) -> str:
    """Base64, in its one spelling."""
    return base64.b64encode(raw).decode("ascii")


def decoded(text: str) -> bytes | None:
    """The bytes of base64 in its one spelling; None for anything else."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if encoded(raw) == text else None
