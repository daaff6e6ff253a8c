"""How the service is, and what it counts, over REST."""

import os
from collections.abc import Callable
from http import HTTPStatus
from typing import Literal

from fastapi import FastAPI, Response

from sentric_analyzer.api.answers import json_answer
from sentric_analyzer.api.documents import Document
from sentric_analyzer.api.needs import HEALTH, needs
from sentric_analyzer.api.problems import Refused
from sentric_analyzer.api.routes import Routes
from sentric_analyzer.control import Scope

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Content type of the Prometheus text format."""


class Alive(Document):
    """The process answers."""

    status: Literal["ok"]
    pid: int


class Ready(Document):
    """The service takes telemetry and keeps it."""

    status: Literal["ready"]


def add_health(app: FastAPI, readiness: Callable[[], str], metrics: Callable[[], bytes]) -> None:
    """Let an app tell how the service is.

    Args:
        app: tells it.
        readiness: says why the service is not ready, and nothing while it is.
        metrics: the service's own counters, in the Prometheus text format.
    """
    health = Routes(app, "health", "How the service is.")

    @health.get("/healthz", HEALTH, gives=Alive)
    async def alive() -> Response:
        """Whether the process answers."""
        return json_answer({"status": "ok", "pid": os.getpid()})

    @health.get("/readyz", HEALTH, gives=Ready, errors={503: "It is not ready; the detail says why."})
    async def ready() -> Response:
        """Whether the service takes telemetry and keeps it."""
        if reason := readiness():
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, f"not ready: {reason}", kind="not-ready")
        return json_answer({"status": "ready"})

    @health.get("/metrics", needs(Scope.READ), gives="text/plain")
    async def counters() -> Response:
        """What the service counts about itself, in the Prometheus text format."""
        return Response(metrics(), media_type=METRICS_TYPE)
