"""Reading what is stored: over REST while a service holds the store, else from the store itself."""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, Self

from sentric.errors import SentricError
from sentric.events import Run
from sentric.policy.rule import Severity
from sentric_analyzer.api.recordings import each_run
from sentric_analyzer.document import finding_document, run_document
from sentric_analyzer.storage import Store, embedded_url
from sentric_analyzer.tls import pinned_context

SERVE_FILE = "serve.json"
"""Name of the file in a data directory in which a running service says where it answers."""
PROBE_TIMEOUT = 2.0
"""Seconds a service may take to say that it is there."""


class Reader(AbstractContextManager["Reader"], Protocol):
    """What the commands ask. Every method raises SentricError where it cannot be answered."""

    def runs(self, *, project: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
        """The newest runs, a flat summary of each."""
        ...

    def run_document(self, selector: str, *, project: str | None = None) -> dict[str, Any] | None:
        """A judged run by its id, the beginning of its id, or `latest`; None where there is none."""
        ...

    def findings(
        self,
        *,
        project: str | None = None,
        run: str | None = None,
        severity: Severity = Severity.LOW,
        rule: str | None = None,
        limit: int = 100,
    ) -> list[dict[str, Any]]:
        """The newest findings at or over a severity."""
        ...

    def recorded_runs(self, *, project: str | None = None, since: int = 0) -> Iterator[Run]:
        """The runs that started since a Unix time in nanoseconds, the earliest first, with all their events."""
        ...


class StoreReader:
    """Answers from a store that this process has open."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._store.close()

    def runs(self, *, project: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
        """See Reader."""
        return self._store.runs(project=project, limit=limit)

    def run_document(self, selector: str, *, project: str | None = None) -> dict[str, Any] | None:
        """See Reader."""
        replay = self._store.run(selector, project=project)
        return run_document(replay) if replay else None

    def findings(self, **wanted: Any) -> list[dict[str, Any]]:
        """See Reader."""
        return [finding_document(finding) for finding in self._store.findings(**wanted)]

    def recorded_runs(self, *, project: str | None = None, since: int = 0) -> Iterator[Run]:
        """See Reader."""
        return each_run(self._store.recordings, project=project, since=since)


def open_reader(data_dir: Path, store_url: str = "") -> Reader:
    """Read what a service has stored, running or not.

    Args:
        data_dir: the service's data directory.
        store_url: URL of its store; empty: the embedded one in the data directory.

    Raises:
        SentricError: nothing is stored there yet, or the store cannot be opened.
    """
    if served := serving_place(data_dir):
        from sentric_analyzer.api.client import Client

        address, certificate = served
        return Client(address, certificate=certificate)
    url = store_url or embedded_url(data_dir)
    if not store_url and not (data_dir / "store").is_dir():
        raise SentricError(
            f"{data_dir}: nothing is stored there yet: start `sentric serve`, or name another --data-dir"
        )
    return StoreReader(Store.open(url))


def serving_place(data_dir: Path) -> tuple[str, Path | None] | None:
    """Where the service that holds a data directory answers; None where none does.

    A file that a killed service left behind is not trusted: what answers must be the process that wrote it.

    Returns:
        HOST:PORT of its REST API, and the file of its certificate if it is served with TLS.
    """
    try:
        stated = json.loads((data_dir / SERVE_FILE).read_text(encoding="utf-8"))
        address, pid = str(stated["http"]), int(stated["pid"])
        certificate = Path(stated["tls_cert"]) if stated.get("tls_cert") else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return (address, certificate) if _answering_pid(address, certificate) == pid else None


def _answering_pid(address: str, certificate: Path | None) -> int | None:
    import httpx

    try:
        scheme, verify = ("https", pinned_context(certificate)) if certificate else ("http", False)
        url = f"{scheme}://{address}/healthz"
        answer = httpx.get(url, timeout=PROBE_TIMEOUT, trust_env=False, verify=verify).json()
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError):
        return None
    pid = answer.get("pid") if isinstance(answer, dict) else None
    return pid if isinstance(pid, int) else None
