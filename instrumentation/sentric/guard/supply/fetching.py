"""Asks the service for the policy over HTTP."""

import http.client
import ssl
from urllib.parse import quote, urlsplit

from sentric.errors import SentricError
from sentric.guard.supply.last_good import LARGEST
from sentric.guard.supply.service import Fetch
from sentric.settings import Settings

_TIMEOUT = 10.0
"""Seconds without a byte after which an answer is not waited for any longer."""


def fetching(settings: Settings) -> Fetch:
    """How the service at `url` is asked for the policy of the project."""

    def fetch(etag: str) -> tuple[int, str, bytes]:
        connection, path = _connection(settings.url)
        headers = {"Accept": "application/json"}
        if settings.api_key:
            headers["Authorization"] = f"Bearer {settings.api_key}"
        if etag:
            headers["If-None-Match"] = etag
        try:
            connection.request("GET", f"{path}/v1/policies/active?project={quote(settings.project, '')}", None, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers.get("ETag", ""), answer.read(LARGEST)
        except (OSError, http.client.HTTPException, ValueError) as error:
            why = getattr(error, "strerror", None) or type(error).__name__  # not its text: that could hold the key
            raise SentricError(f"{settings.url} does not answer: {why}: look whether the service runs") from None
        finally:
            connection.close()

    return fetch


def _connection(url: str) -> tuple[http.client.HTTPConnection, str]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    if not host or parts.scheme not in {"http", "https"}:
        raise SentricError(f"SENTRIC_URL is {url[:200]!r}: give the base URL of the service, as https://HOST:PORT")
    if parts.scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, port, timeout=_TIMEOUT, context=context), parts.path.rstrip("/")
    return http.client.HTTPConnection(host, port, timeout=_TIMEOUT), parts.path.rstrip("/")
