"""The audit over REST: who did what, and whether that is what it was."""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import FastAPI, Query, Response
from pydantic import JsonValue

from sentric_analyzer.api.access import WholeCaller
from sentric_analyzer.api.answers import Answer
from sentric_analyzer.api.cursors import cursor_of, cursor_to_text
from sentric_analyzer.api.documents import Document, Next
from sentric_analyzer.api.needs import needs
from sentric_analyzer.api.parameters import After, Limit, Projects
from sentric_analyzer.api.routes import Routes
from sentric_analyzer.control import Scope
from sentric_analyzer.control.audit import Audit
from sentric_analyzer.control.audit_chain import Record
from sentric_analyzer.control.checkpoints import Checkpoints
from sentric_analyzer.control.keys import moment
from sentric_analyzer.control.signing import Signer

if TYPE_CHECKING:
    from sentric_analyzer.control.store import ControlStore

_Only = Annotated[str | None, Query(max_length=256, description="Those alone.")]


class AuditRecord(Document):
    """What somebody did."""

    sequence: int
    """From 1, without gaps."""
    time: datetime
    microseconds: int
    """The same time, as it is chained."""
    actor: str
    """`key:ID`, `person:ID`, `local` for the commands on the machine, `sentric` for what time brings about."""
    what: str
    """Such as `approval.approve`."""
    project: str
    """Empty where it is of none."""
    subject: str
    """Id of what it is about."""
    detail: dict[str, JsonValue]
    previous: str
    """Digest of the record before."""
    digest: str
    """SHA-256 over that and all of the record."""


class AuditPage(Document):
    """Some records, the newest first."""

    records: list[AuditRecord]
    next: Next


class Verified(Document):
    """Whether the audit is what it was."""

    intact: bool
    records: int
    """How many were read."""
    checkpoints: int
    """How many signed checkpoints they were compared with."""
    signed: int
    """Number of the last record for which a checkpoint vouches."""
    bad: int | None
    """Where it ceases to be what it was."""
    why: str


def add_audit(app: FastAPI, control: "ControlStore", checkpoints: Checkpoints, signer: Signer, answer: Answer) -> None:
    """Let an app show the audit."""
    routes = Routes(app, "audit", "Who did what.")

    @routes.get("/v1/audit", needs(Scope.ADMIN), gives=AuditPage)
    async def list_records(
        projects: Projects,
        actor: _Only = None,
        what: _Only = None,
        subject: _Only = None,
        after: After = None,
        limit: Limit = 100,
    ) -> Response:
        """The newest records of the audit. A key for some projects is told what is of these alone."""
        (before,) = cursor_of(after, (int,)) if after else (0,)
        given = {"actor": actor, "what": what, "subject": subject, "project": projects}
        only = {name: value for name, value in given.items() if value is not None}

        def ask() -> dict[str, Any]:
            found = control.changes.records(after=before, limit=limit, newest_first=True, **only)
            is_last = len(found) < limit or found[-1].sequence == 1
            end = None if is_last else cursor_to_text((found[-1].sequence,))
            return {"records": [_document(record) for record in found], "next": end}

        return await answer(ask)

    @routes.post("/v1/audit/verify", needs(Scope.ADMIN), gives=Verified)
    async def verify_audit(by: WholeCaller) -> Response:
        """Read the whole audit, and name the first record that is not what it was.

        It is compared with the checkpoints that the database keeps, and with the one that this service keeps outside
        of it. Whoever does not trust the service itself verifies an export: `sentric audit verify --file`.
        """

        def ask() -> dict[str, Any]:
            newest = checkpoints.newest
            found = Audit(control.changes).verify([newest] if newest else [], {signer.key_id: signer.public_key})
            return {
                "intact": found.bad is None,
                "records": found.records,
                "checkpoints": found.checkpoints,
                "signed": found.signed,
                "bad": found.bad,
                "why": found.why,
            }

        return await answer(ask)


def _document(record: Record) -> dict[str, Any]:
    return {
        "sequence": record.sequence,
        "time": moment(record.time / 1e6),
        "microseconds": record.time,
        "actor": record.actor,
        "what": record.what,
        "project": record.project,
        "subject": record.subject,
        "detail": _detail(record),
        "previous": record.previous,
        "digest": record.digest,
    }


def _detail(record: Record) -> dict[str, Any]:
    """The detail as it stands, also where somebody has altered it."""
    try:
        detail = json.loads(record.detail)
    except (ValueError, TypeError, RecursionError):
        detail = None
    return detail if isinstance(detail, dict) else {"altered": str(record.detail)}
