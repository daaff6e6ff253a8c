"""TLS for every server of the analyzer: one certificate, looked at again when its files change."""

import logging
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentric.errors import SettingError
from sentric.settings import Settings

_logger = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0
"""How often the files are looked at, at most; and only when somebody connects."""


@dataclass(frozen=True, slots=True)
class Material:
    """What was read from the files, as PEM."""

    certificate: bytes
    key: bytes
    client_ca: bytes | None


class ServerTls:
    """The certificate that is served, TLS 1.2 or later. For any thread.

    When a file has changed, the next handshake uses what is in it then. What cannot be used, because it is broken
    or half written, is told in the log, and what was there before goes on being served.
    """

    def __init__(
        self, certificate: Path, key: Path, client_ca: Path | None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Read the files.

        Raises:
            SettingError: one cannot be used; the message says which and why.
        """
        self._files = (certificate, key, client_ca)
        self._clock = clock
        self._lock = threading.Lock()
        self._looked = clock()
        self._seen = self._stamps()
        self._newest, self._material = self._load()
        self.context = self._newest
        """For servers that take one for good; it serves what is newest, whatever it was made from.

        But it lets in who goes on with a session begun before: who asks for certificates takes `newest` each time.
        """
        self.context.sni_callback = self._on_hello

    @classmethod
    def of(cls, settings: Settings, *, ask_clients: bool = True) -> "ServerTls | None":
        """What the settings name; None: no TLS.

        Args:
            settings: with the names of the files.
            ask_clients: let only those in who show a certificate of the authorities that the settings name, if any.

        Raises:
            SettingError: only a part is named, or a file cannot be used.
        """
        if not (settings.tls_cert or settings.tls_key or settings.tls_client_ca):
            return None
        if not (settings.tls_cert and settings.tls_key):
            missing = "--tls-key" if settings.tls_cert else "--tls-cert"
            raise SettingError(f"{missing} is missing: TLS needs a certificate and its key")
        client_ca = Path(settings.tls_client_ca).expanduser() if settings.tls_client_ca and ask_clients else None
        return cls(Path(settings.tls_cert).expanduser(), Path(settings.tls_key).expanduser(), client_ca)

    @property
    def needs_client_certificate(self) -> bool:
        """Whether who connects must show a certificate."""
        return self._files[2] is not None

    def material(self) -> Material:
        """What is served now."""
        self._refresh()
        return self._material

    def newest(self) -> ssl.SSLContext:
        """What is served now, for one more connection. No session outlasts a change of the files."""
        self._refresh()
        return self._newest

    def _on_hello(self, connection: Any, _name: str | None, context: ssl.SSLContext) -> None:
        self._refresh()
        if self._newest is not context:
            connection.context = self._newest

    def _refresh(self) -> None:
        with self._lock:
            now = self._clock()
            if now - self._looked < _LOOK_SECONDS:
                return
            self._looked = now
            stamps = self._stamps()
            if stamps == self._seen:
                return
            self._seen = stamps
            try:
                self._newest, self._material = self._load()
            except SettingError as error:
                _logger.error("The certificate has changed and cannot be used, the former one is served on: %s", error)

    def _stamps(self) -> tuple[tuple[int, int, int] | None, ...]:
        return tuple(_stamp(file) if file else None for file in self._files)

    def _load(self) -> tuple[ssl.SSLContext, Material]:
        certificate, key, client_ca = self._files
        read = Material(
            _read(certificate, "--tls-cert"),
            _read(key, "--tls-key"),
            _read(client_ca, "--tls-client-ca") if client_ca else None,
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(certificate, key, password=_no_password)
        except (ssl.SSLError, OSError, ValueError) as error:
            raise SettingError(f"--tls-cert {certificate}, --tls-key {key}: {_reason(error)}") from None
        if client_ca:
            context.verify_mode = ssl.CERT_REQUIRED
            try:
                context.load_verify_locations(client_ca)
            except (ssl.SSLError, OSError, ValueError):
                raise SettingError(f"--tls-client-ca {client_ca}: holds no certificate in PEM") from None
        return context, read


def pinned_context(certificate: Path) -> ssl.SSLContext:
    """For a client on the same machine: trusts what is served from a file, under whatever name, and nothing else.

    Raises:
        OSError: the file cannot be read or holds no certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(certificate)
    return context


def _no_password() -> str:
    raise ValueError("password")


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError) and error.reason == "KEY_VALUES_MISMATCH":
        return "the key is not that of the certificate"
    if isinstance(error, ValueError) and not isinstance(error, OSError):
        return "the key needs a password: give one without"
    return "they must hold a certificate and its key in PEM"


def _read(file: Path, option: str) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise SettingError(f"{option} {file}: cannot be read: {error.strerror}") from None


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
