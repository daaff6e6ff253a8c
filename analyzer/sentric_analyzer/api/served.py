"""The service that holds a data directory: where it answers, and the key that lies there."""

import json
import os
from pathlib import Path

from sentric_analyzer.control.keys import ADMIN_KEY_FILE
from sentric_analyzer.tls import pinned_context

SERVE_FILE = "serve.json"
"""Name of the file in a data directory in which a running service says where it answers."""
PROBE_TIMEOUT = 2.0
"""Seconds a service may take to say that it is there."""


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


def admin_key(data_dir: Path) -> str:
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
