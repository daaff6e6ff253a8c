"""The service: the one place that wires the parts together."""

import json
import logging
import os
import secrets
import shutil
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from pathlib import Path

from sentric.errors import SentricError, SettingError
from sentric.policy.loader import load_policy
from sentric.redaction import chosen_redactor
from sentric.settings import Settings
from sentric_analyzer.api import ApiServer, create_app
from sentric_analyzer.api.reader import SERVE_FILE
from sentric_analyzer.assembly import Assembler, Times
from sentric_analyzer.log import Log
from sentric_analyzer.metrics import Metrics
from sentric_analyzer.pipeline import Pipeline
from sentric_analyzer.receiver import Receiver, parse_address
from sentric_analyzer.storage import Store, embedded_url

_logger = logging.getLogger(__name__)

STOP_TIMEOUT = 5.0
"""Seconds that stopping may take; what is not done by then stays in the log."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the service listens, HOST:PORT."""

    otlp_grpc: str
    otlp_http: str
    http: str


class Service:
    """A running analyzer. Use as a context manager; leaving it stops everything it started."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stack = ExitStack()
        self._metrics = Metrics()
        self.addresses = Addresses("", "", "")

    def __enter__(self) -> "Service":
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stack.close()

    def failure(self) -> str:
        """Why the service cannot go on; empty while it can."""
        return self._pipeline.failure

    def _start(self) -> None:
        settings = self._settings
        _refuse_open_networks(settings)
        directory = _directory(settings.data_dir)
        policy = load_policy(Path(settings.policy) if settings.policy else None, allow_loopback=settings.allow_loopback)
        log = self._stack.enter_context(Log.open(directory / "log"))
        _keep_temporary_files_in(directory / "tmp")
        store = self._stack.enter_context(Store.open(settings.store or embedded_url(directory)))
        new_redactor = partial(chosen_redactor, settings, _key(settings, directory))
        self._pipeline = Pipeline(log, store, _assembler(settings), policy, new_redactor, self._metrics.count)
        self._pipeline.start()
        self._stack.callback(self._pipeline.stop, STOP_TIMEOUT)
        receiver = self._stack.enter_context(Receiver(log, settings, self._metrics.count))
        app = create_app(store, self._pipeline.unready, self._metrics.text)
        api = self._stack.enter_context(ApiServer(app, settings.http))
        self.addresses = Addresses(str(receiver.grpc_address), str(receiver.http_address), api.address)
        self._announce(directory / SERVE_FILE)

    def _announce(self, path: Path) -> None:
        """Tell the other commands, which must not open the store while we hold it, where to ask."""
        where = self.addresses
        stated = {
            "http": where.http,
            "otlp_http": where.otlp_http,
            "otlp_grpc": where.otlp_grpc,
            "pid": os.getpid(),
        }
        temporary = path.with_suffix(".tmp")
        temporary.write_text(json.dumps(stated) + "\n", encoding="utf-8")
        temporary.replace(path)
        self._stack.callback(path.unlink, missing_ok=True)


def _directory(name: str) -> Path:
    directory = Path(name).expanduser()
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingError(
            f"--data-dir {directory}: cannot be made: {error.strerror}: name a directory you may write to"
        ) from None
    return directory.resolve()


def _keep_temporary_files_in(directory: Path) -> None:
    """The embedded engine is given inserts through files: a kill must not leave one where others can find it.

    Called while the log is held, so no other service uses the directory.
    """
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(mode=0o700)
    tempfile.tempdir = str(directory)


def _key(settings: Settings, directory: Path) -> bytes:
    """The key of the fingerprints: the setting's, else one made at the first start and kept with the data."""
    if settings.redaction_key:
        return settings.redaction_key.encode()
    path = directory / "redaction.key"
    try:
        if not path.exists():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(32))
        return path.read_bytes()
    except OSError as error:
        raise SentricError(f"{path}: cannot be read or made: {error.strerror}") from None


def _assembler(settings: Settings) -> Assembler:
    return Assembler(
        Times(settings.grace, settings.idle, settings.checkpoint, settings.trace_age),
        max_trace_bytes=settings.trace_bytes,
        max_bytes=settings.assembly_bytes,
        clock=time.monotonic,
    )


def _refuse_open_networks(settings: Settings) -> None:
    """Keys and TLS are not there yet, so nothing but this machine may reach the service."""
    for option, address in (
        ("--otlp-grpc", settings.otlp_grpc),
        ("--otlp-http", settings.otlp_http),
        ("--http", settings.http),
    ):
        if not _is_loopback(parse_address(address, option).host):
            raise SettingError(f"{option} {address}: only loopback addresses are allowed without keys and TLS")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
