"""Reading what is stored: over REST while a service holds the store, else from the store itself."""

import json
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, Self

from sentric.errors import SentricError
from sentric.events import Run
from sentric.policy.rule import Severity
from sentric_analyzer.api.recordings import each_run
from sentric_analyzer.control.keys import ADMIN_KEY_FILE
from sentric_analyzer.document import finding_document, run_document
from sentric_analyzer.storage import Store, embedded_url
from sentric_analyzer.storage.recordings import Cursor, Page
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

    def sessions(self, *, project: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
        """The conversations with the newest runs, a flat summary of each."""
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
        return self._store.runs(projects=_only(project), limit=limit)

    def sessions(self, *, project: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
        """See Reader."""
        return self._store.sessions(projects=_only(project), limit=limit)

    def run_document(self, selector: str, *, project: str | None = None) -> dict[str, Any] | None:
        """See Reader."""
        replay = self._store.run(selector, projects=_only(project))
        return run_document(replay) if replay else None

    def findings(self, *, project: str | None = None, **wanted: Any) -> list[dict[str, Any]]:
        """See Reader."""
        found = self._store.findings(projects=_only(project), **wanted)
        return [finding_document(finding) for finding in found]

    def recorded_runs(self, *, project: str | None = None, since: int = 0) -> Iterator[Run]:
        """See Reader."""
        return each_run(self._page, project=project, since=since)

    def _page(self, *, project: str | None, after: Cursor, limit: int) -> Page:
        return self._store.recordings(projects=_only(project), after=after, limit=limit)


def _only(project: str | None) -> tuple[str, ...] | None:
    return None if project is None else (project,)


def open_reader(data_dir: Path, store_url: str = "", key: str = "") -> Reader:
    """Read what a service has stored, running or not.

    Args:
        data_dir: the service's data directory.
        store_url: URL of its store; empty: the embedded one in the data directory.
        key: what a running service is asked with; empty: the admin key in the data directory, where it may be read.

    Raises:
        SentricError: nothing is stored there yet, or the store cannot be opened.
    """
    if served := serving_place(data_dir):
        from sentric_analyzer.api.client import Client

        address, certificate = served
        return Client(address, key or _admin_key(data_dir), certificate=certificate)
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
    if (stated := _stated(data_dir)) is None:
        return None
    address, certificate, pid = stated
    return (address, certificate) if _answering_pid(address, certificate) == pid else None


def _stated(data_dir: Path) -> tuple[str, Path | None, int] | None:
    """Address, certificate and process id that a service has left in its data directory."""
    try:
        stated = json.loads((data_dir / SERVE_FILE).read_text(encoding="utf-8"))
        address, pid = str(stated["http"]), int(stated["pid"])
        certificate = Path(stated["tls_cert"]) if stated.get("tls_cert") else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return address, certificate, pid


def _admin_key(data_dir: Path) -> str:
    """The admin key of a data directory; empty where it may not be read.

    A process that took the address of a killed service, and its number, must not be sent it: the service must live.
    """
    if (stated := _stated(data_dir)) is None:
        return ""
    try:
        os.kill(stated[2], 0)
        return (data_dir / ADMIN_KEY_FILE).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


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
