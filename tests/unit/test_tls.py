import os
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest
import trustme

from sentric.errors import SettingError
from sentric.settings import Settings
from sentric_analyzer.tls import ServerTls


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


class Files:
    """A certificate and its key in files, and a clock."""

    def __init__(self, directory: Path, authority: trustme.CA) -> None:
        self.certificate, self.key = directory / "cert.pem", directory / "key.pem"
        self.authority = authority
        self.seconds = 0.0
        self.renew()

    def renew(self) -> bytes:
        """Another certificate; what it is, in DER."""
        issued = self.authority.issue_cert("localhost")
        self.key.write_bytes(issued.private_key_pem.bytes())
        self.certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        return ssl.PEM_cert_to_DER_cert(issued.cert_chain_pems[0].bytes().decode())

    def load(self, client_ca: Path | None = None) -> ServerTls:
        return ServerTls(self.certificate, self.key, client_ca, clock=lambda: self.seconds)


@pytest.fixture
def files(tmp_path: Path, authority: trustme.CA) -> Files:
    return Files(tmp_path, authority)


def served(tls: ServerTls, authority: trustme.CA, *, name: str | None = "localhost") -> bytes:
    """The certificate that a client is shown, in DER."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    context.check_hostname = name is not None
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(to_client, to_server, server_hostname=name)
    server = tls.context.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    shown = client.getpeercert(binary_form=True)
    assert shown
    return shown


@pytest.mark.parametrize("name", ["localhost", None])
def test_a_changed_certificate_is_served_to_the_next_client(
    files: Files, authority: trustme.CA, name: str | None
) -> None:
    first = files.renew()
    tls = files.load()
    assert served(tls, authority, name=name) == first
    second = files.renew()
    assert served(tls, authority, name=name) == first  # the files were looked at a moment ago
    files.seconds += 2
    assert served(tls, authority, name=name) == second
    assert tls.material().certificate == files.certificate.read_bytes()


def test_a_certificate_that_cannot_be_used_is_told_once_and_not_served(
    files: Files, authority: trustme.CA, caplog: pytest.LogCaptureFixture
) -> None:
    first = files.renew()
    tls = files.load()
    key = files.key.read_bytes()
    second = files.renew()
    newer = files.key.read_bytes()
    files.key.write_bytes(key)  # half of the change is there
    for _ in range(3):
        files.seconds += 2
        assert served(tls, authority) == first
    assert caplog.text.count("the key is not that of the certificate") == 1
    files.key.write_bytes(newer)
    files.seconds += 2
    assert served(tls, authority) == second


def test_files_that_are_gone_are_no_reason_to_stop(files: Files, authority: trustme.CA) -> None:
    first = files.renew()
    tls = files.load()
    files.key.unlink()
    files.seconds += 2
    assert served(tls, authority) == first


def test_nothing_older_than_tls_1_2_is_spoken(files: Files) -> None:
    assert files.load().context.minimum_version == ssl.TLSVersion.TLSv1_2


def error_of(files: Files, client_ca: Path | None = None) -> str:
    with pytest.raises(SettingError) as caught:
        files.load(client_ca)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_cannot_be_used_is_one_line_that_names_the_file(files: Files, tmp_path: Path) -> None:
    assert error_of(files, tmp_path / "nowhere.pem").endswith("nowhere.pem: cannot be read: No such file or directory")
    assert error_of(files, files.key).endswith("holds no certificate in PEM")
    other = files.key.read_bytes()
    files.renew()
    files.key.write_bytes(other)
    assert error_of(files).endswith("the key is not that of the certificate")
    files.key.write_text("no key")
    assert error_of(files).endswith("they must hold a certificate and its key in PEM")
    files.key.unlink()
    assert error_of(files) == f"--tls-key {files.key}: cannot be read: No such file or directory"


@pytest.mark.skipif(not shutil.which("openssl"), reason="a key is encrypted with openssl")
def test_a_key_with_a_password_is_one_line_and_asks_nobody(files: Files) -> None:
    clear = files.key.rename(files.key.with_suffix(".clear"))
    command = ["openssl", "pkey", "-in", clear, "-aes128", "-passout", "pass:canary", "-out", files.key]
    subprocess.run(command, check=True, capture_output=True, env=dict(os.environ))
    assert error_of(files).endswith("the key needs a password: give one without")


def test_the_settings_say_whether_there_is_tls(files: Files) -> None:
    assert ServerTls.of(Settings()) is None
    with pytest.raises(SettingError, match=r"--tls-key is missing"):
        ServerTls.of(Settings(tls_cert=str(files.certificate)))
    for half in (Settings(tls_key=str(files.key)), Settings(tls_client_ca=str(files.certificate))):
        with pytest.raises(SettingError, match=r"--tls-cert is missing"):
            ServerTls.of(half)
    stated = Settings(tls_cert=str(files.certificate), tls_key=str(files.key), tls_client_ca=str(files.certificate))
    for asks in (True, False):
        tls = ServerTls.of(stated, ask_clients=asks)
        assert tls
        assert tls.needs_client_certificate is asks
        assert (tls.context.verify_mode is ssl.CERT_REQUIRED) is asks
