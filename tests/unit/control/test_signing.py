import base64
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from sentric.policy.signature import key_id_of, verify
from sentric_analyzer.control.errors import ControlError
from sentric_analyzer.control.signing import Signer

# RFC 8032, section 7.1, tests 1 to 3: secret key, public key, message, signature.
VECTORS = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24"
        "655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aee"
        "b00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28d"
        "c027beceea1ec40a",
    ),
]
SEED = bytes(range(32))


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


@pytest.mark.parametrize(("secret", "public", "message", "signature"), VECTORS)
def test_a_key_is_that_of_the_rfc_and_signs_as_it_says(
    secret: str, public: str, message: str, signature: str, tmp_path: Path
) -> None:
    signer = Signer.open(tmp_path / "none", b64(bytes.fromhex(secret)))
    raw = bytes.fromhex(public)
    assert signer.public_key == b64(raw)
    assert signer.key_id == key_id_of(b64(raw)) == hashlib.sha256(raw).hexdigest()[:16]
    assert signer._key.sign(bytes.fromhex(message)).hex() == signature
    assert list(tmp_path.iterdir()) == []


def test_what_is_signed_is_the_purpose_and_the_message_with_their_lengths() -> None:
    signed = Signer(SEED).sign("audit-checkpoint", b"m")
    framed = b"Sentric signature 1\n" + b"\0" * 7 + b"\x10audit-checkpoint" + b"\0" * 7 + b"\x01m"
    assert signed == b64(Ed25519PrivateKey.from_private_bytes(SEED).sign(framed))


@given(st.text(max_size=20), st.binary(max_size=40), st.text(max_size=20), st.binary(max_size=40))
def test_a_signature_holds_for_its_purpose_and_its_message_only(
    purpose: str, message: bytes, other_purpose: str, other_message: bytes
) -> None:
    signer = Signer(SEED)
    signature = signer.sign(purpose, message)
    assert verify(signer.public_key, purpose, message, signature)
    is_same = (purpose, message) == (other_purpose, other_message)
    assert verify(signer.public_key, other_purpose, other_message, signature) == is_same
    assert not verify(Signer(bytes(32)).public_key, purpose, message, signature)


def test_what_moves_from_the_purpose_into_the_message_does_not_hold() -> None:
    signer = Signer(SEED)
    signature = signer.sign("policy", b"x")
    assert not verify(signer.public_key, "polic", b"yx", signature)
    assert not verify(signer.public_key, "policyx", b"", signature)


@given(st.integers(0, 64 * 8 - 1))
def test_no_bit_of_a_signature_may_change(bit: int) -> None:
    signer = Signer(SEED)
    raw = bytearray(base64.b64decode(signer.sign("p", b"m")))
    raw[bit // 8] ^= 1 << bit % 8
    assert not verify(signer.public_key, "p", b"m", b64(bytes(raw)))


@given(st.text(max_size=90), st.text(max_size=90))
def test_anything_else_is_no_signature_and_no_key(one: str, other: str) -> None:
    signer = Signer(SEED)
    assert not verify(signer.public_key, "p", b"m", one)
    assert not verify(one, "p", b"m", signer.sign("p", b"m"))
    assert not verify(one, "\ud800", b"", other)
    assert key_id_of(one) == ""


def test_a_signature_has_one_spelling() -> None:
    signer = Signer(SEED)
    signature = signer.sign("p", b"m")
    last = signature[-3]
    for spelling in (signature[:-2], signature + "\n", " " + signature, signature[:-3] + chr(ord(last) + 1) + "=="):
        assert not verify(signer.public_key, "p", b"m", spelling)


def test_a_first_start_makes_a_key_that_its_owner_alone_can_read_and_the_next_takes_it(tmp_path: Path) -> None:
    path = tmp_path / "signing.key"
    before = os.umask(0)
    try:
        first = Signer.open(path)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["signing.key"]
    assert path.read_text().startswith("-----BEGIN PRIVATE KEY-----\n")
    content = path.read_bytes()
    assert Signer.open(path).public_key == first.public_key
    assert path.read_bytes() == content
    assert Signer.open(tmp_path / "another.key").key_id != first.key_id


def test_a_key_that_is_set_goes_before_that_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "signing.key"
    kept = Signer.open(path)
    assert Signer.open(path, f" {b64(SEED)}\n").key_id == Signer(SEED).key_id != kept.key_id
    assert Signer.open(tmp_path / "none", path.read_text()).key_id == kept.key_id
    path.write_text(f"{b64(SEED)}\n")
    assert Signer.open(path).key_id == Signer(SEED).key_id


def pem(key: object, encryption: KeySerializationEncryption | None = None) -> str:
    made = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())  # type: ignore[attr-defined]
    return str(made.decode())


WRONG = {
    "short": b64(SEED[:31]),
    "long": b64(SEED + b"x"),
    "hex": SEED.hex(),
    "words": "canary of a key",
    "no end": f"-----BEGIN PRIVATE KEY-----\n{b64(SEED)}",
    "of another sort": pem(generate_private_key(SECP256R1())),
    "with a password": pem(Ed25519PrivateKey.from_private_bytes(SEED), BestAvailableEncryption(b"canary")),
    "none of ASCII": "-----BEGIN ключ",
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_what_is_no_key_is_one_line_that_does_not_repeat_it(text: str, tmp_path: Path) -> None:
    path = tmp_path / "signing.key"
    with pytest.raises(ControlError) as caught:
        Signer.open(path, text)
    assert str(caught.value) == (
        "SENTRIC_SIGNING_KEY holds no Ed25519 key: give base64 of its 32 bytes, or PEM without a password"
    )
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ControlError) as caught:
        Signer.open(path)
    assert str(caught.value).startswith(f"{path}: holds no Ed25519 key (")
    assert "\n" not in str(caught.value)
    assert "canary" not in str(caught.value)
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("content", [b"", b"\xff" * 9000])
def test_a_file_that_was_damaged_is_left_alone(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "signing.key"
    path.write_bytes(content)
    with pytest.raises(ControlError, match="put back the former file"):
        Signer.open(path)
    assert path.read_bytes() == content


def test_a_directory_that_cannot_be_written_is_one_line() -> None:
    with pytest.raises(ControlError, match=r"^/proc/signing\.key: cannot be written or read: "):
        Signer.open(Path("/proc/signing.key"))


def test_starts_at_once_agree_on_the_key(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from sentric_analyzer.control.signing import Signer\n"
        "print('ready', flush=True); sys.stdin.readline(); print(Signer.open(Path(sys.argv[1])).key_id)\n"
    )
    command: list[str | Path] = [sys.executable, "-c", code, tmp_path / "signing.key"]
    starts = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    for start in starts:
        assert start.stdout
        assert start.stdout.readline() == "ready\n"
    for start in starts:
        assert start.stdin
        start.stdin.write("\n")
        start.stdin.flush()
    assert {start.communicate()[0].strip() for start in starts} == {Signer.open(tmp_path / "signing.key").key_id}
    assert [each.name for each in tmp_path.iterdir()] == ["signing.key"]
