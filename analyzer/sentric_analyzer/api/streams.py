"""What happens, as it happens: server-sent events for whoever watches, and for guards, which live by a lease."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, suppress
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from anyio.to_thread import run_sync
from fastapi import FastAPI, Header, Query, Request, Response
from starlette.responses import StreamingResponse

from sentric_analyzer.api.access import Access, Caller
from sentric_analyzer.api.guards import Guards
from sentric_analyzer.api.needs import needs
from sentric_analyzer.api.parameters import Projects, own_project
from sentric_analyzer.api.routes import EVENT_STREAM, Routes
from sentric_analyzer.api.waiting import Heard, Over, heard
from sentric_analyzer.control import Scope
from sentric_analyzer.control.audit_chain import Record
from sentric_analyzer.control.changes import MOST_RECORDS
from sentric_analyzer.control.errors import ControlError
from sentric_analyzer.control.feed import Feed
from sentric_analyzer.control.keys import moment
from sentric_analyzer.deciding.asked import LONGEST_NAME, check_name

if TYPE_CHECKING:
    from sentric_analyzer.control.store import ControlStore

LEASE_SECONDS = 10.0
"""How long a guard may go on without being told that the lease is renewed."""
BEAT_SECONDS = 3.0
"""Seconds between two signs of life."""
RETRY_SECONDS = 0.5
"""Seconds after which what a guard must know is asked again, where there was no knowing it."""
_PUBLIC = ("agent.", "approval.", "decision.", "incident.", "job.", "policy.")
"""Beginnings of what anybody who may read is told; keys, people and who signed in are for admins alone."""
THERE_SECONDS = 3600.0
"""Seconds after which it is noted again that a guarded agent is there."""
NOT_NOTED_SECONDS = 60.0
"""The same, where it could not be noted: to try costs time in which no lease is renewed."""
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Accel-Buffering": "no"}

State = Callable[[str, str, str], dict[str, Any]]
"""Gives what a guard must know: of a project, an agent's id and its name."""


def add_streams(app: FastAPI, control: "ControlStore", feed: Feed, state: State) -> None:
    """Let an app tell what happens as it happens."""
    routes, guards = Routes(app, "streams", "What happens, as it happens."), Guards(feed)

    @routes.get("/v1/stream", needs(Scope.READ), gives=EVENT_STREAM)
    async def watch(
        request: Request,
        projects: Projects,
        topics: Annotated[
            str, Query(max_length=256, description="Beginnings of events, separated by commas: `approval,agent`.")
        ] = "",
        last_event_id: Annotated[str, Header(max_length=18, description="Id of the last event that was heard.")] = "",
    ) -> Response:
        """Decisions, approvals, agents, incidents, jobs and policies, as they change.

        Each event has the number of its record in the audit as its id; with the header `Last-Event-ID`, what came after
        it comes first. It ends when the key that was shown is worth nothing any more.
        """
        wanted = tuple(f"{topic.strip()}." for topic in topics.split(",") if topic.strip()) or _PUBLIC

        def about(record: Record) -> bool:
            is_told = record.what.startswith(_PUBLIC) and record.what.startswith(wanted)
            return is_told and (projects is None or record.project in projects)

        since = int(last_event_id) if last_event_id.isdecimal() else None
        return _stream(request, _watched(control, feed, about, since))

    @routes.get(
        "/v1/guard/stream", needs(Scope.DECIDE), gives=EVENT_STREAM, errors={404: "No such project for the key."}
    )
    async def subscribe(
        request: Request,
        by: Caller,
        agent_id: Annotated[str, Query(min_length=1, max_length=256, description="Id of the guarded agent.")],
        agent_name: Annotated[str, Query(max_length=256, description="Its name; left out: its id.")] = "",
        project: Annotated[
            str | None, Query(max_length=64, description="One of those of the key; left out: its first.")
        ] = None,
    ) -> Response:
        """What a guard lives by: whether its agent may go on, and which policy is in force.

        `state` comes at once and whenever it changes; `lease` every few seconds, as long as this service knows what
        it speaks of. Without either for `lease_seconds`, a guard knows no longer whether its agent was stopped. From
        the first `state` on, operators find the agent among the others.
        """
        whose = own_project(by, project)
        check_name("agent_id", agent_id, LONGEST_NAME)
        check_name("agent_name", agent_name or agent_id, LONGEST_NAME)

        def note() -> None:
            control.agents.there(whose, agent_id, agent_name, actor=f"key:{by.key_id}")

        def ask() -> dict[str, Any]:
            return state(whose, agent_id, agent_name)

        return _stream(request, _guarded(feed, guards.heard(whose, agent_id), note, ask))


