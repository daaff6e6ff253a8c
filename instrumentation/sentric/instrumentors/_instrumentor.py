"""What the instrumentors of all frameworks have in common: each states what it wraps, and here it is wrapped.

Nothing of a framework, and little of ours, is imported before the agent's program imports the framework. Where nothing
is enforced, whatever stands in the way is logged in one line, and the agent runs unobserved. Where it is, the
framework's import fails: an agent that would not be held to anything does not begin.
"""

import logging
import re
import sys
from collections.abc import Callable, Collection, Mapping
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, Any, ClassVar

import wrapt
from opentelemetry.instrumentation.instrumentor import BaseInstrumentor  # type: ignore[attr-defined]  # it exports nothing by name
from opentelemetry.instrumentation.utils import unwrap

from sentric.errors import SentricError, SettingError
from sentric.guard.boundary import shielded
from sentric.settings import Settings, is_to_be_enforced
from sentric.tracing.exit import SharedExit, flush
from sentric.tracing.telemetry import Telemetry, configured

if TYPE_CHECKING:
    from sentric.guard.gate import Gate

_ENFORCE = "enforce"

_logger = logging.getLogger("sentric")


class GuardError(SentricError):
    """A framework cannot be guarded, so it must not be used where that is wanted."""


class FrameworkInstrumentor(BaseInstrumentor):  # type: ignore[misc]
    """Watches every agent of one framework in the process.

    `instrument` takes `settings`, `tracer_provider` and `logger_provider`; without them the environment and the
    process's own providers are used. It raises nothing, but a `GuardError` where verdicts are to be enforced, the
    framework is imported already, and it cannot be guarded.

    A subclass states:
        distribution: name of the framework's distribution.
        oldest: oldest supported version.
        places: what is wrapped, by module: names of functions, each with the method of the observer that wraps it.
            `a|b`: what one place is called in different versions, of which the first that is there is wrapped.
        optional: those of them that only some versions have.
        uncovered: what of the framework goes other ways and is not guarded; said once where verdicts are enforced.
    """

    distribution: ClassVar[str]
    oldest: ClassVar[tuple[int, ...]]
    places: ClassVar[Mapping[str, Mapping[str, str]]]
    optional: ClassVar[frozenset[str]] = frozenset()
    uncovered: ClassVar[str] = ""

    _wrapping: "Wrapping | None" = None

    def observer(self, gate: "Gate") -> object:
        """What has the methods that `places` names; made when the framework is imported."""
        raise NotImplementedError

    def instrumentation_dependencies(self) -> Collection[str]:
        """None: an unsupported version is reported here, so that it switches off nothing else."""
        return ()

    def _instrument(self, **kwargs: Any) -> None:
        settings, problem = _settings() if kwargs.get("settings") is None else (kwargs["settings"], "")
        if settings is None or settings.disabled:
            return
        telemetry = Telemetry.of(kwargs.get("tracer_provider"), kwargs.get("logger_provider"))
        wrapping = self._wrapping = Wrapping(self, telemetry, settings, problem)
        if settings.mode == _ENFORCE:
            wrapping.begin()
        else:
            shielded(None)(wrapping.begin)()

    @shielded(None)
    def _uninstrument(self, **kwargs: Any) -> None:
        if self._wrapping is not None:
            self._wrapping.undo()
            self._wrapping = None


