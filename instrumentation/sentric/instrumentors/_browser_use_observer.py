"""What happens at each wrapped place of browser-use: the agent's own call, inside a block of its live run."""

from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import RLock
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from sentric.guard.boundary import shielded
from sentric.guard.calls import Asked, ModelCall, Wanted
from sentric.guard.live_run import LiveRun
from sentric.guard.place import here
from sentric.instrumentors import _browser_use_reading as reading
from sentric.settings import Settings
from sentric.tracing.telemetry import Telemetry

Wrapped: TypeAlias = Callable[..., Awaitable[Any]]
Wrapper: TypeAlias = Callable[[Wrapped, Any, Any, Any], Awaitable[Any]]
"""Makes the call in place of a method; given the method, its object, and the positional and keyword arguments."""
_laying = RLock()
"""Reentrant: a block that is collected as garbage lifts its layers wherever that happens."""


class Observer:
    """Observes browser-use agents with one pipeline and one set of settings."""

    def __init__(self, telemetry: Telemetry, settings: Settings, version: str) -> None:
        self._telemetry, self._settings, self._version = telemetry, settings, version
        self._stepped: WeakKeyDictionary[Any, LiveRun] = WeakKeyDictionary()

    @shielded(None)
    def begin(self, agent: Any) -> LiveRun | None:
        """Begin a run of an agent; None if that fails: then the agent runs unobserved."""
        return LiveRun(
            self._telemetry,
            self._settings,
            reading.about(agent, self._version),
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
            return await wrapped(*args, **kwargs)
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

    async def act(self, wrapped: Wrapped, tools: Any, args: Any, kwargs: Any) -> Any:
        """`Tools.act`."""
        place = here()
        wanted = None if place is None else _wanted(place.run, args, kwargs)
        if place is None or wanted is None:
            return await wrapped(*args, **kwargs)
        with place.run.action(wanted) as action:
            result = await wrapped(*args, **kwargs)
            action.finished(**_outcome(result))
        return result

    async def ask(self, wrapped: Wrapped, model: Any, args: Any, kwargs: Any) -> Any:
        """`ainvoke` of a model."""
        place = here()
        asked = None if place is None or place.asking else _asked(model, args, kwargs)
        if place is None or asked is None:
            return await wrapped(*args, **kwargs)
        with place.run.model_call(asked) as call:
            answer = await wrapped(*args, **kwargs)
            _note_usage(call, answer)
        return answer

    def register_llm(self, wrapped: Callable[..., Any], tokens: Any, args: Any, kwargs: Any) -> Any:
        """`TokenCost.register_llm`, which every model of an agent goes through."""
        model = wrapped(*args, **kwargs)
        lay(model, "ainvoke", self.ask)
        return model

    @contextmanager
    def watch(self, agent: Any) -> Generator[LiveRun | None, None, None]:
        """Observe this one agent in the block, which is one run."""
        run = self.begin(agent)
        if run is None:
            yield None
            return
        with ExitStack() as layers:
            self._lay_all(agent, layers)
            with running(run, lambda: _ended(agent)):
                yield run

    @shielded(None)
    def _lay_all(self, agent: Any, layers: ExitStack) -> None:
        layers.callback(lay(agent.tools, "act", self.act))
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
        with running(run, lambda: how(agent)):
            return await wrapped(*args, **kwargs)


@contextmanager
def running(run: LiveRun, how: Callable[[], Mapping[str, Any]]) -> Generator[None, None, None]:
    """A whole run: the agent's error ends it and goes on its way; else `how` says how it ended."""
    with run.current():
        try:
            yield
        except BaseException as error:
            name = type(error).__qualname__
            run.end(error=str(error) or name, error_type=name)
            raise
        run.end(**how())


@dataclass(slots=True, eq=False)
class _Layer:
    """Our wrapper of a method of one object. Agents that share the object share it, and the last one lifts it."""

    owner: Any
    name: str
    wrapper: Wrapped
    before: Any
    """What the object itself held under this name; None where it had the method from its class."""
    users: int = 0

    def lay(self) -> None:
        object.__setattr__(self.owner, self.name, self.wrapper)
        object.__setattr__(self.owner, _mark(self.name), self)

    @shielded(None)
    def lift(self) -> None:
        with _laying:
            self.users -= 1
            # One that somebody else has wrapped since stays where it is, so that theirs is not lost with it. The mark
            # stays too, for the next user; outside of a run the layer does nothing.
            if self.users or vars(self.owner).get(self.name) is not self.wrapper:
                return
            if self.before is None:
                object.__delattr__(self.owner, self.name)
            else:
                object.__setattr__(self.owner, self.name, self.before)
            object.__delattr__(self.owner, _mark(self.name))


@shielded(lambda: None)
def lay(owner: Any, name: str, wrapper: Wrapper) -> Callable[[], None]:
    """Let the calls of a method of one object go through `wrapper`.

    Returns:
        What ends this use. The object is as it was when all its uses have ended, in whatever order.
    """
    with _laying:
        layer: _Layer | None = vars(owner).get(_mark(name))
        if layer is None or layer.owner is not owner:  # a copy of an object brings along the mark of the other
            layer = _Layer(owner, name, _through(wrapper, getattr(owner, name), owner), vars(owner).get(name))
            layer.lay()
        layer.users += 1
    return layer.lift


def _through(wrapper: Wrapper, wrapped: Wrapped, owner: Any) -> Wrapped:
    async def observed(*args: Any, **kwargs: Any) -> Any:
        return await wrapper(wrapped, owner, args, kwargs)

    return observed


def _mark(name: str) -> str:
    return f"_sentric_{name}"


@shielded(None)
def _wanted(run: LiveRun, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Wanted | None:
    action, session = _argument(args, kwargs, 0, "action"), _argument(args, kwargs, 1, "browser_session")
    run.add_secrets(reading.typed_secrets(action, run.subject, session))
    run.add_secrets(reading.sensitive(kwargs.get("sensitive_data")))
    return reading.wanted(action, run.subject, session)


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
