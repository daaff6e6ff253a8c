"""TLS over sockets, with certificates of an authority that is made for the test."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
import trustme
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpanExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from sentric_analyzer import tls as tls_module
from sentric_analyzer.control import Scope
from sentric_analyzer.receiver.connection import Deadlines
from support.receiving import EXPORT, Receiving, answer_from, message_of, receiving, request_of, ring, until


@dataclass
class Authority:
    """An authority and the files it has signed."""

    ca: trustme.CA
    directory: Path

    @property
    def root(self) -> Path:
        return self.directory / "ca.pem"

    def issue(self, name: str = "server") -> tuple[Path, Path]:
        """Files of a certificate and its key."""
        issued = self.ca.issue_cert("localhost", "127.0.0.1")
        certificate, key = self.directory / f"{name}.pem", self.directory / f"{name}.key"
        issued.private_key_pem.write_to_path(str(key))
        issued.cert_chain_pems[0].write_to_path(str(certificate))
        return certificate, key

    def settings(self, *, mutual: bool = False) -> dict[str, Any]:
        certificate, key = self.issue()
        stated = {"tls_cert": str(certificate), "tls_key": str(key)}
        return stated | ({"tls_client_ca": str(self.root)} if mutual else {})

    def client(self, *, certificate: bool = False, **versions: ssl.TLSVersion) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.root))
        for name, version in versions.items():
            setattr(context, name, version)
        if certificate:
            context.load_cert_chain(*self.issue("client"))
        return context

    def channel(self, service: Receiving, *, certificate: bool = False) -> grpc.Channel:
        files = self.issue("client")[::-1] if certificate else ()
        credentials = grpc.ssl_channel_credentials(self.root.read_bytes(), *(file.read_bytes() for file in files))
        return grpc.secure_channel(service.grpc, credentials)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return Authority(ca, tmp_path)


@pytest.fixture
def secured(tmp_path: Path, authority: Authority) -> Iterator[Receiving]:
    with receiving(tmp_path / "log", **authority.settings()) as service:
        yield service


def is_served(service: Receiving, context: ssl.SSLContext | None, message: bytes = message_of("a")) -> bool:
    try:
        with service.connect(context) as connection:
            connection.sendall(message)
            return answer_from(connection).startswith(b"HTTP/1.1 200 ")
    except OSError:
        return False


def is_served_grpc(channel: grpc.Channel, **options: Any) -> bool:
    with channel:
        try:
            return bool(channel.unary_unary(EXPORT)(request_of("g"), timeout=20, **options) == b"")
        except grpc.RpcError:
            return False


def test_both_ways_are_served_over_tls_and_only_over_tls(secured: Receiving, authority: Authority) -> None:
    assert is_served(secured, authority.client())
    assert is_served_grpc(authority.channel(secured))
    assert not is_served(secured, None)
    assert not is_served_grpc(grpc.insecure_channel(secured.grpc))
    assert is_served(secured, authority.client())


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_present_versions_are_spoken(secured: Receiving, authority: Authority, version: ssl.TLSVersion) -> None:
    assert is_served(secured, authority.client(minimum_version=version, maximum_version=version))


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_an_old_version_is_not_spoken(secured: Receiving, authority: Authority) -> None:
    old = ssl.TLSVersion.TLSv1_1
    context = authority.client(minimum_version=old, maximum_version=old)
    context.set_ciphers("ALL:@SECLEVEL=0")
    assert not is_served(secured, context)


def test_large_requests_and_many_on_one_connection_are_served(secured: Receiving, authority: Authority) -> None:
    with secured.connect(authority.client()) as connection:
        for number in range(20):
            connection.sendall(message_of("x" * 20_000 * number, str(number)))
            assert answer_from(connection).startswith(b"HTTP/1.1 200 ")
    assert len(list(secured.log.read(0))) == 20


def test_a_request_sent_with_the_end_of_the_handshake_is_not_lost(secured: Receiving, authority: Authority) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = authority.client().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with secured.connect() as raw:
        while True:
            try:
                client.do_handshake()
                break
            except ssl.SSLWantReadError:
                raw.sendall(outgoing.read())
                incoming.write(raw.recv(65536))
        client.write(message_of("a"))
        raw.sendall(outgoing.read())  # the last words of the handshake and the request, in one
        received = b""
        while b"\r\n\r\n" not in received:
            try:
                received += client.read(65536)
            except ssl.SSLWantReadError:
                incoming.write(raw.recv(65536))
    assert received.startswith(b"HTTP/1.1 200 ")


def test_a_refusal_is_read_over_tls_too(secured: Receiving, authority: Authority) -> None:
    with secured.connect(authority.client()) as connection:
        connection.sendall(b"POST /nowhere HTTP/1.1\r\nContent-Length: 100\r\n\r\n")
        assert answer_from(connection).startswith(b"HTTP/1.1 404 ")


def test_only_who_shows_a_certificate_is_served_where_authorities_are_named(
    tmp_path: Path, authority: Authority
) -> None:
    with receiving(tmp_path / "log", **authority.settings(mutual=True)) as service:
        assert is_served(service, authority.client(certificate=True))
        assert is_served_grpc(authority.channel(service, certificate=True))
        assert not is_served(service, authority.client())
        assert not is_served_grpc(authority.channel(service))
        stranger = Authority(trustme.CA(), tmp_path / "stranger")
        stranger.directory.mkdir()
        context = authority.client()
        context.load_cert_chain(*stranger.issue("client"))
        assert not is_served(service, context)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_session_does_not_outlast_the_authority_that_let_it_in(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch, version: ssl.TLSVersion
) -> None:
    monkeypatch.setattr(tls_module, "_LOOK_SECONDS", 0.0)
    context = authority.client(certificate=True, minimum_version=version, maximum_version=version)
    settings = authority.settings() | {"tls_client_ca": str(tmp_path / "clients.pem")}
    authority.ca.cert_pem.write_to_path(settings["tls_client_ca"])

    def answered(session: ssl.SSLSession | None) -> tuple[bool, ssl.SSLSession | None]:
        raw = socket.create_connection(("127.0.0.1", service.port), 20)
        with context.wrap_socket(raw, server_hostname="127.0.0.1", session=session) as connection:
            connection.sendall(message_of("a"))
            assert answer_from(connection).startswith(b"HTTP/1.1 200 ")
            return bool(connection.session_reused), connection.session

    with receiving(tmp_path / "log", **settings) as service:
        _, session = answered(None)
        reused, session = answered(session)
        assert reused
        trustme.CA().cert_pem.write_to_path(settings["tls_client_ca"])
        with pytest.raises((OSError, AssertionError)):
            answered(session)


def test_a_certificate_does_not_stand_for_a_key(tmp_path: Path, authority: Authority) -> None:
    keys = ring(good=Scope.INGEST)
    with receiving(tmp_path / "log", keys=keys, ingest_keys="required", **authority.settings(mutual=True)) as service:
        assert not is_served(service, authority.client(certificate=True))
        message = message_of("a", extra=("Authorization: Bearer good",))
        assert is_served(service, authority.client(certificate=True), message)
        channel = authority.channel(service, certificate=True)
        assert is_served_grpc(channel, metadata=(("authorization", "Bearer good"),))


def test_a_renewed_certificate_is_served_without_a_restart(
    secured: Receiving, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls_module, "_LOOK_SECONDS", 0.0)

    def shown() -> bytes | None:
        with secured.connect(authority.client()) as connection:
            return connection.getpeercert(binary_form=True)

    def shown_by_grpc() -> str:
        host, port = secured.receiver.grpc_address.host, secured.receiver.grpc_address.port
        return ssl.get_server_certificate((host, port), ca_certs=str(authority.root))

    before, before_grpc = shown(), shown_by_grpc()
    certificate, _ = authority.issue()
    renewed = certificate.read_text()
    assert shown() == ssl.PEM_cert_to_DER_cert(renewed) != before
    until(lambda: shown_by_grpc().split() == renewed.split())
    assert before_grpc.split() != renewed.split()
    assert is_served(secured, authority.client())
    assert is_served_grpc(authority.channel(secured))


def test_who_never_ends_a_handshake_is_cut_off(tmp_path: Path, authority: Authority) -> None:
    with receiving(tmp_path / "log", deadlines=Deadlines(head=0.2), **authority.settings()) as service:
        for started in (b"", b"\x16\x03\x01"):
            with service.connect() as connection:
                connection.sendall(started)
                assert connection.recv(1) == b""
        assert is_served(service, authority.client())


def test_a_handshake_takes_a_place_like_any_connection(tmp_path: Path, authority: Authority) -> None:
    with receiving(tmp_path / "log", address_connections=5, **authority.settings()) as service:
        silent = [service.connect() for _ in range(20)]
        try:
            assert is_served(service, authority.client())
            until(lambda: service.counts["sentric_receiver_refused", "busy"] >= 15)  # type: ignore[index]
        finally:
            for connection in silent:
                connection.close()


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_a_real_exporter_is_served_over_tls(
    secured: Receiving, authority: Authority, protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):  # they would go before what the exporter is told
        monkeypatch.delenv(name, raising=False)
    if protocol == "grpc":
        credentials = grpc.ssl_channel_credentials(authority.root.read_bytes())
        exporter: Any = GrpcSpanExporter(f"https://{secured.grpc}", credentials=credentials)
    else:
        address = secured.receiver.http_address
        exporter = HttpSpanExporter(f"https://{address}/v1/traces", certificate_file=str(authority.root))
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with provider.get_tracer("test").start_as_current_span("execute_tool search"):
        pass
    provider.shutdown()
    assert len(list(secured.log.read(0))) == 1


def test_stopping_ends_handshakes_and_connections(tmp_path: Path, authority: Authority) -> None:
    with receiving(tmp_path / "log", **authority.settings()) as service:
        silent = service.connect()
        idle = service.connect(authority.client())
    assert silent.recv(1) == b""
    with idle, suppress(ssl.SSLError, ConnectionResetError):
        assert idle.recv(1) == b""
    silent.close()
