"""The policies of projects, as they are put in force while the service runs, here or by another service."""

import logging
import threading
from collections.abc import Mapping

from sentric.errors import PolicyError, SentricError
from sentric_analyzer.control.policies import Activation, Policies
from sentric_analyzer.policies import Active, ActivePolicies

_logger = logging.getLogger(__name__)


class InForce:
    """Keeps the active policies what the control state says they are. Any thread may use it.

    A policy that cannot be loaded never takes the place of one that is in force: that is told, and stays.

    Args:
        stored: the policies of projects.
        active: what judges and decides by them.
    """

    def __init__(self, stored: Policies, active: ActivePolicies) -> None:
        self._stored = stored
        self._active = active
        self._lock = threading.Lock()
        self._loaded: dict[str, tuple[Activation, Active]] = {}
        self._failures: dict[str, str] = {}
        self._begun = False

    def refresh(self) -> None:
        """Take up what is in force now.

        Raises:
            ControlError: the store does not answer.
            SentricError: at the first time, a policy that is in force cannot be loaded: there is none before it.
        """
        with self._lock:
            stated = self._stored.in_force()
            failures: dict[str, str] = {}
            loaded = {
                project: self._of(project, activation, documents, failures)
                for project, (activation, documents) in stated.items()
            }
            self._loaded = {project: found for project, found in loaded.items() if found is not None}
            self._failures, self._begun = failures, True
            self._active.replace({project: active for project, (_, active) in self._loaded.items()})

    @property
    def of_settings(self) -> Active:
        """The policy of the service's own settings."""
        return self._active.of_settings

    def activation(self, project: str) -> Activation | None:
        """Since when what is in force for a project is; None: nothing was ever activated."""
        return self.current(project)[0]

    def current(self, project: str) -> tuple[Activation | None, Active]:
        """The policy by which a project is judged and decided, and since when; None: nothing was ever activated."""
        return self._loaded.get(project, (None, self._active.of_settings))

    def failure(self) -> str:
        """Which policies are not in force that should be; empty while there are none."""
        return "; ".join(self._failures.values())

    def _of(
        self, project: str, activation: Activation, documents: Mapping[str, str] | None, failures: dict[str, str]
    ) -> tuple[Activation, Active] | None:
        if documents is None:
            return activation, self._active.of_settings
        before = self._loaded.get(project)
        if before is not None and before[0] == activation:
            return before
        try:
            return activation, Active.load(documents)
        except PolicyError as error:
            told = (
                f"version {activation.version} of the policy of project {project!r} cannot be loaded: "
                f"{error.problems[0]}"
            )
            if before is None and not self._begun:
                raise SentricError(f"{told}: activate another: sentric policy rollback --project {project!r}") from None
            if project not in self._failures:
                _logger.error("%s; what was in force before stays so", told)
            failures[project] = told
            return before
