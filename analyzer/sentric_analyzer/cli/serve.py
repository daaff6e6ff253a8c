"""`sentric serve`: the analyzer as a service."""

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, NoReturn

import click

from sentric.errors import SentricError
from sentric.settings import Settings

_ADDRESS = "HOST:PORT"
_STOP_SECONDS = 3.5
"""Seconds that stopping may take."""


@click.command()
@click.option("--data-dir", metavar="DIR", help="Directory of the log, the store and the keys.")
@click.option("--store", metavar="URL", help="ClickHouse URL: chdb:///PATH embedded (the default), or http(s)://….")
@click.option("--control", metavar="URL", help="SQL URL of projects and keys. Default: SQLite in the directory.")
@click.option("--otlp-grpc", metavar=_ADDRESS, help="OTLP/gRPC receiver. Default: 127.0.0.1:4317.")
@click.option("--otlp-http", metavar=_ADDRESS, help="OTLP/HTTP receiver. Default: 127.0.0.1:4318.")
@click.option("--http", metavar=_ADDRESS, help="REST API. Default: 127.0.0.1:4319.")
@click.option("--log-format", type=click.Choice(["text", "json"]), help="Form of the log lines. Default: text.")
@click.option("--tls-cert", metavar="FILE", help="PEM certificate, with its chain, for all three. Default: no TLS.")
@click.option("--tls-key", metavar="FILE", help="PEM private key of the certificate.")
@click.option("--tls-client-ca", metavar="FILE", help="PEM authorities whose certificates OTLP senders must show.")
def serve(**options: Any) -> None:
    """Receive traces over OTLP, judge them and keep what is found.

    /healthz and /readyz answer on the --http address. Port 0 takes a free port.
    """
    from sentric_analyzer.logs import set_up
    from sentric_analyzer.service import Service

    os.umask(0o077)  # what an agent read is nobody else's business
    stopping = threading.Event()
    _on_signals(lambda *_: _leave())
    settings = Settings.load(**options)
    set_up(settings.log_format)
    with Service(settings) as service:
        _on_signals(lambda *_: stopping.set())
        where = service.addresses
        if service.first_key.secret:
            click.echo(f"First admin key, kept in {service.first_key.path} and not shown again:")
            click.echo(service.first_key.secret)
        scheme = "https" if settings.tls_cert else "http"
        click.echo(f"OTLP/gRPC {where.otlp_grpc}  OTLP/HTTP {scheme}://{where.otlp_http}  API {scheme}://{where.http}")
        while not stopping.wait(0.5):
            if reason := service.failure():
                raise SentricError(f"the service has stopped: {reason}")
        _end_in_time()


def _on_signals(handler: Callable[[int, FrameType | None], object]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)


def _leave() -> NoReturn:
    """Stop what is starting."""
    _end_in_time()
    raise SystemExit(0)


def _end_in_time() -> None:
    """End the process even if something holds it up: what is not done stays in the log, and is done at the next start.

    Nothing is left behind: the children of a process end with it.
    """
    timer = threading.Timer(_STOP_SECONDS, os._exit, [0])
    timer.daemon = True
    timer.start()
