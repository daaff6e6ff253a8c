"""One session with Claude Code: a run, from the first prompt until the session is closed.

Sub-agents act in it too: what they want is judged by what the whole session has seen, and adds to the same sums.
"""

from collections import OrderedDict
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from opentelemetry import trace
from opentelemetry.trace import Span

from sentric.events import Author
from sentric.guard.action import GuardedAction
from sentric.guard.boundary import report, shielded
from sentric.guard.calls import Wanted
from sentric.guard.gate import Gate
from sentric.guard.live_run import About, LiveRun
from sentric.guard.place import Place, Stay, here
from sentric.guard.refusal import UNDECIDED, Refusal
from sentric.instrumentors import _claude_agent_sdk_reading as reading

OPEN_LIMIT = 256
"""Most calls under way at a time, and most that the model has reasons for; the oldest is given up first."""
THOUGHTS_LIMIT = 1 << 16
"""Characters of a message's thoughts."""


@dataclass(frozen=True, slots=True)
class _Open:
    """A call under way."""

    action: GuardedAction
    wanted: Wanted
    place: Place | None
    span: Span


class Session:
    """What is heard of one session, and what is said to it."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._run: LiveRun | None = None
        self._open: OrderedDict[str, _Open] = OrderedDict()
        self._reasons: OrderedDict[str, str] = OrderedDict()
        self._message, self._thoughts, self._failure = "", "", ""

    # --- hooks: Claude Code waits for what they answer ---------------------------------------------------------

    async def prompted(self, given: Any, _: str | None, __: Any) -> dict[str, Any]:
        """`UserPromptSubmit`: the human's turn. The first one is the task."""
        self._heard_prompt(reading.mapping(given))
        return {}

    async def wants(self, given: Any, call_id: str | None, _: Any) -> dict[str, Any]:
        """`PreToolUse`: it must never fail, because then some versions of Claude Code call the tool."""
        refusal = await self.refusal(given, call_id)
        return {} if refusal is None else reading.denied(refusal)

    async def refusal(self, given: Any, call_id: str | None, instead: object = None) -> Refusal | None:
        """Judge a call, or what somebody has made of it instead."""
        try:
            asked = reading.mapping(given)
            called = call_id or reading.text(asked.get("tool_use_id"))
            arguments = asked.get("tool_input") if instead is None else instead
            reasons = self._reasons.get(called, "")
            wanted = reading.wanted(reading.text(asked.get("tool_name")), arguments, called, reasons)
            return await self._judged(self._running(reading.text(asked.get("session_id"))), wanted)
        except Exception as error:  # noqa: BLE001  # held back where nothing is enforced, refused where it is
            report(Session.refusal.__qualname__, error)
            return UNDECIDED if self._gate.enforces else None

    async def _judged(self, run: LiveRun | None, wanted: Wanted) -> Refusal | None:
        if run is None:
            return UNDECIDED if self._gate.enforces else None
        action = run.action(wanted)
        with run.current():
            await action.__aenter__()
            place, span = here(), trace.get_current_span()
        if action.refusal is not None:
            action.__exit__(None, None, None)
            return action.refusal
        self._given_up(wanted.call_id)  # what was judged before under this id is not what will be done
        self._open[wanted.call_id] = _Open(action, wanted, place, span)
        while len(self._open) > OPEN_LIMIT:
            self._given_up(next(iter(self._open)))
        return None

    # --- what it says ------------------------------------------------------------------------------------------

    @shielded(None)
    def hear(self, message: Any) -> None:
        """A message of the stream, before Claude Code goes on."""
        match reading.mapping(message).get("type"):
            case "assistant":
                self._heard_model(message)
            case "user":
                for block in reading.blocks(message):
                    if block.get("type") == "tool_result":
                        self._ended(reading.text(block.get("tool_use_id")), **reading.result(block))
            case "result":
                self._failure = reading.failure(message)
                self._said()
            case _:
                pass

    @contextmanager
    def inside(self, server: str, tool: str, arguments: Mapping[str, Any]) -> Generator[None, None, None]:
        """A tool of this process is called: within the action that was judged."""
        found = self._call(server, tool, arguments)
        if found is None or found.place is None:
            yield
            return
        stay = Stay(found.place, found.span)
        try:
            yield
        finally:
            stay.leave()

    @shielded(None)
    def end(self) -> None:
        """The session is closed."""
        for call_id in list(self._open):
            self._given_up(call_id)
        if self._run is not None:
            self._run.end(error=self._failure, error_type="agent_error" if self._failure else "")
            self._run = None

    # --- inside ------------------------------------------------------------------------------------------------

    def _running(self, session_id: str, task: str = "") -> LiveRun | None:
        if self._run is None:
            about = About(agent=reading.AGENT, framework=self._gate.framework, conversation=session_id, task=task)
            self._run = self._gate.begin(about)
        return self._run

    @shielded(None)
    def _heard_prompt(self, given: Mapping[str, Any]) -> None:
        prompt = reading.text(given.get("prompt"))
        if self._run is None:
            self._running(reading.text(given.get("session_id")), prompt)
        else:
            self._run.message(Author.USER, prompt)

    def _heard_model(self, message: Mapping[str, Any]) -> None:
        """The parts of one answer come one by one; its thoughts are the reasons of all its calls."""
        body = reading.mapping(message.get("message"))
        if (name := reading.text(body.get("id"))) != self._message:
            self._said()
            self._message = name
        for block in reading.blocks(message):
            if said := reading.said(block):
                self._thoughts = "\n".join(filter(None, (self._thoughts, said)))[:THOUGHTS_LIMIT]
            elif block.get("type") == "tool_use":
                self._reasons[reading.text(block.get("id"))] = self._thoughts
                while len(self._reasons) > OPEN_LIMIT:
                    self._reasons.popitem(last=False)

    def _said(self) -> None:
        """An answer without calls is a message; one with calls was heard as their reasons."""
        thoughts, self._thoughts = self._thoughts, ""
        if thoughts and self._run is not None and thoughts not in self._reasons.values():
            self._run.message(Author.MODEL, thoughts)

    def _call(self, server: str, tool: str, arguments: Mapping[str, Any]) -> _Open | None:
        wanted = Wanted(tool=tool, arguments=arguments, server=server)
        for open_call in reversed(self._open.values()):
            if open_call.wanted.is_same(wanted):
                return open_call
        return None

    def _ended(self, call_id: str, result: str = "", error: str = "") -> None:
        self._reasons.pop(call_id, None)
        if (found := self._open.pop(call_id, None)) is not None:
            found.action.finished(result, error)
            found.action.__exit__(None, None, None)

    def _given_up(self, call_id: str) -> None:
        if (found := self._open.pop(call_id, None)) is not None:
            found.action.finished(error="how it ended was not seen", error_type="unseen")
            found.action.__exit__(None, None, None)
