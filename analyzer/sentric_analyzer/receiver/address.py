"""HOST:PORT, as options give it."""

import socket
from dataclasses import dataclass
from ipaddress import ip_address

from sentric.errors import SentricError, SettingError

_MOST_PORT = 65_535
_LONGEST_PORT = 5
BACKLOG = 1024
"""Connections that wait to be accepted; who comes when there are more has to try again after a second."""


class PortError(SentricError):
    """A server cannot listen where it should."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens. Port 0: any free one."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Only this machine can reach it."""
        try:
            return self.host == "localhost" or ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str, option: str) -> Address:
    """An address from `HOST:PORT` or `[IPV6]:PORT`.

    Raises:
        SettingError: it is not that; the message names the option.
    """
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") if host.startswith("[") else host
    valid = (
        colon and host and port.isascii() and port.isdigit() and len(port) <= _LONGEST_PORT and int(port) <= _MOST_PORT
    )
    if not valid or (":" in host and not text.startswith("[")):
        raise SettingError(f"{option} is {text!r}: it must be HOST:PORT, for example 127.0.0.1:4318")
    return Address(host, int(port))


def listen(address: Address, option: str) -> socket.socket:
    """A socket that listens on an address.

    Raises:
        PortError: it cannot; the message names the address and the option.
    """
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(place)
            listening.listen(BACKLOG)
        except OSError:
            listening.close()
            raise
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "this is no name of a host"
        raise PortError(
            f"{option} {address}: cannot listen there: {reason}: "
            f"stop what uses the port, or give another {option} HOST:PORT"
        ) from None
    return listening
