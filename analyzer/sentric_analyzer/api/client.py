"""A client of what the REST API says of runs, for the commands."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sentric.events import Run
from sentric.policy.rule import Severity
from sentric_analyzer.api.recordings import each_run, page_of, place_to_text
from sentric_analyzer.api.remote import Remote, quoted
from sentric_analyzer.storage.recordings import Cursor, Page


class Client(Remote):
    """Asks a running service on this machine. A context manager that closes its connection.

    Args:
        address: HOST:PORT of the service's REST API.
        key: what to ask with; empty: nothing.
        certificate: file of the certificate it is served with; None: it is served without TLS.

    Raises:
        SentricError: the key is none that can be sent.
    """

    def __init__(self, address: str, key: str = "", *, certificate: Path | None = None) -> None:
        super().__init__(f"{'https' if certificate else 'http'}://{address}", key, certificate=certificate)

    def runs(self, *, project: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
        """The newest runs, a flat summary of each.

        Raises:
            SentricError: the service is not there, or refuses.
        """
        found: list[dict[str, Any]] = self.get("/v1/runs", project=project, limit=limit)["runs"]
        return found

    def sessions(self, *, project: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
        """The conversations with the newest runs, a flat summary of each.

        Raises:
            SentricError: the service is not there, or refuses.
        """
        found: list[dict[str, Any]] = self.get("/v1/sessions", project=project, limit=limit)["sessions"]
        return found

    def run_document(self, selector: str, *, project: str | None = None) -> dict[str, Any] | None:
        """A judged run by its id, the beginning of its id, or `latest`; None where there is none.

        Raises:
            SentricError: the service is not there, or refuses.
        """
        return self.find(f"/v1/runs/{quoted(selector)}", project=project)

    def fixture(
        self, selector: str, *, project: str | None = None, redact_personal: bool = False
    ) -> dict[str, Any] | None:
        """A run as the JSON object of a fixture, by its id, the beginning of its id, or `latest`; None: there is none.

        Raises:
            SentricError: the service is not there, or refuses.
        """
        personal = "true" if redact_personal else None
        return self.find(f"/v1/recordings/{quoted(selector)}", project=project, redact_personal=personal)

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
        found: list[dict[str, Any]] = self.get("/v1/findings", **wanted)["findings"]
        return found

    def rollout(self, *, project: str, days: int) -> dict[str, Any]:
        """What the rules in shadow would have refused so far.

        Raises:
            SentricError: the service is not there, or refuses.
        """
        return self.get("/v1/policies/rollout", project=project, days=days)

    def shadow(
        self, rules: Sequence[str], *, project: str, promote: bool, note: str, over: int | None
    ) -> dict[str, Any]:
        """Promote rules, or put them into the shadow; the activation.

        Raises:
            SentricError: the service is not there, or refuses.
        """
        body = {"project": project, "rules": list(rules), "note": note, "over": over}
        made: dict[str, Any] = self.post(f"/v1/policies/{'promote' if promote else 'shadow'}", body)["activation"]
        return made

    def recorded_runs(self, *, project: str | None = None, since: int = 0) -> Iterator[Run]:
        """The runs that started since a Unix time in nanoseconds, the earliest first, with all their events.

        Raises:
            SentricError: the service is not there, or refuses.
        """
        return each_run(self._page, project=project, since=since)

    def _page(self, *, project: str | None, after: Cursor, limit: int) -> Page:
        place = place_to_text(after)
        return page_of(self.get("/v1/recordings", project=project, after=place, limit=limit))
