"""Landings: the page an agent finds itself on, after it asked for one elsewhere."""

from dataclasses import dataclass

from sentric.policy.readers.places.brands import is_search_engine
from sentric.policy.readers.places.hosts import Place


@dataclass(frozen=True, slots=True)
class Landing:
    """A page that was not asked for."""

    asked: Place
    landed: Place


class Landings:
    """Compares where an agent asked to go with where it then stands."""

    def __init__(self) -> None:
        self._asked: Place | None = None
        self._at: Place | None = None
        self._landing: Landing | None = None

    def asks(self, where: Place) -> None:
        """The agent goes somewhere by URL."""
        if where.host and where.scheme in {"http", "https"}:
            self._asked = where
            self._landing = None

    def stands(self, where: Place) -> None:
        """The agent stands somewhere."""
        if not where.site:
            return
        before, self._at = self._at, where
        if self._landing is not None and self._landing.landed.site != where.site:
            self._landing = None
        asked, self._asked = self._asked, None
        if asked is None or asked.site == where.site or is_search_engine(asked):
            return
        # Where nothing has moved, the page asked for did not load.
        is_old = before is not None and before.site == where.site
        if not is_old and not (asked.label and asked.label == where.label):
            self._landing = Landing(asked, where)

    def landing(self) -> Landing | None:
        """The redirect that led to where the agent stands, if one did."""
        return self._landing
