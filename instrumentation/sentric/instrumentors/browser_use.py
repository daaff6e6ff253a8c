"""browser-use: agents that drive a browser.

Wrapped are an agent's run and step, its models, and `Tools.act`, through which every action of an agent goes. Not
seen are `browser_use.beta`, `browser_use.actor`, `code_use` and browser-use's own MCP server, which go other ways.
"""

import logging
import re
import sys
from collections.abc import Callable, Collection
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, Any

import wrapt
from opentelemetry.instrumentation.instrumentor import BaseInstrumentor  # type: ignore[attr-defined]  # it exports nothing by name
from opentelemetry.instrumentation.utils import unwrap

from sentric.errors import SettingError
from sentric.guard.boundary import shielded
from sentric.settings import Settings
from sentric.tracing.exit import BoundedExit, flush
from sentric.tracing.telemetry import Telemetry, configured

if TYPE_CHECKING:
    from sentric.instrumentors._browser_use_observer import Observer

DISTRIBUTION = "browser-use"
OLDEST = (0, 9)
"""Oldest supported version: before it, actions had other names."""
_PLACES = {
    "browser_use.agent.service": {"Agent.run": "run", "Agent.rerun_history": "rerun", "Agent.step": "step"},
    "browser_use.tools.service": {"Tools.act": "act"},
    "browser_use.tokens.service": {"TokenCost.register_llm": "register_llm"},
}
"""What is wrapped, by module, and the method of the observer that wraps it."""

_logger = logging.getLogger("sentric")


class BrowserUseInstrumentor(BaseInstrumentor):  # type: ignore[misc]
    """Observes every browser-use agent of the process.

    `instrument` takes `settings`, `tracer_provider` and `logger_provider`; without them the environment and the
    process's own providers are used. It never raises: what stands in the way is logged in one line.
    """

    _wrapping: "_Wrapping | None" = None

    def instrumentation_dependencies(self) -> Collection[str]:
        """None: an unsupported version is reported here, so that it switches off nothing else."""
        return ()

    @shielded(None)
    def _instrument(self, **kwargs: Any) -> None:
        settings = kwargs.get("settings") or _settings()
        if settings is None or settings.disabled:
            return
        telemetry = Telemetry.of(kwargs.get("tracer_provider"), kwargs.get("logger_provider"))
        self._wrapping = _Wrapping(telemetry, settings)

    @shielded(None)
    def _uninstrument(self, **kwargs: Any) -> None:
        if self._wrapping is not None:
            self._wrapping.undo()
            self._wrapping = None


class _Wrapping:
    """What one call of `instrument` has changed."""

    def __init__(self, telemetry: Telemetry, settings: Settings) -> None:
        self._telemetry, self._settings = telemetry, settings
        self._observer: Observer | None = None
        self._undo: list[Callable[[], object]] = []
        self._active = True
        self._providers = configured()
        bounded = BoundedExit(self._providers, settings.exit_timeout, before=_end_open_runs)
        self._undo.append(bounded.hand_back)
        # Nothing of browser-use, and little of ours, is imported before the agent's program imports it.
        for name in (*_PLACES, "browser_use.utils"):
            wrapt.when_imported(name)(self._imported)

    def undo(self) -> None:
        """Put everything back; modules imported from now on stay as they are."""
        self._active = False
        for undo in reversed(self._undo):
            undo()

    @shielded(None)
    def _imported(self, module: Any) -> None:
        version = supported_version()
        if not self._active or not version:
            return
        if module.__name__ == "browser_use.utils":
            self._wrap(module, "SignalHandler.sigterm_handler", self._on_sigterm)
            return
        if self._observer is None:
            from sentric.instrumentors._browser_use_observer import Observer

            self._observer = Observer(self._telemetry, self._settings, version)
        for name, method in _PLACES[module.__name__].items():
            self._wrap(module, name, getattr(self._observer, method))

    def _wrap(self, module: Any, name: str, wrapper: Callable[..., Any]) -> None:
        owner, _, attribute = name.partition(".")
        if not hasattr(getattr(module, owner, None), attribute):
            _logger.warning("sentric: %s has no %s: this part of it is not observed", module.__name__, name)
            return
        wrapt.wrap_function_wrapper(module, name, wrapper)
        self._undo.append(lambda: unwrap(getattr(module, owner), attribute))

    def _on_sigterm(self, wrapped: Callable[..., Any], handler: Any, args: Any, kwargs: Any) -> Any:
        """browser-use leaves at once, without any exit handler, so what is left is sent here."""
        self._send()
        return wrapped(*args, **kwargs)

    @shielded(None)
    def _send(self) -> None:
        _end_open_runs()
        flush(self._providers, self._settings.exit_timeout)


@cache
def supported_version() -> str:
    """The installed version of browser-use; "" where there is none, or one that is too old, which is logged once."""
    try:
        version = metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return ""
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
    if numbers < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        _logger.warning(
            "sentric: %s %s is too old to be observed: install %s>=%s", DISTRIBUTION, version, DISTRIBUTION, oldest
        )
        return ""
    return version


def _settings() -> Settings | None:
    try:
        return Settings.load()
    except SettingError as error:
        _logger.error("sentric: nothing is observed: %s", error)
        return None


def _end_open_runs() -> None:
    if live_run := sys.modules.get("sentric.guard.live_run"):  # else there was no run
        live_run.end_open_runs("the process ended")
