"""What a process's own code is guarded with: made once for the same settings, when it is first needed."""

import logging
import platform
from collections.abc import Callable
from functools import cache, lru_cache
from urllib.parse import urlsplit

from opentelemetry import trace

from sentric.errors import SentricError, SettingError
from sentric.forks import process_lock
from sentric.guard.boundary import report
from sentric.guard.calls import Wanted
from sentric.guard.enforcement import complain
from sentric.guard.gate import Gate, Guarded, Unwatched
from sentric.guard.live_run import ENFORCE, About, LiveRun, end_open_runs
from sentric.guard.refusal import UNDECIDED
from sentric.settings import Settings, is_to_be_enforced
from sentric.tracing.exit import BoundedExit, providers
from sentric.tracing.telemetry import Telemetry, own

FRAMEWORK = f"python {platform.python_version()}"
"""What the runs of plain functions say of themselves."""

_logger = logging.getLogger("sentric")
_making = process_lock()


@cache
def settings() -> Settings:
    """The settings of this process, as they are when they are first needed.

    Where one of them cannot be used and nobody wants anything to be enforced, that is logged, and Sentric is off.

    Raises:
        SettingError: one of them cannot be used, and verdicts are to be enforced.
    """
    try:
        return Settings.load()
    except SettingError as error:
        if is_to_be_enforced():
            raise
        _logger.error("sentric: nothing is observed: %s", error)
        return Settings(disabled=True)


def telemetry(settings: Settings) -> Telemetry:
    """Where spans go: the process's own pipeline; else one of ours, over OTLP to the analyzer.

    Raises:
        SettingError: the endpoint cannot be used.
    """
    if settings.endpoint and urlsplit(settings.endpoint).scheme not in {"http", "https"}:
        raise SettingError(f"endpoint is {settings.endpoint!r}: use http://HOST:PORT or https://HOST:PORT")
    with _making:
        return _telemetry(settings)


@lru_cache(maxsize=8)
def _telemetry(settings: Settings) -> Telemetry:
    if providers(trace.get_tracer_provider()):
        if settings.endpoint:
            _logger.warning("sentric: endpoint is not used, because this process has its own OpenTelemetry pipeline")
        return Telemetry.of()
    telemetry, made = own(settings)
    BoundedExit(made, settings.exit_timeout, before=lambda: end_open_runs("the process ended"))
    return telemetry


@lru_cache(maxsize=8)
def _gate(settings: Settings, telemetry: Telemetry) -> Gate:
    return Gate(telemetry, settings, FRAMEWORK)


def gate(settings: Settings) -> Gate:
    """The gate of plain functions."""
    found = telemetry(settings)
    with _making:
        return _gate(settings, found)


def begin(about: About, agent_id: str) -> LiveRun | None:
    """Begin a run, as `Gate.begin`; None where that fails, or Sentric is turned off."""
    found = _found_gate()
    return found.begin(about, agent_id=agent_id) if isinstance(found, Gate) else None


def action(read: Callable[[LiveRun], Wanted], *, agent: str = "", agent_id: str = "") -> Guarded:
    """An action that is done in the block, as `Gate.action`.

    Raises:
        SettingError: a setting cannot be used, and verdicts are to be enforced.
    """
    found = _found_gate()
    return found.action(read, agent=agent, agent_id=agent_id) if isinstance(found, Gate) else found


def _found_gate() -> Gate | Unwatched:
    chosen = settings()
    if chosen.disabled:
        return Unwatched(None)
    enforces = chosen.mode == ENFORCE
    try:
        return gate(chosen)
    except SentricError as error:
        if enforces:
            raise
        complain(f"nothing is observed: {error}")
    except Exception as error:  # noqa: BLE001  # held back where nothing is enforced, refused where it is
        report(gate.__qualname__, error, "the action is refused" if enforces else "it is not recorded")
    return Unwatched(UNDECIDED if enforces else None)
