"""What happens at each wrapped place of browser-use: the agent's own call, inside a block of its live run."""

from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
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
_MARK = "_sentric_ainvoke"
"""On a model: our wrapper of its `ainvoke`. A model is wrapped once, however many agents share it."""


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

    def register_llm(self, wrapped: Callable[..., Any], tokens: Any, args: Any, kwargs: Any) -> Any:
        """`TokenCost.register_llm`, which every model of an agent goes through."""
        model = wrapped(*args, **kwargs)
        observe_model(model)
        return model

    @contextmanager
    def watch(self, agent: Any) -> Generator[LiveRun | None, None, None]:
        """Observe this one agent in the block, which is one run."""
        run = self.begin(agent)
        if run is None:
            yield None
            return
        tools, act = agent.tools, agent.tools.act

        async def observed(*args: Any, **kwargs: Any) -> Any:
            return await self.act(act, tools, args, kwargs)

        with ExitStack() as stack:
            for model in reading.models(agent):
                if undo := observe_model(model):
                    stack.callback(undo)
            stack.callback(_restore, tools, "act", tools.__dict__.get("act"))
            tools.act = observed
            with running(run, lambda: _ended(agent)):
                yield run

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


def observe_model(model: Any) -> Callable[[], None] | None:
    """Observe the calls of a model, once; gives what undoes it."""
    if getattr(model, _MARK, None) is not None:
        return None
    ainvoke = model.ainvoke

    async def observed(*args: Any, **kwargs: Any) -> Any:
        place = here()
        asked = None if place is None or place.asking else _asked(model, args, kwargs)
        if place is None or asked is None:
            return await ainvoke(*args, **kwargs)
        with place.run.model_call(asked) as call:
            answer = await ainvoke(*args, **kwargs)
            _note_usage(call, answer)
        return answer

    before = vars(model).get("ainvoke")
    object.__setattr__(model, "ainvoke", observed)
    object.__setattr__(model, _MARK, observed)
    return lambda: _unobserve(model, observed, before)


@shielded(None)
def _unobserve(model: Any, observed: Any, before: Any) -> None:
    if vars(model).get("ainvoke") is observed:  # else another layer has wrapped it since, and must not be lost
        _restore(model, "ainvoke", before)
        object.__delattr__(model, _MARK)


def _restore(owner: Any, name: str, before: Any) -> None:
    if before is None:
        object.__delattr__(owner, name)
    else:
        object.__setattr__(owner, name, before)


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