class Wrapping:
    """What one call of `instrument` has changed."""

    def __init__(
        self, instrumentor: FrameworkInstrumentor, telemetry: Telemetry, settings: Settings, problem: str = ""
    ) -> None:
        """Prepare it.

        Args:
            instrumentor: of the framework.
            telemetry: where spans and log records go.
            settings: of all runs.
            problem: why nothing can be guarded, although it is to be.
        """
        self._instrumentor = instrumentor
        self._telemetry, self._settings, self._problem = telemetry, settings, problem
        self._observer: object = None
        self._undo: list[Callable[[], object]] = []
        self._active = True

    def begin(self) -> None:
        """Wrap what is imported, and what will be."""
        self._undo.append(SharedExit.take(configured(), self._settings.exit_timeout, before=_end_open_runs))
        try:
            for name in self._instrumentor.places:
                wrapt.when_imported(name)(self._imported)
        except BaseException as error:
            self._problem = self._problem or f"{self._instrumentor.distribution}: {type(error).__name__}"
            self._forget()
            raise

    def _forget(self) -> None:
        """Let what has been imported of a framework that cannot be guarded be imported anew, which fails.

        `opentelemetry-instrument` goes on with the agent's program where an instrumentor has failed.
        """
        packages = {name.partition(".")[0] for name in self._instrumentor.places}
        for name in [name for name in sys.modules if name.partition(".")[0] in packages]:
            del sys.modules[name]
        for name in self._instrumentor.places:
            wrapt.when_imported(name)(self._imported)

    def undo(self) -> None:
        """Put everything back; modules imported from now on stay as they are."""
        self._active = False
        for undo in reversed(self._undo):
            undo()

    def _imported(self, module: Any) -> None:
        if not self._active:
            return
        if self._settings.mode == _ENFORCE:
            self._wrap_or_refuse(module)
        else:
            shielded(None)(self._wrap_all)(module)

    def _wrap_or_refuse(self, module: Any) -> None:
        """Wrap what is in a module, or let nobody import it: not when they try again either."""
        try:
            self._wrap_all(module)
        except BaseException:
            sys.modules.pop(module.__name__, None)
            wrapt.when_imported(module.__name__)(self._imported)
            raise

    def _wrap_all(self, module: Any) -> None:
        if self._problem:
            self._stand_in_the_way(self._problem)
        version = supported_version(self._instrumentor.distribution, self._instrumentor.oldest)
        if not version.supported:
            if version.version or self._is_the_framework(module):
                self._stand_in_the_way(version.problem)
            return
        if self._observer is None:
            from sentric.guard.gate import Gate

            framework = f"{self._instrumentor.distribution} {version.version}"
            uncovered = self._instrumentor.uncovered
            self._observer = self._instrumentor.observer(Gate(self._telemetry, self._settings, framework, uncovered))
            if uncovered and self._settings.mode == _ENFORCE:
                _logger.warning("sentric: not guarded in %s: %s", framework, uncovered)
        for names, method in self._instrumentor.places[module.__name__].items():
            wrapper = getattr(self._observer, method)
            if (
                not any(self._wrap(module, name, wrapper) for name in names.split("|"))
                and names not in self._instrumentor.optional
            ):
                found = names.replace("|", " or ")
                self._stand_in_the_way(f"{module.__name__} has no {found}: this part of it is not observed")

    def _is_the_framework(self, module: Any) -> bool:
        """Whether a module is the framework's, and not one of the program's own that has the same name."""
        places = self._instrumentor.places[module.__name__]
        return any(_found(module, name) is not None for names in places for name in names.split("|"))

    def _wrap(self, module: Any, name: str, wrapper: Callable[..., Any]) -> bool:
        """Wrap a function, if it is there."""
        if (holder := _found(module, name)) is None:
            return False
        wrapt.wrap_function_wrapper(module, name, wrapper)
        self._undo.append(lambda: unwrap(holder, name.rpartition(".")[2]))
        return True

    def _stand_in_the_way(self, problem: str) -> None:
        if self._settings.mode == _ENFORCE:
            self._problem = problem
            raise GuardError(f"sentric: {problem}; without that SENTRIC_MODE=enforce is not possible")
        if problem not in _reported:
            _reported.add(problem)
            _logger.warning("sentric: %s", problem)


def _found(module: Any, name: str) -> Any:
    """What has a function, the module or a class in it; None where it is not there."""
    owner, _, attribute = name.rpartition(".")
    holder = getattr(module, owner, None) if owner else module
    return holder if hasattr(holder, attribute) else None


_reported: set[str] = set()
"""Bounded by the frameworks there are, and what is wrapped in them."""


class Installed:
    """The installed version of a framework.

    Attributes:
        version: "" where there is none.
        problem: why it is not supported, "" where it is.
    """

    def __init__(self, version: str, problem: str) -> None:
        self.version, self.problem = version, problem

    @property
    def supported(self) -> bool:
        """Whether it is there, and not too old."""
        return bool(self.version) and not self.problem


@cache
def supported_version(distribution: str, oldest: tuple[int, ...]) -> Installed:
    """Look up the installed version of a framework."""
    try:
        version = metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return Installed("", f"{distribution} is not installed as a distribution")
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[: len(oldest)])
    if numbers < oldest:
        least = ".".join(map(str, oldest))
        return Installed(
            version, f"{distribution} {version} is too old to be observed: install {distribution}>={least}"
        )
    return Installed(version, "")


def _settings() -> tuple[Settings | None, str]:
    """The settings, and why they cannot be used. None: nothing is observed."""
    try:
        return Settings.load(), ""
    except SettingError as error:
        if is_to_be_enforced():
            return Settings(mode=_ENFORCE), str(error)
        _logger.error("sentric: nothing is observed: %s", error)
        return None, str(error)


def _end_open_runs() -> None:
    if live_run := sys.modules.get("sentric.guard.live_run"):  # else there was no run
        live_run.end_open_runs("the process ended")


@shielded(None)
def send_what_is_left(timeout: float) -> None:
    """End what is open and send it, in at most `timeout` seconds: for frameworks that leave without exit handlers."""
    _end_open_runs()
    flush(configured(), timeout)
