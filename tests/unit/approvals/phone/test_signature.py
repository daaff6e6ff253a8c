"""Webhooks: what is not signed for just now, with the right key and over this very body, is refused."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sentric_analyzer.approvals.phone.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER, SignatureError, Verifier

NOW = 1_800_000_000
KEY = Ed25519PrivateKey.generate()
PUBLIC = base64.b64encode(KEY.public_key().public_bytes_raw()).decode()
BODY = b'{"data": {"event_type": "call.answered"}}'


def headers(body: bytes = BODY, timestamp: str = str(NOW), key: Ed25519PrivateKey = KEY) -> dict[str, str]:
    signature = base64.b64encode(key.sign(timestamp.encode() + b"|" + body)).decode()
    return {TIMESTAMP_HEADER: timestamp, SIGNATURE_HEADER: signature}


def verify(headers: dict[str, str], body: bytes = BODY, now: float = NOW) -> None:
    Verifier(PUBLIC, lambda: now).verify(headers, body)


@pytest.mark.parametrize("passed", [0, 300, -300, 0.9, 300.9])
def test_what_was_signed_not_long_ago_is_taken(passed: float) -> None:
    verify(headers(), now=NOW + passed)


@pytest.mark.parametrize("passed", [301, -301, 86_400, -86_400])
def test_what_was_signed_long_ago_or_by_a_wrong_clock_is_refused(passed: float) -> None:
    with pytest.raises(SignatureError, match="300 s"):
        verify(headers(), now=NOW + passed)


def test_an_altered_body_is_refused() -> None:
    for number in range(len(BODY)):
        altered = bytearray(BODY)
        altered[number] ^= 1
        with pytest.raises(SignatureError, match="signature"):
            verify(headers(), bytes(altered))


def test_another_key_is_refused() -> None:
    with pytest.raises(SignatureError, match="signature"):
        verify(headers(key=Ed25519PrivateKey.generate()))


def test_an_altered_time_is_refused() -> None:
    with pytest.raises(SignatureError, match="signature"):
        verify({**headers(), TIMESTAMP_HEADER: str(NOW + 1)})


@pytest.mark.parametrize("missing", [SIGNATURE_HEADER, TIMESTAMP_HEADER])
def test_a_header_that_is_missing_is_refused(missing: str) -> None:
    stated = headers()
    del stated[missing]
    with pytest.raises(SignatureError, match="needed"):
        verify(stated)


@pytest.mark.parametrize("timestamp", ["now", "-1", "1e9", " 1800000000", "١٨٠٠٠٠٠٠٠٠", "1" * 400])
def test_what_is_no_time_is_refused(timestamp: str) -> None:
    with pytest.raises(SignatureError):
        verify(headers(timestamp=timestamp))


@pytest.mark.parametrize("signature", ["", "!", "AAAA", base64.b64encode(bytes(64)).decode(), "é"])
def test_what_is_no_signature_is_refused(signature: str) -> None:
    with pytest.raises(SignatureError):
        verify({**headers(), SIGNATURE_HEADER: signature})


def test_the_library_of_telnyx_takes_and_refuses_the_same() -> None:
    verified = pytest.importorskip("telnyx.lib.webhook_verification")
    import time

    now = str(int(time.time()))
    for stated in (headers(timestamp=now), headers(b"other", now), {}):
        ours = theirs = True
        try:
            verified.verify_webhook_signature(BODY, stated, PUBLIC)
        except verified.WebhookVerificationError:
            theirs = False
        try:
            Verifier(PUBLIC).verify(stated, BODY)
        except SignatureError:
            ours = False
        assert ours == theirs
