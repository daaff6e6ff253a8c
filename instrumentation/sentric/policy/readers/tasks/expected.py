"""The places a task is about: where the agent has business without question."""

from collections import OrderedDict

from sentric.events import Action, Message, Observation, Source
from sentric.policy.readers.actions.targets import Targets
from sentric.policy.readers.places.brands import is_search_engine
from sentric.policy.readers.places.hosts import Place, place
from sentric.policy.readers.tasks.task import Task
from sentric.policy.rule import Tuning

CHOSEN_KEPT = 64
"""Sites remembered as found through a search."""
BLANK = ("about:", "chrome:", "data:")
"""Pages a browser starts with: they say nothing."""

WEB = frozenset({"http", "https"})
"""Schemes of pages; a browser's own have others."""


def allowed_sites(tuning: Tuning) -> frozenset[str]:
    """The registered domains that every task may use."""
    return frozenset(where.site for name in tuning.allowed_domains if (where := place(name)) is not None)


class Expected:
    """The task's own places.

    They are those the task or the operator names, allowed ones, and, where the task names no site, the place the
    agent was started at or chose before it read anything, and what it found there through a search engine.
    """

    def __init__(self, tuning: Tuning) -> None:
        self.task = Task()
        self.tune(tuning)
        self.home = ""
        self.is_inside = False
        """Whether it was started at a place inside this machine or its network."""
        self._has_read = False
        self._chosen: OrderedDict[str, None] = OrderedDict()
        self._searched = False

    def tune(self, tuning: Tuning) -> None:
        """Go on by another policy."""
        self.allowed = allowed_sites(tuning)

    def hear(self, message: Message) -> bool:
        """Read a message; whether it added anything."""
        return self.task.hear(message)

    def saw(self, observation: Observation, where: Place | None) -> None:
        """A text was read; `where` is the page it is of, if it is of one."""
        if observation.origin.startswith(BLANK):
            return
        if observation.source is Source.PAGE:
            self.stood(where)
            self._settle(where)
        self._has_read = True

    def acted(self, action: Action, stands: Place | None, goes: Targets) -> None:
        """An action is about to be done."""
        self.stood(stands)
        self._settle(stands)
        for where in goes.places[:1]:
            self._settle(where, chosen=True)

    def stood(self, where: Place | None) -> None:
        """The agent stands somewhere."""
        if where is None or not where.site or where.scheme not in WEB:
            return
        if self._searched and not self.task.sites:
            self._chosen[where.site] = None
            if len(self._chosen) > CHOSEN_KEPT:
                self._chosen.popitem(last=False)
        self._searched = is_search_engine(where)

    def includes(self, where: Place | None) -> bool:
        """Whether a place is one of them."""
        if where is None or not where.site:
            return False
        if where.site in self.allowed or self.task.names(where):
            return True
        return not self.task.sites and (where.site == self.home or where.site in self._chosen)

    def _settle(self, where: Place | None, *, chosen: bool = False) -> None:
        """The first place is home: the agent was started there, or chose it."""
        if where is not None and where.site and where.scheme in WEB and not self.home and not self._has_read:
            self.home, self.is_inside = where.site, where.inside and not chosen
