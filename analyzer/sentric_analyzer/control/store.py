"""The control store: who may do what, what was decided, and the audit of it, for several processes at once."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from sqlalchemy import select

from sentric.policy.rule import Severity
from sentric_analyzer.control.agents import Agents
from sentric_analyzer.control.api_keys import ApiKeys
from sentric_analyzer.control.approvals import Approvals, Patience
from sentric_analyzer.control.attempts import Attempts
from sentric_analyzer.control.calls import Calls
from sentric_analyzer.control.changes import Changes
from sentric_analyzer.control.database import Database
from sentric_analyzer.control.decisions import Decisions
from sentric_analyzer.control.incidents import Incidents
from sentric_analyzer.control.jobs import Jobs
from sentric_analyzer.control.keys import Project
from sentric_analyzer.control.links import Links
from sentric_analyzer.control.people import People
from sentric_analyzer.control.plain import PlainAllows
from sentric_analyzer.control.policies import Policies
from sentric_analyzer.control.refusals import Refusals
from sentric_analyzer.control.stopping import Stopping
from sentric_analyzer.control.tables import GENERATION, PROJECTS
from sentric_analyzer.control.webhooks import Webhooks

CONTROL_FILE = "control.db"
"""Name of the database in a data directory."""
USUAL_PATIENCE = Patience()
TWO_PEOPLE = frozenset({Severity.CRITICAL})
"""Severities of which an approval takes two people, where nothing else is said."""


def control_url(data_dir: Path) -> str:
    """The URL of the control database of a data directory."""
    return f"sqlite:///{data_dir.expanduser().absolute() / CONTROL_FILE}"


class ControlStore:
    """Everything that is known of who may do what, and of what was decided. A context manager.

    Any thread may use it, and other processes beside it. Every method of what it holds raises ControlError where the
    database does not answer.
    """

    def __init__(
        self,
        database: Database,
        clock: Callable[[], float],
        patience: Patience = USUAL_PATIENCE,
        two_people: frozenset[Severity] = TWO_PEOPLE,
    ) -> None:
        self._database = database
        self.changes = Changes(database, clock)
        self.keys = ApiKeys(self.changes)
        self.people = People(self.changes)
        self.plain = PlainAllows(self.changes)
        self.agents = Agents(self.changes, self.plain.write)
        self.stopping = Stopping(self.changes)
        self.approvals = Approvals(self.changes, patience)
        self.attempts = Attempts(self.changes, self.approvals)
        self.links = Links(self.changes, self.attempts)
        self.decisions = Decisions(self.changes, self.plain, patience, two_people)
        self.incidents = Incidents(self.changes)
        self.refusals = Refusals(self.changes)
        self.policies = Policies(self.changes)
        self.jobs = Jobs(self.changes)
        self.calls = Calls(self.changes)
        self.webhooks = Webhooks(self.changes)

    @classmethod
    def open(
        cls,
        url: str,
        *,
        clock: Callable[[], float] = time.time,
        patience: Patience = USUAL_PATIENCE,
        two_people: frozenset[Severity] = TWO_PEOPLE,
    ) -> Self:
        """Open the store, make it where there is none, and bring it up to date.

        Args:
            url: `sqlite:////PATH` or `postgresql://USER:PASSWORD@HOST/DATABASE`.
            clock: gives the Unix time in seconds.
            patience: how long approvals last.
            two_people: severities of which an approval takes two people.

        Raises:
            ControlError: it cannot be opened, or was made by a newer Sentric; one line, never with a password.
        """
        return cls(Database.open(url), clock, patience, two_people)

    def close(self) -> None:
        """Close the store."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def generation(self) -> int:
        """A number that every change of keys and policies makes larger: cheap to ask, to know whether a copy holds."""
        with self._database.reading() as connection:
            return int(connection.execute(select(GENERATION.c.number)).scalar_one())

    def projects(self) -> list[Project]:
        """Every project, by name."""
        with self._database.reading() as connection:
            return [Project(*row) for row in connection.execute(select(PROJECTS).order_by(PROJECTS.c.name))]
