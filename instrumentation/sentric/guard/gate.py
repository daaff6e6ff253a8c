"""Where the runs and the actions of agents begin, for whoever wraps a framework, or plain functions."""

import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from types import TracebackType
from typing import TypeAlias

from sentric import semconv
from sentric.forks import process_lock
from sentric.guard.action import GuardedAction, Pause, Renew
from sentric.guard.boundary import report, shielded
from sentric.guard.calls import Wanted
from sentric.guard.live_run import ENFORCE, About, LiveRun
from sentric.guard.place import here
from sentric.guard.refusal import UNDECIDED, Refusal
from sentric.settings import Settings
from sentric.tracing.telemetry import Telemetry

IDLE_SECONDS = 300.0
"""How long after its last action a run that nobody began is over."""
AMBIENT_LIMIT = 64
"""Most of those runs at a time; the one that was used longest ago ends first."""


class Gate:
    """Begins runs and actions. Any thread may use it.

    Attributes:
        enforces: whether agents are held to what is decided.
        framework: its name and version.
        exit_timeout: seconds that sending what is left may hold up the process's end.
    """

    def __init__(self, telemetry: Telemetry, settings: Settings, framework: str, uncovered: str = "") -> None:
        """Begin.

        Args:
            telemetry: where spans and log records go.
            settings: of all runs.
            framework: its name and version.
            uncovered: what of it goes other ways and is not guarded.
        """
        self._uncovered = uncovered
        self.enforces = settings.mode == ENFORCE
        self.framework = framework
        self.exit_timeout = settings.exit_timeout
        self._telemetry, self._settings = telemetry, settings
        self._ambient: dict[tuple[str, str], tuple[LiveRun, float]] = {}
        self._lock = process_lock()

    @shielded(None)
    def begin(
        self,
        about: About | Callable[[], About],
        *,
        agent_id: str = "",
        subject: object = None,
        secrets: Mapping[str, str] | None = None,
    ) -> LiveRun | None:
        """Begin a run; None if that fails: then the agent runs unobserved, or is refused everything.

        Args:
            about: the agent, or what looks at it. Where that fails, nobody knows the task of the run: it is refused
                everything where verdicts are enforced.
            agent_id: what its risk is kept under, in all its runs; "" where nobody has said.
            subject: the agent's own object.
            secrets: values to redact wherever they occur, each with its kind.
        """
        settings = self._settings_of(agent_id)
        try:
            known = about() if callable(about) else about
            return self._told(LiveRun(self._telemetry, settings, known, subject=subject, secrets=secrets))
        except Exception as error:  # noqa: BLE001  # a bug of ours, which is the run's business
            name = self.framework.partition(" ")[0]
            run = LiveRun(self._telemetry, settings, About(agent=name, framework=self.framework), secrets=secrets)
            _deafen(run, error)
            return run

    def action(
        self,
        read: Callable[[LiveRun], Wanted],
        *,
        agent: str = "",
        agent_id: str = "",
        pause: Pause = nullcontext,
        renew: Renew = None,
    ) -> "GuardedAction | Unwatched":
        """An action that is done in the block: of the run the code is in, or else of one that nobody has begun.

        Args:
            read: looks at the action. It is called again when a person has approved it.
            agent: name of the agent where there is no run.
            agent_id: of an agent whose risk is kept under this id; the run the code is in must be of it.
            pause: makes what holds while a person is waited for, such as a framework's own timeouts being suspended.
            renew: called in a thread, before it is looked at again, where it would be seen as it was.
        """
        try:
            place = here()
            if place is not None and agent_id in ("", place.run.agent_id):
                run = place.run
            else:
                run = self._run_of(agent or self.framework.partition(" ")[0], agent_id)
            return run.action(lambda: read(run), pause, renew)
        except Exception as error:  # noqa: BLE001  # held back where nothing is enforced, refused where it is
            report(Gate.action.__qualname__, error, "the action is refused" if self.enforces else "it is not recorded")
            return Unwatched(UNDECIDED if self.enforces else None)

    def _run_of(self, agent: str, agent_id: str) -> LiveRun:
        """The run of an agent that nobody has begun: it goes on as long as actions follow each other."""
        now, wanted = time.monotonic(), (agent, agent_id)
        with self._lock:
            for key, (_, last) in list(self._ambient.items()):
                if now - last > IDLE_SECONDS and not _is_shut_down(self._ambient[key][0]):
                    self._end(key)
            if wanted in self._ambient:
                run = self._ambient.pop(wanted)[0]
            else:
                about = About(agent=agent, framework=self.framework)
                run = self._told(LiveRun(self._telemetry, self._settings_of(agent_id), about))
            self._ambient[wanted] = (run, now)
            if len(self._ambient) > AMBIENT_LIMIT:
                self._end(next((key for key, (one, _) in self._ambient.items() if not _is_shut_down(one)), wanted))
            return run

    def _told(self, run: LiveRun) -> LiveRun:
        """The run, which says what of it nothing stands in."""
        if self.enforces and self._uncovered:
            run.span.set_attribute(semconv.SENTRIC_UNGUARDED, self._uncovered)
        return run

    def _settings_of(self, agent_id: str) -> Settings:
        return replace(self._settings, agent_id=agent_id) if agent_id else self._settings

    def _end(self, key: tuple[str, str]) -> None:
        run, _ = self._ambient.pop(key)
        run.end()


def _is_shut_down(run: LiveRun) -> bool:
    """Whether everything is refused in it: so it stays, as another one would begin anew."""
    return run.enforcement is not None and run.enforcement.is_shut_down


def _deafen(run: LiveRun, failed: Exception) -> None:
    with run.hearing():
        raise failed


class Unwatched:
    """An action that cannot be watched: done where nothing is enforced, and refused where it is."""

    def __init__(self, refusal: Refusal | None) -> None:
        self.refusal = refusal

    def finished(self, result: str = "", error: str = "", error_type: str = "") -> None:
        """Nobody is told."""

    def __enter__(self) -> "Unwatched":
        return self

    async def __aenter__(self) -> "Unwatched":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Nothing is left to do."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Nothing is left to do."""


Guarded: TypeAlias = GuardedAction | Unwatched
"""What `Gate.action` gives."""
