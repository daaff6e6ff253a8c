"""`sentric serve`: the analyzer as a service."""

import os
import signal
import threading
from typing import Any

import click

from sentric.errors import SentricError
from sentric.settings import Settings

_ADDRESS = "HOST:PORT"


@click.command()
@click.option("--data-dir", metavar="DIR", help="Directory of the log, the store and the keys.")
@click.option("--store", metavar="URL", help="ClickHouse URL: chdb:///PATH embedded (the default), or http(s)://….")
@click.option("--control", metavar="URL", help="SQL URL of the control state. Nothing is kept there yet.")
@click.option("--otlp-grpc", metavar=_ADDRESS, help="OTLP/gRPC receiver. Default: 127.0.0.1:4317.")
@click.option("--otlp-http", metavar=_ADDRESS, help="OTLP/HTTP receiver. Default: 127.0.0.1:4318.")
@click.option("--http", metavar=_ADDRESS, help="REST API. Default: 127.0.0.1:4319.")
@click.option("--tls-cert", metavar="FILE", help="PEM certificate, with its chain, for all three. Default: no TLS.")
@click.option("--tls-key", metavar="FILE", help="PEM private key of the certificate.")
@click.option("--tls-client-ca", metavar="FILE", help="PEM authorities whose certificates OTLP senders must show.")
def serve(**options: Any) -> None:
    """Receive traces over OTLP, judge them and keep what is found.

    /healthz and /readyz answer on the --http address. Port 0 takes a free port.
    """
    from sentric_analyzer.service import Service

    os.umask(0o077)  # what an agent read is nobody else's business
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    settings = Settings.load(**options)
    with Service(settings) as service:
        where = service.addresses
        scheme = "https" if settings.tls_cert else "http"
        click.echo(f"OTLP/gRPC {where.otlp_grpc}  OTLP/HTTP {scheme}://{where.otlp_http}  API {scheme}://{where.http}")
        while not stopping.wait(0.5):
            if reason := service.failure():
                raise SentricError(f"the service has stopped: {reason}")
