"""Server-sent events, as a test takes them."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from support.controlling import Plane
from support.serving import poll

SOON = 1.0
"""Seconds within which what happens is told."""


class Stream:
    """What comes over a stream, read in a thread of its own."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self.events: list[tuple[str, Any]] = []
        self.ids: list[int] = []
        self.comments = 0
        self.ended = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        name = ""
        try:
            for line in self.answer.iter_lines():
                field, _, value = line.partition(": ")
                match field:
                    case "event":
                        name = value
                    case "id":
                        self.ids.append(int(value))
                    case "data":
                        self.events.append((name, json.loads(value)))
                    case _:
                        self.comments += line.startswith(":")
        except (httpx.HTTPError, httpx.StreamError):
            pass
        self.ended.set()

    def told(self, name: str, after: int = 0, **values: Any) -> Any:
        """Wait for an event, with these values."""

        def find() -> Any:
            found = (data for known, data in self.events[after:] if known == name)
            return next((data for data in found if values.items() <= data.items()), None)

        return poll(find, 15.0)

    def begun(self) -> None:
        """Wait until anything comes."""
        poll(lambda: self.comments or self.events)

    def counted(self, number: int) -> None:
        """Wait for so many events."""
        poll(lambda: len(self.ids) >= number)

    def soon(self, name: str, since: float, **values: Any) -> Any:
        """Wait for an event, which comes soon."""
        found = self.told(name, **values)
        assert time.monotonic() - since < SOON
        return found


@contextmanager
def streaming(served: Plane, path: str, who: str, **headers: str) -> Iterator[Stream]:
    headers = {"Authorization": f"Bearer {served.keys[who]}"} | headers
    with (
        httpx.Client(base_url=f"http://{served.address}", timeout=30.0, trust_env=False) as client,
        client.stream("GET", path, headers=headers) as answer,
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Stream(answer)
