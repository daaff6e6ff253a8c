"""A real PostgreSQL server for tests, which a test may pause, kill and start again at the same address.

The server refuses to run as root: where the tests do, it runs as `nobody`. It ends with the process that started it.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psutil
import psycopg
import pytest

from support.serving import poll

PASSWORD = "canary-of-postgres"
_OTHER = "nobody"
_SETTINGS = {
    "unix_socket_directories": "",
    "listen_addresses": "127.0.0.1",
    "shared_buffers": "16MB",
    "max_connections": "64",
    "autovacuum": "off",
    "max_wal_size": "512MB",
    "log_min_messages": "fatal",
}
"""Durability stays as it is by default, for the tests that kill."""


def _programs() -> Path | None:
    """The directory of the server's programs; Debian keeps it out of the PATH."""
    found = [Path(path).resolve().parent] if (path := shutil.which("initdb")) else []
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name.zfill(9), reverse=True)
    return next((path for path in found if (path / "postgres").is_file()), None)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@dataclass
class Postgres:
    """A server with its data in a directory that whoever runs it owns."""

    programs: Path
    directory: Path
    port: int = field(default_factory=_free_port)
    process: "subprocess.Popen[bytes] | None" = None
    _numbers: Iterator[int] = field(default_factory=count)
    _free: list[str] = field(default_factory=list)

    def make(self) -> None:
        """Make the files of the server."""
        password = self.directory / "password"
        password.write_text(PASSWORD)
        if os.getuid() == 0:
            other = pwd.getpwnam(_OTHER)
            os.chown(self.directory, other.pw_uid, other.pw_gid)
            os.chown(password, other.pw_uid, other.pw_gid)
        options = ["--username=sentric", f"--pwfile={password}", "--auth=scram-sha-256", "--encoding=UTF8"]
        initdb: list[str | Path] = [self.programs / "initdb", "--no-sync", "--no-locale", *options, self._data]
        made = subprocess.run([*self._as_owner(), *initdb], capture_output=True, text=True, cwd=self.directory)
        assert made.returncode == 0, made.stderr

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        command: list[str | Path] = [*self._as_owner("--pdeathsig=QUIT"), self.programs / "postgres"]
        command += ["-D", self._data, "-p", str(self.port), *settings]
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.directory)
        poll(self._answers)

    def kill(self) -> None:
        """End the server without a chance to do anything."""
        self.stop(signal.SIGKILL)

    def stop(self, number: int = signal.SIGQUIT) -> None:
        """End the server at once; no process of it is left."""
        if self.process:
            processes = self._processes()
            self.process.send_signal(number)
            self.process.wait(20)
            poll(lambda: not [each for each in processes if each.is_running()])
            self.process = None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let the server hang, with all its processes, until the block is left."""
        processes = self._processes()
        for each in processes:
            each.suspend()
        try:
            yield
        finally:
            for each in reversed(processes):
                each.resume()

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of an empty database; it is emptied after, which takes a tenth of the time of making a new one."""
        name = self._free.pop() if self._free else self._new_database()
        yield f"postgresql://sentric:{PASSWORD}@127.0.0.1:{self.port}/{name}"
        self.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")  # noqa: S608
        self.run("DROP SCHEMA public CASCADE; CREATE SCHEMA public", name)
        self._free.append(name)

    def _new_database(self) -> str:
        name = f"test{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name}")
        return name

    def run(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run a statement in a database as its owner; the rows it gives."""
        with self._connected(database) as connection:
            cursor = connection.execute(statement.encode())  # bytes: it is composed here, and of nothing foreign
            return cursor.fetchall() if cursor.description else []

    def _connected(self, database: str = "postgres") -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="sentric",
            password=PASSWORD,
            dbname=database,
            autocommit=True,
            connect_timeout=10,
        )

    def _answers(self) -> bool:
        assert self.process
        assert self.process.poll() is None, (self.directory / "log").read_text()
        try:
            self._connected().close()
        except psycopg.OperationalError:
            return False
        return True

    def _processes(self) -> list[psutil.Process]:
        assert self.process
        server = psutil.Process(self.process.pid)
        return [server, *server.children(recursive=True)]

    def _as_owner(self, *options: str) -> list[str]:
        """What a command begins with that is to run as the owner of the files."""
        if os.getuid():
            return ["setpriv", *options]
        group = pwd.getpwnam(_OTHER).pw_gid
        return ["setpriv", f"--reuid={_OTHER}", f"--regid={group}", "--clear-groups", *options]

    @property
    def _data(self) -> Path:
        return self.directory / "data"


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A running server; the test is skipped where there is none to run."""
    programs = _programs()
    if programs is None or not shutil.which("setpriv"):
        pytest.skip("needs a PostgreSQL server: make postgresql")
    # Not in a directory of pytest's, whose owner alone may enter it.
    with tempfile.TemporaryDirectory(prefix="sentric-postgres-") as directory:
        server = Postgres(programs, Path(directory))
        server.make()
        try:
            server.start()
            yield server
        finally:
            server.stop()
