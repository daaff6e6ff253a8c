import socket

import pytest

from sentric.errors import SettingError
from sentric_analyzer.receiver.address import Address, PortError, listen, parse_address


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:4318", "127.0.0.1", 4318),
        ("localhost:0", "localhost", 0),
        ("[::1]:4318", "::1", 4318),
        ("collector.example:65535", "collector.example", 65535),
    ],
)
def test_an_address_is_written_as_it_is_read(text: str, host: str, port: int) -> None:
    address = parse_address(text, "--otlp-http")
    assert address == Address(host, port)
    assert str(address) == text


@pytest.mark.parametrize(
    "text",
    ["", "4318", ":4318", "host:", "host:http", "host:65536", "host:-1", "::1:4318", "[]:1", "host:" + "9" * 5000],
)
def test_what_is_no_address_is_one_line_that_names_the_option(text: str) -> None:
    with pytest.raises(SettingError, match=r"--otlp-http is .*: it must be HOST:PORT"):
        parse_address(text, "--otlp-http")


def test_a_port_in_use_is_one_line_that_names_port_and_option() -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        address = Address("127.0.0.1", held.getsockname()[1])
        with pytest.raises(
            PortError, match=rf"--otlp-http {address}: cannot listen there: Address already in use: stop"
        ):
            listen(address, "--otlp-http")


@pytest.mark.parametrize("host", ["host.invalid", "a" * 70, "\udcff"])
def test_a_host_that_is_not_there_is_one_line(host: str) -> None:
    with pytest.raises(PortError, match="cannot listen there"):
        listen(Address(host, 0), "--otlp-http")
