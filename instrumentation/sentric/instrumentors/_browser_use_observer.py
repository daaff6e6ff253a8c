"""What happens at each wrapped place of browser-use: the agent's own call, inside a block of its live run."""

import asyncio
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any
from weakref import WeakKeyDictionary

from sentric.guard.boundary import shielded
from sentric.guard.calls import Asked, ModelCall, Wanted
from sentric.guard.gate import Gate
from sentric.guard.live_run import LiveRun
from sentric.guard.place import here
from sentric.guard.stated_run import running
from sentric.instrumentors import _browser_use_reading as reading
from sentric.instrumentors._browser_use_landing import Landings
from sentric.instrumentors._browser_use_patience import Patience
from sentric.instrumentors._instrumentor import GuardError, send_what_is_left
from sentric.instrumentors._layer import Wrapped, is_laid, lay
from sentric.instrumentors._listed import listed

RENEWED_WITHIN = 30.0
"""Seconds in which a page is looked at anew; browser-use gives itself as many."""


class Observer:
    """Watches browser-use agents through one gate."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._patience = Patience()
        self._landings = Landings(gate, self._patience.pause)
        self._stepped: WeakKeyDictionary[Any, LiveRun] = WeakKeyDictionary()

    @shielded(None)
    def begin(self, agent: Any) -> LiveRun | None:
        """Begin a run of an agent; None if that fails: then the agent runs unobserved."""
        return self._gate.begin(
            lambda: reading.about(agent, self._gate.framework),
            subject=agent,
            secrets=reading.sensitive(getattr(agent, "sensitive_data", None)),
        )

    async def run(self, wrapped: Wrapped, agent: Any, args: Any, kwargs: Any) -> Any:
        """`Agent.run`."""
        return await self._whole_run(wrapped, agent, args, kwargs, _ended)

    async def rerun(self, wrapped: Wrapped, agent: Any, args: Any, kwargs: Any) -> Any:
        """`Agent.rerun_history`: the agent's history is that of the run it repeats."""
        return await self._whole_run(wrapped, agent, args, kwargs, lambda _: {})

    async def step(self, wrapped: Wrapped, agent: Any, args: Any, kwargs: Any) -> Any:
        """`Agent.step`: where a program makes the steps itself, all of them together are one run."""
        place = here()
        if place is not None and place.run.is_of(agent):
            return await self._patience.limited(wrapped, agent, args, kwargs)
        run = self._stepped.get(agent) or self.begin(agent)
        if run is None:
            return await wrapped(*args, **kwargs)
        self._stepped[agent] = run
        with run.current():
            result = await wrapped(*args, **kwargs)
        if _done(agent):
            del self._stepped[agent]
            run.end(**_ended(agent))
        return result

    async def initial(self, wrapped: Wrapped, agent: Any, args: Any, kwargs: Any) -> Any:
        """`Agent._execute_initial_actions`."""
        return await self._patience.limited(wrapped, agent, args, kwargs)

    async def act(self, wrapped: Wrapped, tools: Any, args: Any, kwargs: Any) -> Any:
        """`Tools.act`."""
        if here() is None and not self._gate.enforces:
            return await wrapped(*args, **kwargs)
        agent = None if (place := here()) is None else place.run.subject
        session = _argument(args, kwargs, 1, "browser_session")
        if (refusal := await self._landings.acted_on(session)) is not None:
            return reading.refused(refusal, agent)
        guarded = self._gate.action(
            lambda run: _wanted(run, args, kwargs),
            agent=reading.AGENT,
            pause=lambda: self._patience.pause(agent),
            renew=_renewed(_argument(args, kwargs, 0, "action"), session),
        )
        async with guarded as action:
            if action.refusal is not None:
                return reading.refused(action.refusal, agent)
            self._landings.aimed(_argument(args, kwargs, 0, "action"))
            result = await wrapped(*args, **kwargs)
            action.finished(**_outcome(result))
        return result

    async def shown(self, wrapped: Wrapped, session: Any, args: Any, kwargs: Any) -> Any:
        """`BrowserSession.get_browser_state_summary`."""
        return await self._landings.shown(wrapped, session, args, kwargs)

    async def ask(self, wrapped: Wrapped, model: Any, args: Any, kwargs: Any) -> Any:
        """`ainvoke` of a model."""
        place = here()
        asked = None if place is None or place.asking else _asked(model, args, kwargs)
        if place is None or asked is None:
            return await wrapped(*args, **kwargs)
        if not place.calls:
            _offer(place.run)
        with place.run.model_call(asked) as call:
            answer = await wrapped(*args, **kwargs)
            _note_usage(call, answer)
        return answer

    def register_llm(self, wrapped: Callable[..., Any], tokens: Any, args: Any, kwargs: Any) -> Any:
        """`TokenCost.register_llm`, which every model of an agent goes through."""
        model = wrapped(*args, **kwargs)
        lay(model, "ainvoke", self.ask)
        return model

    def on_sigterm(self, wrapped: Callable[..., Any], handler: Any, args: Any, kwargs: Any) -> Any:
        """`SignalHandler.sigterm_handler`: browser-use leaves at once, without any exit handler."""
        send_what_is_left(self._gate.exit_timeout)
        return wrapped(*args, **kwargs)

    @contextmanager
    def watch(self, agent: Any) -> Generator[LiveRun | None, None, None]:
        """Observe this one agent in the block, which is one run.

        Raises:
            GuardError: it cannot be held to anything, where that is wanted.
        """
        run = self.begin(agent)
        if run is None:
            if self._gate.enforces:
                raise GuardError("sentric: this agent cannot be guarded; the log says why")
            yield None
            return
        with ExitStack() as layers:
            self._lay_all(agent, layers)
            if self._gate.enforces and not is_laid(agent.tools, "act"):
                run.end(error="it cannot be guarded", error_type="not_guarded")
                raise GuardError("sentric: the tools of this agent cannot be guarded; the log says why")
            with self._patient(agent), running(run, lambda: _ended(agent)):
                yield run

    def _patient(self, agent: Any) -> AbstractContextManager[None]:
        return self._patience.taken(agent) if self._gate.enforces else nullcontext()

    @shielded(None)
    def _lay_all(self, agent: Any, layers: ExitStack) -> None:
        layers.callback(lay(agent.tools, "act", self.act))
        if self._gate.enforces:
            layers.callback(lay(agent, "step", self.step))
            layers.callback(lay(agent.browser_session, "get_browser_state_summary", self.shown))
        for model in reading.models(agent):
            layers.callback(lay(model, "ainvoke", self.ask))

    async def _whole_run(
        self, wrapped: Wrapped, agent: Any, args: Any, kwargs: Any, how: Callable[[Any], Mapping[str, Any]]
    ) -> Any:
        place = here()
        if place is not None and place.run.is_of(agent):
            return await wrapped(*args, **kwargs)
        run = self.begin(agent)
        if run is None:
            return await wrapped(*args, **kwargs)
        with self._patient(agent), running(run, lambda: how(agent)):
            return await wrapped(*args, **kwargs)


