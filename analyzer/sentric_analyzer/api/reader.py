"""Reading what is stored: over REST while a service holds the store, else from the store itself."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, Self

from sentric.errors import SentricError
from sentric.events import Run
from sentric.policy.rule import Severity
from sentric_analyzer.api.recordings import each_run
from sentric_analyzer.api.served import admin_key, serving_place
from sentric_analyzer.detection import stored_fixture
from sentric_analyzer.document import finding_document, run_document
from sentric_analyzer.storage import Store, embedded_url
from sentric_analyzer.storage.recordings import Cursor, Page


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

    def fixture(
        self, selector: str, *, project: str | None = None, redact_personal: bool = False
    ) -> dict[str, Any] | None:
        """A run as the JSON object of a fixture, by its id, the beginning of its id, or `latest`; None: there is none.

        Args:
            selector: of the run.
            project: it is looked for in; None: in all.
            redact_personal: whether personal data becomes fingerprints, too.
        """
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

    def fixture(
        self, selector: str, *, project: str | None = None, redact_personal: bool = False
    ) -> dict[str, Any] | None:
        """See Reader."""
        replay = self._store.run(selector, projects=_only(project))
        return stored_fixture(self._store, replay, redact_personal=redact_personal) if replay else None

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
        return Client(address, key or admin_key(data_dir), certificate=certificate)
    url = store_url or embedded_url(data_dir)
    if not store_url and not (data_dir / "store").is_dir():
        raise SentricError(
            f"{data_dir}: nothing is stored there yet: start `sentric serve`, or name another --data-dir"
        )
    return StoreReader(Store.open(url))
