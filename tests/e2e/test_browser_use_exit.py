"""What a program's exit costs when nothing takes its spans."""

import socket
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from e2e.browser_agent.program import NEWEST, OLDEST, Environment, Finished
from sentric.settings import Settings

WITH_SPANS = """
from opentelemetry import _logs, trace
for _ in range(20):
    with trace.get_tracer("program").start_as_current_span("work"):
        _logs.get_logger("program").emit(_logs.LogRecord(body="done"))
"""
RUNS = 6
"""Of each, at most, before the program is found to be late."""
NO_EXPORT = {f"OTEL_{signal}_EXPORTER": "none" for signal in ("TRACES", "LOGS", "METRICS")}
WITHOUT_US = {"SENTRIC_DISABLED": "true", **NO_EXPORT}


@contextmanager
def dead() -> Generator[str, None, None]:
    with socket.socket() as taken:  # bound and not listening: a connection is refused, and nobody else gets the port
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@contextmanager
def hanging() -> Generator[str, None, None]:
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("program", ["pass", WITH_SPANS], ids=["without spans", "with spans"])
@pytest.mark.parametrize("receiver", [dead, hanging])
@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
@pytest.mark.parametrize("prefix", [NEWEST, OLDEST], ids=["newest", "oldest"])
def test_a_program_ends_in_time_when_nothing_takes_its_spans(
    prefix: Path, protocol: str, receiver: Callable[[], AbstractContextManager[str]], program: str, tmp_path: Path
) -> None:
    environment = Environment(prefix, tmp_path)
    command = ("opentelemetry-instrument", "python", "-c", program)
    observed, plain = list[Finished](), list[Finished]()
    with receiver() as url:
        ways = {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_EXPORTER_OTLP_PROTOCOL": protocol}
        while len(observed) < RUNS and not (observed and _is_in_time(observed, plain)):
            observed.append(environment.run(*command, **ways))
            plain.append(environment.run(*command, **WITHOUT_US))
    assert {finished.code for finished in (*observed, *plain)} == {0}
    assert _is_in_time(observed, plain), f"{_least(observed):.2f} s, and {_least(plain):.2f} s without Sentric"


def _is_in_time(observed: list[Finished], plain: list[Finished]) -> bool:
    """Whether an exit is held up no longer than the setting says, and starting takes less than twice as long."""
    return _least(observed) <= 2 * _least(plain) + Settings().exit_timeout


def _least(finished: list[Finished]) -> float:
    """Seconds of the quickest: a busy machine only ever adds to what a program takes."""
    return min(one.took for one in finished)
