"""A ClickHouse server for tests: ClickHouse's HTTP protocol before the real engine, which it has embedded.

Run as a program, it serves until it is killed. `Trouble` makes it answer errors, as the real one does when it has them.
"""

import json
import re
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from support.serving import poll

TROUBLE = "/trouble"
"""Where a test says which error every query is answered with from now on."""
_INSERT = re.compile(rb"\s*(INSERT\s+INTO\s+.+?)\s+FORMAT\s+(\w+)\s*\n", re.IGNORECASE | re.DOTALL)
_FORMAT = re.compile(r"\bFORMAT\s+(\w+)\s*;?\s*$", re.IGNORECASE)
_OF_TRANSPORT = frozenset({
    "query", "database", "buffer_size", "session_id", "query_id", "quota_key", "compress", "decompress", "role",
    "wait_end_of_query", "client_protocol_version", "default_format", "send_progress_in_http_headers",
    "http_headers_progress_interval_ms", "enable_http_compression",
})  # fmt: skip


@dataclass(frozen=True)
class Trouble:
    """An error: the HTTP status, ClickHouse's code (0: none, as of a proxy) and its text; of inserts only, or all."""

    status: int
    code: int
    text: str
    inserts_only: bool = False
    with_value: str = ""
    """Only of an insert with this in it."""


READONLY = Trouble(500, 164, "Cannot execute query in readonly mode. (READONLY)", inserts_only=True)
TOO_MANY_PARTS = Trouble(500, 252, "Too many parts (3001). Merges are slower than inserts", inserts_only=True)
BAD_GATEWAY = Trouble(502, 0, "<html>bad gateway</html>")
NO_SPACE = Trouble(500, 243, "Cannot reserve 1.00 MiB, not enough space. (NOT_ENOUGH_SPACE)", inserts_only=True)
WRONG_PASSWORD = Trouble(403, 516, "sentric: Authentication failed. (AUTHENTICATION_FAILED)")


class _Engine:
    def __init__(self, path: str) -> None:
        import chdb

        self._connection = chdb.connect(path)
        self._lock = threading.Lock()
        self.trouble: Trouble | None = None

    def answer(self, given: dict[str, str], body: bytes) -> bytes:
        """The answer to a query; raises RuntimeError with the engine's own text."""
        text = given["query"].encode() + b"\n" + body if "query" in given else body
        parameters = {name[6:]: value for name, value in given.items() if name.startswith("param_")}
        settings = [name for name in given if name not in _OF_TRANSPORT and not name.startswith("param_")]
        with self._lock:
            ask = self._connection.query
            ask(f"USE `{given.get('database') or 'default'}`")
            try:
                for name in settings:
                    ask(f"SET {name} = '{given[name]}'")
                return self._run(text, parameters, given)
            finally:
                for name in settings:
                    ask(f"SET {name} = DEFAULT")

    def _run(self, text: bytes, parameters: dict[str, str], given: dict[str, str]) -> bytes:
        if insert := _INSERT.match(text):
            into = self._connection.send_insert(insert[1].decode(), insert[2].decode())
            into.append(text[insert.end() :])
            into.finish()
            return b""
        sql = text.decode()
        named = _FORMAT.search(sql)
        form = named[1] if named else given.get("default_format", "TabSeparated")
        return bytes(self._connection.query(sql, form, params=parameters).bytes() or b"")


def _fields(content_type: str, form: bytes) -> dict[str, str]:
    """The fields of a form: parameters that have no room in a URL."""
    message = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + form)
    parts = [part for part in message.walk() if not part.is_multipart()]
    return {
        str(part.get_param("name", header="content-disposition")): bytes(part.get_payload(decode=True)).decode()  # type: ignore[arg-type]
        for part in parts
    }


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, engine: _Engine) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.engine = engine


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        url = urlsplit(self.path)
        given = dict(parse_qsl(url.query, keep_blank_values=True))
        body = self._body()
        if self.headers.get("Content-Type", "").startswith("multipart/form-data"):
            given |= _fields(self.headers["Content-Type"], body)
            body = b""
        if url.path == TROUBLE:
            self.server.engine.trouble = Trouble(**json.loads(body)) if body else None
            self._reply(200)
        elif url.path == "/ping":
            self._reply(200, b"Ok.\n")
        elif trouble := self._trouble(given, body):
            self._refuse(trouble.status, trouble.code, trouble.text)
        else:
            self._ask(given, body)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _trouble(self, given: dict[str, str], body: bytes) -> Trouble | None:
        trouble = self.server.engine.trouble
        is_insert = (given.get("query", "").encode() + body).lstrip().upper().startswith(b"INSERT")
        if trouble is None or (trouble.inserts_only and not is_insert):
            return None
        return trouble if trouble.with_value.encode() in body else None

    def _ask(self, given: dict[str, str], body: bytes) -> None:
        try:
            answer = self.server.engine.answer(given, body)
        except RuntimeError as error:
            code = re.search(r"Code: (\d+)", str(error))
            self._refuse(500, int(code[1]) if code else 1000, str(error))
        else:
            self._reply(200, answer, {"X-ClickHouse-Summary": "{}"})

    def _refuse(self, status: int, code: int, text: str) -> None:
        headers = {"X-ClickHouse-Exception-Code": str(code)} if code else {}
        self._reply(status, f"Code: {code}. DB::Exception: {text}".encode(), headers)

    def _reply(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@dataclass
class ClickHouse:
    """A server that a test starts, troubles, kills and starts again at the same address."""

    directory: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = None
    reached: int = field(default=0)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/sentric"

    def start(self) -> None:
        command = [sys.executable, "-m", "support.clickhouse", str(self.directory), str(self.port)]
        self.process = subprocess.Popen(command, cwd=Path(__file__).parents[1])
        poll(self._answers)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait(20)

    def trouble(self, trouble: Trouble | None) -> None:
        """Answer this from now on; None: be well again."""
        body = json.dumps(trouble.__dict__).encode() if trouble else b""
        self._post(TROUBLE, body)

    def counts(self, table: str = "otel_traces", column: str = "SpanName") -> dict[str, int]:
        """How often each value stands in a column of a table."""
        query = f"SELECT {column}, count() FROM {table} GROUP BY 1 FORMAT JSONCompactEachRow"  # noqa: S608
        lines = self._post(f"/?database=sentric&query={quote(query)}", b"").decode().splitlines()
        return {name: int(count) for name, count in map(json.loads, lines)}

    def _answers(self) -> bool:
        try:
            return self._post("/ping", b"") == b"Ok.\n"
        except OSError:
            return False

    def _post(self, path: str, body: bytes) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", data=body, timeout=10) as answer:
            return bytes(answer.read())


@contextmanager
def clickhouse(directory: Path) -> Iterator[ClickHouse]:
    """A running server with its data in a directory."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = ClickHouse(directory, port)
    server.start()
    try:
        yield server
    finally:
        server.kill()


if __name__ == "__main__":
    path, port = sys.argv[1:]
    _Server(int(port), _Engine(path)).serve_forever()