@shielded(None)
def _offer(run: LiveRun) -> None:
    """Look at the tools anew before the agent's model is asked: a server may have changed them."""
    if run.subject is not None:
        run.offer(reading.offered(run.subject))


def _wanted(run: LiveRun, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Wanted:
    action, session = _argument(args, kwargs, 0, "action"), _argument(args, kwargs, 1, "browser_session")
    run.add_secrets(reading.typed_secrets(action, run.subject, session))
    run.add_secrets(reading.sensitive(kwargs.get("sensitive_data")))
    wanted = reading.wanted(action, run.subject, session)
    run.offer(listed.offered(wanted.server, wanted.tool))
    return wanted


def _renewed(action: Any, session: Any) -> Callable[[], None] | None:
    """What looks at the page anew, from another thread; None where there is no browser."""
    if session is None:
        return None
    loop = asyncio.get_running_loop()

    def renew() -> None:
        asyncio.run_coroutine_threadsafe(reading.renew(action, session), loop).result(RENEWED_WITHIN)

    return renew


@shielded(None)
def _asked(model: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Asked | None:
    place = here()
    if place is None:
        return None
    messages, output = _argument(args, kwargs, 0, "messages"), _argument(args, kwargs, 1, "output_format")
    return reading.asked(model, messages, output, place.run.subject, in_action=bool(place.calls))


@shielded(None)
def _note_usage(call: ModelCall, answer: Any) -> None:
    if usage := getattr(answer, "usage", None):
        call.used(usage.prompt_tokens, usage.completion_tokens)


def _outcome(result: Any) -> dict[str, str]:
    return shielded({})(reading.outcome)(result)


def _ended(agent: Any) -> Mapping[str, Any]:
    return shielded({})(reading.ended)(agent)


def _done(agent: Any) -> bool:
    return shielded(False)(reading.is_done)(agent)


def _argument(args: tuple[Any, ...], kwargs: Mapping[str, Any], position: int, name: str) -> Any:
    return args[position] if len(args) > position else kwargs.get(name)
