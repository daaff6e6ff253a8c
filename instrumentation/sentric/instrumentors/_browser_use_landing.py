"""Pages an agent has come to without an action that aims at them: by a redirect, a click, or a tab that has opened.

Where verdicts are enforced, a page of an origin that was not judged in this run yet is judged as if the agent wanted
to navigate there: before the model is shown it, and before the next action on it. A person may be asked. A page that
is refused is left for an empty one, a new tab is closed, and the model is told as if its last action had failed.

By then the browser has asked for the page, and its scripts have run: this keeps the page from the model, not the
request from the site. Not judged are frames within a page, what a page asks for by itself, and other pages of an
origin that was judged. Tabs that were open before a run has first looked are judged when the agent turns to them.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from hashlib import sha256
from typing import Any
from weakref import WeakKeyDictionary

import can_ada

from sentric.errors import SentricError
from sentric.guard.boundary import report
from sentric.guard.calls import Wanted
from sentric.guard.gate import Gate
from sentric.guard.live_run import LiveRun
from sentric.guard.place import here
from sentric.guard.refusal import UNDECIDED, Refusal
from sentric.instrumentors import _browser_use_reading as reading
from sentric.instrumentors._layer import Wrapped

ROUNDS = 4
"""How often a state is taken: each time the browser may have come to another page that is refused."""
_ORIGINS = 512
"""Most origins that are known in a run; the one that was judged first is judged again."""
_SECONDS = 10.0
"""How long leaving a page may take."""
_OWN = frozenset({"about", "chrome", "chrome-error", "chrome-extension", "devtools"})
"""Schemes of what the browser shows by itself."""


class LandingError(SentricError):
    """The browser comes to refused pages faster than it leaves them."""


class _Known:
    """What a run has come to so far."""

    def __init__(self) -> None:
        self.origins: dict[str, None] = {}
        self.tabs: frozenset[str] | None = None
        """Those that were open when it first looked; None before that."""

    def add(self, origin: str) -> None:
        self.origins[origin] = None
        if len(self.origins) > _ORIGINS:
            del self.origins[next(iter(self.origins))]


_known: WeakKeyDictionary[LiveRun, _Known] = WeakKeyDictionary()
"""Shared by all layers that watch a run."""


class Landings:
    """Judges where agents have come to."""

    def __init__(self, gate: Gate, pause: Callable[[Any], AbstractContextManager[None]]) -> None:
        self._gate, self._pause = gate, pause

    def aimed(self, action: Any) -> None:
        """An action may be done: the origin it navigates to has been judged with it."""
        if self._gate.enforces and (place := here()) is not None and (url := reading.aim(action)):
            _of(place.run).add(origin_of(url))

    async def shown(self, wrapped: Wrapped, session: Any, args: Any, kwargs: Any) -> Any:
        """`BrowserSession.get_browser_state_summary`: what the model is about to be shown.

        Raises:
            LandingError: no page was left that it may be shown.
        """
        place = here()
        if not self._gate.enforces or place is None or place.calls:  # within an action nobody is shown it
            return await wrapped(*args, **kwargs)
        for _ in range(ROUNDS):
            state = await wrapped(*args, **kwargs)
            refusal = await self._left(place.run, session, state)
            if refusal is None:
                return state
            reading.tell(refusal, place.run.subject)
        raise LandingError("the browser came to one page after the other that is refused")

    async def acted_on(self, session: Any) -> Refusal | None:
        """Why the page that the next action is about must not be acted on; it has been left then."""
        place = here()
        if not self._gate.enforces or place is None or place.calls or session is None:
            return None
        try:
            refusal = await self._judged(place.run, str(await session.get_current_page_url()))
            if refusal is not None:
                await _leave(session, reading.focus(session))
        except Exception as error:  # noqa: BLE001  # what cannot be decided is refused
            report(Landings.acted_on.__qualname__, error, "the action is refused")
            return UNDECIDED
        return refusal

    async def _left(self, run: LiveRun, session: Any, state: Any) -> Refusal | None:
        """Leave what the model must not be shown; None where there is nothing of it."""
        focus, known = reading.focus(session), _of(run)
        # A state's address is read before its page, which may be the next one already.
        for url in (str(state.url), str(await session.get_current_page_url())):
            if (refusal := await self._judged(run, url)) is not None:
                await _leave(session, focus)
                return refusal
        if known.tabs is None:
            known.tabs = frozenset(str(tab.target_id) for tab in state.tabs)
        for tab in state.tabs:
            if tab.target_id == focus or tab.target_id in known.tabs:
                continue
            if (refusal := await self._judged(run, str(tab.url))) is not None:
                await asyncio.wait_for(session._cdp_close_page(tab.target_id), _SECONDS)
                return refusal
        return None

    async def _judged(self, run: LiveRun, url: str) -> Refusal | None:
        origin, known = origin_of(url), _of(run)
        if not origin or origin in known.origins:
            return None
        wanted = Wanted(tool=reading.NAVIGATE, arguments={"url": url})
        async with self._gate.action(lambda _: wanted, pause=lambda: self._pause(run.subject)) as action:
            if action.refusal is None:
                known.add(origin)
        return action.refusal


def origin_of(url: str) -> str:
    """The origin of a page, "" of what the browser shows by itself, and the page's digest where it has no origin."""
    encoded = url.encode(errors="replace")
    digest = sha256(encoded).hexdigest()
    try:
        read = can_ada.parse(encoded.decode())
    except ValueError:
        return digest if url else ""
    if str(read.protocol).rstrip(":") in _OWN:
        return ""
    origin = str(read.origin)
    return digest if origin == "null" else origin


async def _leave(session: Any, target_id: Any) -> None:
    """Let a tab show an empty page."""
    tab = await session.get_or_create_cdp_session(target_id=target_id)
    going = tab.cdp_client.send.Page.navigate(params={"url": "about:blank"}, session_id=tab.session_id)
    await asyncio.wait_for(going, _SECONDS)


def _of(run: LiveRun) -> _Known:
    return _known.setdefault(run, _Known())