def _stream(request: Request, events: AsyncGenerator[bytes]) -> Response:
    access: Access = request.app.state.access
    whole = _while_good(lambda: access.still_holds(request), events)
    return StreamingResponse(whole, headers=_HEADERS, media_type=EVENT_STREAM)


async def _while_good(is_good: Callable[[], bool], events: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """Events, until whoever takes them may not any more, takes them too slowly, or they cannot be read on."""
    async with aclosing(events):
        with suppress(Over, ControlError):  # who asks again begins where this ends
            async for event in events:
                if not is_good():
                    return
                yield event


async def _watched(
    control: "ControlStore", feed: Feed, about: Callable[[Record], bool], since: int | None
) -> AsyncGenerator[bytes]:
    async with heard(feed, about) as told:
        yield b": watching\n\n"
        last = 0
        if since is not None:
            async for record in _missed(control, since):
                last = record.sequence
                if about(record):
                    yield _event(record)
        while True:
            records = await told.take(BEAT_SECONDS)
            if not records:
                yield b": still there\n\n"
            for record in records:
                if record.sequence > last:
                    yield _event(record)


async def _missed(control: "ControlStore", since: int) -> AsyncGenerator[Record]:
    """What came after a record, a page at a time."""
    while records := await run_sync(partial(control.changes.records, after=since, limit=MOST_RECORDS)):
        for record in records:
            yield record
        since = records[-1].sequence


async def _guarded(
    feed: Feed,
    hearing: AbstractAsyncContextManager[Heard],
    note: Callable[[], None],
    ask: Callable[[], dict[str, Any]],
) -> AsyncGenerator[bytes]:
    known: dict[str, Any] | None = None
    is_stale, clock = True, asyncio.get_running_loop().time
    due = clock()
    async with hearing as told:
        while True:
            if clock() >= due and not feed.failure():
                due = clock() + await _noted(note)
            now = await _asked(ask) if is_stale and not feed.failure() else known
            if feed.failure() or now is None:  # and so no lease; something may be missed meanwhile
                is_stale = True
                yield b": the control store does not answer\n\n"
            elif now == known:
                is_stale = False
                yield _said("lease", {"lease_seconds": LEASE_SECONDS})
            else:
                known, is_stale = now, False
                yield _said("state", now)
            is_stale = bool(await told.take(RETRY_SECONDS if is_stale else BEAT_SECONDS)) or is_stale


async def _noted(note: Callable[[], None]) -> float:
    """Note that an agent is there; the seconds after which to do so again. A guard can do without."""
    try:
        await run_sync(note)
    except ControlError:
        return NOT_NOTED_SECONDS
    return THERE_SECONDS


async def _asked(ask: Callable[[], dict[str, Any]]) -> dict[str, Any] | None:
    """What a guard must know; None where there is no knowing it."""
    try:
        return await run_sync(ask)
    except ControlError:
        return None


def _event(record: Record) -> bytes:
    told = {
        "sequence": record.sequence,
        "time": moment(record.time / 1e6),
        "actor": record.actor,
        "what": record.what,
        "project": record.project,
        "subject": record.subject,
        "detail": json.loads(record.detail),
    }
    return f"id: {record.sequence}\n".encode() + _said(record.what, told)


def _said(event: str, data: dict[str, Any]) -> bytes:
    return f"event: {event}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()
