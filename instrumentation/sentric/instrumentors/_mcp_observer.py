"""What happens at each wrapped place of MCP's client: the session's own request, inside a block of a live run."""

from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakKeyDictionary, WeakSet, ref

from sentric.events import Source
from sentric.guard.boundary import shielded
from sentric.guard.calls import Seen, Wanted
from sentric.guard.gate import Gate
from sentric.guard.live_run import LiveRun
from sentric.guard.place import here
from sentric.instrumentors import _mcp_reading as reading
from sentric.instrumentors._layer import Wrapped
from sentric.instrumentors._listed import listed

_GUARDED = frozenset({reading.CALL, reading.READ, reading.PROMPT})


class Observer:
    """Watches MCP sessions through one gate."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._greetings: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
        self._runs: WeakKeyDictionary[Any, ref[LiveRun]] = WeakKeyDictionary()
        self._greeted: WeakKeyDictionary[LiveRun, WeakSet[Any]] = WeakKeyDictionary()

    async def call_tool(self, wrapped: Wrapped, session: Any, args: Any, kwargs: Any) -> Any:
        """`ClientSession.call_tool`."""

        def read(run: LiveRun) -> Wanted:
            name, arguments = _argument(args, kwargs, 0, "name"), _argument(args, kwargs, 1, "arguments")
            return self._told(run, session, reading.called(str(name), arguments, self._server(session)))

        async with self._gate.action(read, agent=reading.AGENT) as action:
            if action.refusal is not None:
                return reading.refused(action.refusal)
            result = await wrapped(*args, **kwargs)
            action.finished(**_outcome(result))
        return result

    async def send(self, wrapped: Wrapped, session: Any, args: Any, kwargs: Any) -> Any:
        """`ClientSession.send_request`, which every request goes through: also those of `call_tool`."""
        method, params = reading.request_of(_argument(args, kwargs, 0, "request"))
        if method not in _GUARDED:
            result = await wrapped(*args, **kwargs)
            self._hear(session, method, result)
            return result

        def read(run: LiveRun) -> Wanted:
            return self._told(run, session, reading.wanted(method, params, self._server(session)))

        async with self._gate.action(read, agent=reading.AGENT) as action:
            if action.refusal is not None:
                raise reading.error(action.refusal)
            result = await wrapped(*args, **kwargs)
            action.finished(**_outcome(result))
        return result

    def begin(self, wrapped: Callable[..., Any], session: Any, args: Any, kwargs: Any) -> Any:
        """`ClientSession.__init__`."""
        wrapped(*args, **kwargs)
        self._listen(session)

    @shielded(None)
    def _listen(self, session: Any) -> None:
        """Hear what servers want models to be asked, where the client asks them."""
        answer = getattr(session, "_sampling_callback", None)
        if answer is not None and not str(getattr(answer, "__module__", "")).startswith("mcp.client."):
            session._sampling_callback = self._heard(answer)

    def _heard(self, answer: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def heard(context: Any, params: Any) -> Any:
            self._overhear(getattr(context, "session", None), params)
            return await answer(context, params)

        return heard

    @shielded(None)
    def _overhear(self, session: Any, params: Any) -> None:
        place, known = here(), self._runs.get(session)
        run = place.run if place is not None else known() if known is not None else None
        if run is not None:
            with run.hearing():
                _observe(run, self._server(session), reading.asked_of_model(params))

    @shielded(None)
    def _hear(self, session: Any, method: str, result: Any) -> None:
        place = here()
        if method == reading.INITIALIZE:
            self._greetings[session] = result
        elif method == reading.LIST:
            server, tools = self._server(session), reading.definitions(result)
            listed.note(server, tools)
            for tool in result.tools[: reading.PARTS_READ]:
                listed.remember(server, tool)
            if place is not None:
                place.run.offer([one for name, _ in tools for one in listed.offered(server, name)])
        elif place is not None and (text := reading.described(result)):
            _observe(place.run, self._server(session), text)

    def _told(self, run: LiveRun, session: Any, wanted: Wanted) -> Wanted:
        """An action, once its run has heard what the server says of itself and of the tool."""
        self._runs[session] = ref(run)
        with run.hearing():
            greeted = self._greeted.setdefault(run, WeakSet())
            if session not in greeted:
                greeted.add(session)
                _observe(run, wanted.server, str(self._of_server(session, "instructions") or ""))
        place = here()
        if place is None or not place.holds(wanted.call):  # else the framework has told of it, as it names the server
            run.offer(listed.offered(wanted.server, wanted.tool))
        return wanted

    def _server(self, session: Any) -> str:
        return reading.server_name(self._of_server(session, "server_info", "serverInfo"))

    def _of_server(self, session: Any, *names: str) -> Any:
        """What a server has said of itself: newer sessions keep it."""
        holders = (session, self._greetings.get(session))
        return next((found for one in holders for name in names if (found := getattr(one, name, None))), None)


def _observe(run: LiveRun, server: str, text: str) -> None:
    if text:
        run.observe(Seen(source=Source.RESOURCE, origin=server, text=text))


def _outcome(result: Any) -> dict[str, str]:
    return shielded({})(reading.outcome)(result)


def _argument(args: tuple[Any, ...], kwargs: Any, position: int, name: str) -> Any:
    return args[position] if len(args) > position else kwargs.get(name)
