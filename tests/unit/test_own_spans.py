import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sentric.errors import SettingError
from sentric_analyzer.own_spans import OwnSpans

SECRET = "4111 1111 1111 1111"


@contextmanager
def collecting() -> Iterator[tuple[str, list[ExportTraceServiceRequest]]]:
    """A receiver of OTLP over HTTP: its base URL, and what it was sent."""
    sent: list[ExportTraceServiceRequest] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            sent.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", sent
        finally:
            server.shutdown()


def test_spans_are_sent_and_tell_the_type_of_an_error_and_not_its_words() -> None:
    with collecting() as (endpoint, sent):
        with OwnSpans(endpoint, "127.0.0.1:4318") as told:
            with told.within("store", {"sentric.spans": 3}):
                pass
            with pytest.raises(ValueError, match="4111"), told.within("insert", {}):
                raise ValueError(f"the row has {SECRET}")
        spans = {span.name: span for one in sent for span in one.resource_spans[0].scope_spans[0].spans}
    assert spans["store"].attributes[0].value.int_value == 3
    assert {pair.key: pair.value.string_value for pair in spans["insert"].attributes} == {"error.type": "ValueError"}
    assert spans["insert"].status.code == 2
    assert SECRET not in str(sent)


@pytest.mark.parametrize("endpoint", ["collector:4318", "ftp://a:1", "http://", "http://a:99999", "http://[::1:4318"])
def test_what_is_no_address_of_a_receiver_is_refused(endpoint: str) -> None:
    with pytest.raises(SettingError, match="must be the http"):
        OwnSpans(endpoint, "127.0.0.1:4318")


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST", "127.0.0.1", "127.0.0.2", "[::1]", "[::]", "[::ffff:127.0.0.1]"]
)
def test_the_service_sends_nothing_to_itself(host: str) -> None:
    with pytest.raises(SettingError, match="this service itself"):
        OwnSpans(f"http://{host}:4318", "[::]:4318")


def test_another_port_of_this_machine_is_another_service() -> None:
    for endpoint in ("http://localhost:4319", "http://localhost", "http://elsewhere.example:4318"):
        with OwnSpans(endpoint, "127.0.0.1:4318"):
            pass


def test_an_endpoint_that_does_not_answer_holds_up_no_stop() -> None:
    with socket.create_server(("127.0.0.1", 0)) as hole:
        told = OwnSpans(f"http://127.0.0.1:{hole.getsockname()[1]}", "127.0.0.1:4318")
        with told.within("store", {}):
            pass
        begun = time.monotonic()
        told.__exit__()
        assert time.monotonic() - begun < 1.5
