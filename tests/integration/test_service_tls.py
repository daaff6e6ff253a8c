"""`sentric serve` on addresses that other machines reach: with TLS, or not at all."""

import http.client
import json
import ssl
import subprocess
from pathlib import Path

import pytest
import trustme

from support.receiving import PROTOBUF, request_of
from support.serving import SENTRIC, Serving, serving


@pytest.fixture
def options(tmp_path: Path) -> list[str]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    issued = authority.issue_cert("localhost", "127.0.0.1")
    issued.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    issued.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    return ["--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem")]


def ask(service: Serving, server: str, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    context = ssl.create_default_context(cafile=str(service.data_dir.parent / "ca.pem"))
    port = int(service.stated[server].rpartition(":")[2])
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=20)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_everything_is_served_with_the_certificate_and_the_commands_find_it(tmp_path: Path, options: list[str]) -> None:
    with serving(tmp_path / "data", *options) as service:
        assert ask(service, "http", "GET", "/healthz")[0] == 200
        assert ask(service, "otlp_http", "POST", "/v1/traces", request_of("a"), Content_Type=PROTOBUF)[0] == 200
        command = [SENTRIC, "runs", "--data-dir", tmp_path / "data", "--format", "json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert (done.returncode, json.loads(done.stdout)) == (0, []), done.stderr


def test_an_address_that_others_reach_asks_for_a_key(tmp_path: Path, options: list[str]) -> None:
    with serving(tmp_path / "data", *options, "--otlp-http", "0.0.0.0:0") as service:
        status, answer = ask(service, "otlp_http", "POST", "/v1/traces", b"{}", Content_Type="application/json")
        assert (status, json.loads(answer)["code"]) == (401, 16)


def test_it_may_be_allowed_where_something_in_front_sees_to_it(tmp_path: Path) -> None:
    options = ("--otlp-http", "0.0.0.0:0", "--http", "0.0.0.0:0")
    with serving(tmp_path / "data", *options, SENTRIC_ALLOW_INSECURE_BIND="true") as service:
        assert service.stated["otlp_http"].startswith("0.0.0.0:")


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({}, "give --tls-cert and --tls-key, or set SENTRIC_ALLOW_INSECURE_BIND"),
        ({"SENTRIC_INGEST_KEYS": "optional"}, "leave SENTRIC_INGEST_KEYS out"),
    ],
)
def test_without_tls_and_keys_it_is_refused_in_one_line(
    tmp_path: Path, options: list[str], environ: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    command = [
        SENTRIC,
        "serve",
        "--data-dir",
        tmp_path / "data",
        "--otlp-http",
        "0.0.0.0:0",
        *(options if environ else []),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 3
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
