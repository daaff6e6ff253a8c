"""A client of what the REST API says of agents, approvals, decisions and incidents, for the commands."""

from collections.abc import Sequence
from ipaddress import ip_address
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sentric.errors import SentricError, SettingError
from sentric_analyzer.api.remote import Remote, quoted
from sentric_analyzer.api.served import admin_key, serving_place

Json = dict[str, Any]
_CHANNEL = "cli"
"""How answers come, as the audit keeps it."""
PAGE = 1000
"""Most entries that the service lists at once."""


class ControlClient:
    """Asks a running service. A context manager that closes its connection.

    Every method raises SentricError where the service is not there, or refuses; the message says why.
    """

    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    def __enter__(self) -> "ControlClient":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._remote.close()

    def agents(self, *, project: str | None = None, limit: int = PAGE) -> list[Json]:
        """The agents that asked last."""
        return self._listed("agents", limit, project=project)

    def agent(self, selector: str, *, project: str | None = None) -> list[Json]:
        """The agents of an id, or else of a name, each with the refusals that count against it."""
        return _objects(self._remote.get(f"/v1/agents/{quoted(selector)}", project=project), "agents")

    def stop(self, target: str, *, by: str, reason: str, project: str | None = None) -> list[Json]:
        """Stop an agent by its `id`, or all of a `name`; the agents that are stopped."""
        return self._on_agent("stop", target, by, reason, project)

    def reset(self, target: str, *, by: str, reason: str, project: str | None = None) -> list[Json]:
        """Let an agent begin anew, or all of a name; the agents as they are then."""
        return self._on_agent("reset", target, by, reason, project)

    def approvals(
        self, *, project: str | None = None, state: str | None = None, agent_id: str | None = None, limit: int = PAGE
    ) -> list[Json]:
        """The newest approvals, of one state or agent alone."""
        return self._listed("approvals", limit, project=project, state=state, agent_id=agent_id)

    def approval(self, beginning: str) -> Json:
        """The one approval whose id begins so."""
        return self._remote.get(f"/v1/approvals/{quoted(beginning)}")

    def answer(self, approval_id: str, *, approve: bool, note: str) -> Json:
        """Approve or deny; the approval after that."""
        way = "approve" if approve else "deny"
        return self._remote.post(f"/v1/approvals/{quoted(approval_id)}/{way}", {"note": note, "channel": _CHANNEL})

    def decisions(
        self, *, project: str | None = None, agent_id: str | None = None, decision: str | None = None, limit: int = PAGE
    ) -> list[Json]:
        """The newest decisions that were no plain allows."""
        return self._listed("decisions", limit, project=project, agent_id=agent_id, decision=decision)

    def incidents(self, *, project: str | None = None, only_open: bool = True, limit: int = PAGE) -> list[Json]:
        """The newest incidents."""
        return self._listed("incidents", limit, project=project, open="true" if only_open else None)

    def _on_agent(self, what: str, target: str, by: str, reason: str, project: str | None) -> list[Json]:
        body = {"reason": reason, "by": by, **({"project": project} if project else {})}
        return _objects(self._remote.post(f"/v1/agents/{quoted(target)}/{what}", body), "agents")

    def _listed(self, what: str, limit: int, **parameters: str | None) -> list[Json]:
        found: list[Json] = []
        after: str | None = None
        while len(found) < limit:
            size = min(PAGE, limit - len(found))
            page = self._remote.get(f"/v1/{what}", limit=size, after=after, **parameters)
            listed = _objects(page, what)
            found += islice(listed, size)
            after = page.get("next")
            if not after or not listed:
                break
        return found


def control_client(data_dir: Path, url: str = "", key: str = "", *, insecure: bool = False) -> ControlClient:
    """A client of the service that is meant.

    Args:
        data_dir: data directory of a service on this machine, asked where no URL is given.
        url: of the REST API of a service elsewhere: `https://HOST:PORT`, or `http://` on this machine.
        key: what to ask with; empty: the admin key in the data directory, which no URL is ever sent.
        insecure: send the key over http:// to other machines, too.

    Raises:
        SentricError: no service is there.
        SettingError: the URL cannot be used.
    """
    if url:
        base, is_here = _checked(url, insecure=insecure)
        return ControlClient(Remote(base, key, proxies=not is_here))
    if (served := serving_place(data_dir)) is None:
        raise SentricError(f"{data_dir}: no service runs there: start `sentric serve`, or name one with --url")
    address, certificate = served
    base = f"{'https' if certificate else 'http'}://{address}"
    return ControlClient(Remote(base, key or admin_key(data_dir), certificate=certificate))


def _checked(url: str, *, insecure: bool) -> tuple[str, bool]:
    """The URL of a REST API without a last slash, and whether it is on this machine."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", 0, urlsplit("")
    is_bare = not (parts.username or parts.password or parts.query or parts.fragment or parts.path.strip("/"))
    if parts.scheme not in ("http", "https") or not host or port == 0 or not is_bare or not url.isprintable():
        raise SettingError("--url (SENTRIC_URL): it must be https://HOST:PORT, and no more")  # it may hold a password
    is_here = _is_loopback(host)
    if parts.scheme == "http" and not is_here and not insecure:
        raise SettingError(
            f"--url {url}: the key would go over the network in clear: use https://, or add --insecure-url"
        )
    return f"{parts.scheme}://{parts.netloc}", is_here


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _objects(document: Json, name: str) -> list[Json]:
    """The entries of a list."""
    listed = document.get(name)
    if not isinstance(listed, Sequence) or not all(isinstance(one, dict) for one in listed):
        raise SentricError(f"the service answers without {name!r}: is it a `sentric serve` of this version?")
    return list(listed)
