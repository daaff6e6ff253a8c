"""A client of the REST API, for the commands."""

from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from sentric.errors import SentricError
from sentric.events import Run
from sentric.policy.rule import Severity
from sentric_analyzer.api.recordings import each_run, page_of, place_to_text
from sentric_analyzer.storage.recordings import Cursor, Page
from sentric_analyzer.tls import pinned_context

TIMEOUT = 30.0
"""Seconds an answer may take."""


class Client:
    """Asks a running service. A context manager that closes its connection.

    Args:
        address: HOST:PORT of the service's REST API.
        key: what to ask with; empty: nothing.
        certificate: file of the certificate it is served with; None: it is served without TLS.

    Raises:
        SentricError: the key is none that can be sent.
    """

    def __init__(self, address: str, key: str = "", *, certificate: Path | None = None) -> None:
        self._base = f"{'https' if certificate else 'http'}://{address}"
        if not key.isascii() or not key.isprintable():
            raise SentricError("the key to ask the service with is no key: look at SENTRIC_API_KEY and its _FILE")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        verify = pinned_context(certificate) if certificate else False
        # Proxies of the environment are for the way out, not for a service on this machine.
        self._http = httpx.Client(base_url=self._base, timeout=TIMEOUT, trust_env=False, headers=headers, verify=verify)

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def runs(self, *, project: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
        """The newest runs, a flat summary of each.

        Raises:
            SentricError: the service is not there, or refuses.
        """
        found: list[dict[str, Any]] = self._get("/v1/runs", project=project, limit=limit)["runs"]
        return found

    def sessions(self, *, project: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
        """The conversations with the newest runs, a flat summary of each.

        Raises:
            SentricError: the service is not there, or refuses.
        """
        found: list[dict[str, Any]] = self._get("/v1/sessions", project=project, limit=limit)["sessions"]
        return found

    def run_document(self, selector: str, *, project: str | None = None) -> dict[str, Any] | None:
        """A judged run by its id, the beginning of its id, or `latest`; None where there is none.

        Raises:
            SentricError: the service is not there, or refuses.
        """
        return self._ask(f"/v1/runs/{_quoted(selector)}", project=project)

    def findings(
        self,
        *,
        project: str | None = None,
        run: str | None = None,
        severity: Severity = Severity.LOW,
        rule: str | None = None,
        limit: int = 100,
    ) -> list[dict[str, Any]]:
        """The newest findings at or over a severity.

        Raises:
            SentricError: the service is not there, or refuses.
        """
        wanted = {"project": project, "run": run, "severity": severity.value, "rule": rule, "limit": limit}
        found: list[dict[str, Any]] = self._get("/v1/findings", **wanted)["findings"]
        return found

    def recorded_runs(self, *, project: str | None = None, since: int = 0) -> Iterator[Run]:
        """The runs that started since a Unix time in nanoseconds, the earliest first, with all their events.

        Raises:
            SentricError: the service is not there, or refuses.
        """
        return each_run(self._page, project=project, since=since)

    def _page(self, *, project: str | None, after: Cursor, limit: int) -> Page:
        place = place_to_text(after)
        return page_of(self._get("/v1/recordings", project=project, after=place, limit=limit))

    def _get(self, path: str, **parameters: str | int | None) -> dict[str, Any]:
        document = self._ask(path, **parameters)
        if document is None:
            raise SentricError(f"{self._base}{path}: not found: is this the API of `sentric serve`?")
        return document

    def _ask(self, path: str, **parameters: str | int | None) -> dict[str, Any] | None:
        given = {name: value for name, value in parameters.items() if value is not None}
        try:
            response = self._http.get(path, params=given)
            document = response.json()
        except httpx.HTTPError as error:
            reason = "no answer in time" if isinstance(error, httpx.TimeoutException) else "nothing answers"
            raise SentricError(f"{self._base}: {reason}: start the service with `sentric serve`") from None
        except ValueError:
            raise SentricError(f"{self._base}: does not answer in JSON: is this the API of `sentric serve`?") from None
        if response.status_code == HTTPStatus.NOT_FOUND:
            return None
        if response.is_error or not isinstance(document, dict):
            raise SentricError(f"{self._base}: {_reason(document, response.status_code)}")
        return document


def _quoted(selector: str) -> str:
    return quote(selector, safe="") or "%20"


def _reason(document: Any, status: int) -> str:
    stated = document.get("detail") if isinstance(document, dict) else None
    return " ".join(str(stated).split()) if stated else f"answered with status {status}"
