"""Whether Telnyx has sent a webhook: Ed25519 over `TIMESTAMP|BODY`, and not long ago.

https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks#webhook-signing
"""

import base64
import binascii
import time
from collections.abc import Callable, Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sentric.errors import SentricError

SIGNATURE_HEADER = "telnyx-signature-ed25519"
TIMESTAMP_HEADER = "telnyx-timestamp"
TOLERANCE = 300
"""Seconds that the time of a webhook may lie in the past, or in the future."""
_LONGEST_TIMESTAMP = 12


class SignatureError(SentricError):
    """A webhook cannot be taken for one of Telnyx. One line."""


class Verifier:
    """Verifies webhooks with the public key of an account.

    Args:
        public_key: base64 of its 32 bytes.
        clock: gives the Unix time in seconds.
    """

    def __init__(self, public_key: str, clock: Callable[[], float] = time.time) -> None:
        self._key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key))
        self._clock = clock

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        """Make sure that a webhook was sent by Telnyx, and just now.

        Args:
            headers: of the request, their names in lower case.
            body: as it came.

        Raises:
            SignatureError: it was not.
        """
        stated, signature = headers.get(TIMESTAMP_HEADER, ""), headers.get(SIGNATURE_HEADER, "")
        if not stated or not signature:
            raise SignatureError(f"the headers {SIGNATURE_HEADER} and {TIMESTAMP_HEADER} are needed")
        if not (stated.isascii() and stated.isdecimal()) or len(stated) > _LONGEST_TIMESTAMP:
            raise SignatureError(f"{TIMESTAMP_HEADER} is no Unix time")
        try:
            self._key.verify(base64.b64decode(signature, validate=True), stated.encode() + b"|" + body)
        except (binascii.Error, ValueError, InvalidSignature):
            raise SignatureError("the signature is not that of this body and time by the public key") from None
        if abs(int(self._clock()) - int(stated)) > TOLERANCE:
            raise SignatureError(f"it was sent more than {TOLERANCE} s ago, or by a clock that is wrong")
