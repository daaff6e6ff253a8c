"""Telnyx's own client, bounded in time and size. It takes seconds to be imported: by a thread."""

import importlib
import time
from collections.abc import Iterator
from typing import Any

import httpx

from sentric_analyzer.approvals.channel import ChannelError

# Its types are those of a thousand modules, which would be read again with every check of ours.
telnyx: Any = importlib.import_module("telnyx")

SECONDS = 10.0
"""That a request may take."""
LARGEST_ANSWER = 64 << 10
"""Bytes."""
_REFUSED_KEY = (401, 403)
_REFUSED_CALL = (400, 404, 422)


class _Bounded(httpx.SyncByteStream):
    """The body of an answer, of which not too much is read, and not for too long."""

    def __init__(self, stream: httpx.SyncByteStream) -> None:
        self._stream = stream
        self._until = time.monotonic() + SECONDS

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for part in self._stream:
            size += len(part)
            if size > LARGEST_ANSWER or time.monotonic() > self._until:
                raise httpx.ReadTimeout("the answer is too large, or too slow")
            yield part

    def close(self) -> None:
        self._stream.close()


def _bound(response: httpx.Response) -> None:
    if isinstance(response.stream, httpx.SyncByteStream):
        response.stream = _Bounded(response.stream)


def connected(api_key: str, base_url: str) -> Any:
    """A client.

    Args:
        api_key: of the account.
        base_url: of the REST API, with its version; "" for Telnyx's own.
    """
    return telnyx.Telnyx(
        api_key=api_key,
        base_url=base_url or "https://api.telnyx.com/v2",  # not what the environment says
        max_retries=0,
        timeout=SECONDS,
        default_headers={"Accept-Encoding": "identity"},
        http_client=telnyx.DefaultHttpxClient(follow_redirects=False, event_hooks={"response": [_bound]}),
    )


def may_be_repeated(error: Exception) -> bool:
    """Whether the same may go well at once: Telnyx does a command once, however often it gets it."""
    return isinstance(error, telnyx.InternalServerError) or type(error) is telnyx.APIConnectionError


def why(error: Exception) -> ChannelError:
    """An error of the client, in our own words: its message may hold anything."""
    match getattr(error, "status_code", None):
        case None:
            waited = isinstance(error, telnyx.APITimeoutError)
            return ChannelError(
                f"Telnyx does not answer within {SECONDS:g} s" if waited else "Telnyx cannot be reached"
            )
        case int() as status if status in _REFUSED_KEY:
            return ChannelError(f"Telnyx refuses the key ({status}): check telnyx.api_key")
        case int() as status if status in _REFUSED_CALL:
            cure = "check telnyx.connection_id, the numbers, and the outbound voice profile of the application"
            return ChannelError(f"Telnyx refuses the command ({status}): {cure}")
        case status:
            return ChannelError(f"Telnyx answers with status {status}")
