"""Pages of which other origins a browser lets ask: none, unless they are named."""

import re

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from sentric.errors import SettingError
from sentric_analyzer.api.problems import Refused

_LABEL = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_ORIGIN = re.compile(rf"(https?)://(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]+\])(?::([1-9][0-9]{{0,4}}))?", re.ASCII)
_IMPLIED = {"http": "80", "https": "443"}
"""Ports that a browser leaves out of an origin."""
_METHODS = ("GET", "POST", "PUT", "DELETE")
_SENT = ("Authorization", "Content-Type", "If-Match", "If-None-Match", "Last-Event-ID")
_SHOWN = ("ETag", "Retry-After", "WWW-Authenticate")


def origins_of(setting: str) -> tuple[str, ...]:
    """The origins that `api_origins` names.

    Raises:
        SettingError: one is none, or none that a browser would ever send.
    """
    origins = tuple(dict.fromkeys(setting.replace(",", " ").split()))
    for origin in origins:
        match = _ORIGIN.fullmatch(origin)
        if match is None or match[2] == _IMPLIED[match[1]] or int(match[2] or 0) >= 1 << 16:
            raise SettingError(
                f"SENTRIC_API_ORIGINS: {origin!r} is no origin: name each exactly, such as https://console.example or "
                "http://127.0.0.1:8080, in lower case, without a path and without the port that the scheme implies"
            )
    return origins


def let_ask(app: FastAPI, origins: tuple[str, ...]) -> None:
    """Let pages of some origins ask an app, with the key they have; a browser never adds one by itself."""
    app.add_middleware(
        _Origins, allow_origins=origins, allow_methods=_METHODS, allow_headers=_SENT, expose_headers=_SHOWN
    )


class _Origins(CORSMiddleware):
    def preflight_response(self, request_headers: Headers) -> Response:
        answer = super().preflight_response(request_headers)
        if answer.status_code < 400:
            return answer
        return Refused(403, "this page may not ask so: SENTRIC_API_ORIGINS names the origins that may").answer()
