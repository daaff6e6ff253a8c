import socket
from collections import Counter as Tally
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from sentric.settings import Settings
from sentric_analyzer.log import LogReader
from sentric_analyzer.receiver import Counter, PortError, ReceiverProcess
from support.load import post, request_of
from support.serving import poll


@pytest.fixture
def log(tmp_path: Path) -> Iterator[LogReader]:
    with LogReader.open(tmp_path) as reader:
        yield reader


def settings_for(http: str = "127.0.0.1:0") -> Settings:
    return Settings(otlp_http=http, otlp_grpc="127.0.0.1:0", log_reserve=0)


def names(log: LogReader) -> list[bytes]:
    return [entry.record.body for entry in log.read(0)]


def test_what_it_takes_in_is_read_here_and_counted_here(tmp_path: Path, log: LogReader) -> None:
    counts: Tally[tuple[str, str]] = Tally()

    def count(name: str, value: str, amount: int) -> None:
        counts[name, value] += amount

    receiver = ReceiverProcess(log, tmp_path, settings_for(), count)
    receiver.start()
    try:
        receiver.wait_ready()
        body = request_of(1, "a")
        assert post(receiver.otlp_http, body)[0] == 200
        assert names(log) == [body]
        poll(lambda: counts[Counter.ITEMS, "traces"] == 1)
        assert post(receiver.otlp_http, request_of(1, "b"))[0] == 200
    finally:
        receiver.stop()
    assert counts[Counter.ITEMS, "traces"] == 2  # the last ones come at the end


def test_no_stranger_writes_to_the_log_by_way_of_grpc(
    tmp_path: Path, log: LogReader, capfd: pytest.CaptureFixture[str]
) -> None:
    headers = {":method": "POST", ":scheme": "http", ":path": "/a/b", ":authority": "x", "te": "trailers"}
    headers |= {"content-type": "application/grpc", "grpc-encoding": "unknown"}
    block = b"".join(
        b"\0%c%b%c%b" % (len(name), name.encode(), len(value), value.encode()) for name, value in headers.items()
    )
    settings, call = bytes(3) + b"\4" + bytes(5), len(block).to_bytes(3, "big") + b"\1\5\0\0\0\1" + block
    receiver = ReceiverProcess(log, tmp_path, settings_for(), lambda *_: None)
    receiver.start()
    try:
        receiver.wait_ready()
        host, _, port = receiver.otlp_grpc.partition(":")
        with socket.create_connection((host, int(port)), 20) as connection:
            connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings + call)
            while b"grpc-status" not in (answer := connection.recv(65536)):
                assert answer
    finally:
        receiver.stop()
    assert capfd.readouterr().err == ""


def test_torn_tails_are_counted(tmp_path: Path, log: LogReader) -> None:
    counts: Tally[tuple[str, str]] = Tally()

    def count(name: str, value: str, amount: int) -> None:
        counts[name, value] += amount

    (tmp_path / f"{0:020d}.segment").write_bytes(b"SENTRLOG" + b"\1\0\0\0" + bytes(8) + b"half a record")
    receiver = ReceiverProcess(log, tmp_path, settings_for(), count)
    receiver.start()
    receiver.wait_ready()
    receiver.stop()
    assert counts == {("sentric_log_cut_bytes", "torn"): 13}


def test_a_taken_port_is_its_own_error(tmp_path: Path, log: LogReader) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        address = f"127.0.0.1:{held.getsockname()[1]}"
        receiver = ReceiverProcess(log, tmp_path, settings_for(address), lambda *_: None)
        receiver.start()
        with pytest.raises(PortError, match=f"--otlp-http {address}: cannot listen there"):
            receiver.wait_ready()
        receiver.stop()


def test_why_nothing_is_received_is_said_until_something_is(tmp_path: Path, log: LogReader) -> None:
    receiver = ReceiverProcess(log, tmp_path, settings_for(), lambda *_: None)
    receiver.start()
    try:
        receiver.wait_ready()
        assert receiver.failure == ""
        (child,) = psutil.Process().children()
        child.kill()
        assert poll(lambda: receiver.failure) == "nothing is received: the receiver was killed by signal 9"
        poll(lambda: not receiver.failure)
        assert post(receiver.otlp_http, request_of(1, "a"))[0] == 200
    finally:
        receiver.stop()


def test_a_message_that_it_has_no_use_for_is_its_death(tmp_path: Path, log: LogReader) -> None:
    receiver = ReceiverProcess(log, tmp_path, settings_for(), lambda *_: None)
    receiver.send("before it is there")
    receiver.start()
    with pytest.raises(Exception, match="TypeError"):
        receiver.wait_ready()
    receiver.stop()
