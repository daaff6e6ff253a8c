"""JSON asked of a running service over HTTP, for the commands."""

import ssl
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from sentric.errors import SentricError
from sentric_analyzer.tls import pinned_context

TIMEOUT = 30.0
"""Seconds an answer may take."""
_NO_ROUTE = "Not Found"
"""What the framework says of a path that it does not know."""
_LINE = 1000
"""Longest reason that is repeated, in characters."""


class Remote:
    """Asks a running service. A context manager that closes its connection.

    Args:
        base: URL of the service's REST API, without a path; https is verified by the system's authorities.
        key: what to ask with; empty: nothing.
        certificate: file of the certificate it is served with, which is then the only one trusted; None: see base.
        proxies: whether those of the environment are used: they are for the way out, not for a service on this machine.
        transport: carries the requests instead of the network, for tests of who asks.

    Raises:
        SentricError: the key is none that can be sent.
    """

    def __init__(
        self,
        base: str,
        key: str = "",
        *,
        certificate: Path | None = None,
        proxies: bool = False,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.base = base
        if not key.isascii() or not key.isprintable():
            raise SentricError("the key to ask the service with is no key: look at SENTRIC_API_KEY and its _FILE")
        verify: ssl.SSLContext | bool = False
        if base.startswith("https:"):
            verify = pinned_context(certificate) if certificate else ssl.create_default_context()
        self._http = httpx.Client(
            base_url=base,
            timeout=TIMEOUT,
            trust_env=proxies,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            verify=verify,
            transport=transport,
        )

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def get(self, path: str, **parameters: str | int | None) -> dict[str, Any]:
        """What a path answers; parameters that are None are left out.

        Raises:
            SentricError: the service is not there, or refuses; the message says why.
        """
        return self._answer("GET", path, parameters)[1]

    def find(self, path: str, **parameters: str | int | None) -> dict[str, Any] | None:
        """What a path answers; None where there is nothing.

        Raises:
            SentricError: the service is not there, or refuses; the message says why.
        """
        status, document = self._answer("GET", path, parameters, missing=True)
        return None if status == HTTPStatus.NOT_FOUND else document

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """What a path answers to a JSON object.

        Raises:
            SentricError: the service is not there, or refuses; the message says why.
        """
        return self._answer("POST", path, {}, body=body)[1]

    def delete(self, path: str, **parameters: str | int | None) -> dict[str, Any]:
        """What a path answers to its removal.

        Raises:
            SentricError: the service is not there, or refuses; the message says why.
        """
        return self._answer("DELETE", path, parameters)[1]

    def _answer(
        self,
        method: str,
        path: str,
        parameters: dict[str, str | int | None],
        *,
        body: dict[str, Any] | None = None,
        missing: bool = False,
    ) -> tuple[int, dict[str, Any]]:
        given = {name: value for name, value in parameters.items() if value is not None}
        try:
            response = self._http.request(method, path, params=given, json=body)
            document = response.json() if response.content else {}
        except httpx.HTTPError as error:
            raise SentricError(f"{self.base}: {_failure(error)}") from None
        except ValueError:
            raise SentricError(f"{self.base}: does not answer in JSON: is this the API of `sentric serve`?") from None
        if missing and response.status_code == HTTPStatus.NOT_FOUND:
            return response.status_code, {}
        if not response.is_success or not isinstance(document, dict):
            raise SentricError(f"{self.base}: {_reason(document, response.status_code)}")
        return response.status_code, document


def quoted(selector: str) -> str:
    """A text as one segment of a path. An empty one, `.` and `..` would be another path: they select nothing."""
    return quote(selector, safe="") if selector.strip(".") else "%20"


def _failure(error: httpx.HTTPError) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time: is `sentric serve` well?"
    if isinstance(error.__cause__, ssl.SSLError) or "CERTIFICATE" in str(error).upper():
        return f"its certificate is not trusted: {' '.join(str(error).split())[:_LINE]}"
    return "nothing answers: start the service with `sentric serve`"


def _reason(document: Any, status: int) -> str:
    stated = document.get("detail") if isinstance(document, dict) else None
    if status == HTTPStatus.NOT_FOUND and stated in (None, _NO_ROUTE):
        return "not found: is this the API of `sentric serve`, and not of an older one?"
    return " ".join(str(stated).split())[:_LINE] if stated else f"answered with status {status}"
