"""Where a store is: `chdb:///PATH` embedded, or `http(s)://USER:PASSWORD@HOST:PORT/DATABASE` a server."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias
from urllib.parse import SplitResult, unquote, urlsplit

from sentric_analyzer.storage.errors import StoreError

DATABASE = "sentric"
"""Name of the database where the URL names none."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_PORTS = {"http": 8123, "https": 8443}
_CURE = "use chdb:///ABSOLUTE/PATH, or http(s)://USER:PASSWORD@HOST:PORT/DATABASE"


@dataclass(frozen=True, slots=True)
class Embedded:
    """A store in this process, in a directory."""

    path: Path
    database: str = DATABASE

    def __str__(self) -> str:
        return f"chdb://{self.path}"


@dataclass(frozen=True, slots=True)
class Server:
    """A ClickHouse server. Its text form leaves the password out."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    database: str = DATABASE

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}/{self.database}"


Location: TypeAlias = Embedded | Server


def embedded_url(data_dir: Path) -> str:
    """The URL of the embedded store of a data directory."""
    return f"chdb://{data_dir.expanduser().absolute() / 'store'}"


def parse(url: str) -> Location:
    """Read a store URL.

    Raises:
        StoreError: the URL cannot be used; the message never repeats its user or password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise StoreError(f"the store's URL cannot be read: {_CURE}") from None
    if parts.query or parts.fragment:
        raise StoreError(f"the store's URL takes nothing after ? or #: {_CURE}")
    match parts.scheme:
        case "chdb":
            return _embedded(parts)
        case "http" | "https":
            return _server(parts, port)
        case scheme:
            raise StoreError(f"the store's URL begins with {scheme + ':' if scheme else 'no scheme'!r}: {_CURE}")


def _embedded(parts: SplitResult) -> Embedded:
    path = Path(unquote(parts.path))
    if parts.netloc or not path.is_absolute() or path == Path("/"):
        raise StoreError("the store's URL needs an absolute path: chdb:///var/lib/sentric/store")
    if "?" in parts.path or "?" in str(path) or "\x00" in str(path):
        raise StoreError(f"{path}: chDB cannot keep a store in a path with '?' or NUL: choose another")
    return Embedded(path)


def _server(parts: SplitResult, port: int | None) -> Server:
    database = unquote(parts.path.strip("/")) or DATABASE
    if not parts.hostname:
        raise StoreError(f"the store's URL names no host: {_CURE}")
    if not _NAME.fullmatch(database):
        raise StoreError(f"the store's database {database!r}: use letters, digits and _")
    return Server(
        scheme=parts.scheme,
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        database=database,
    )
