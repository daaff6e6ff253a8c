"""What an action uses of what allow-lists name: its tool, the sites it goes to, whom it reaches."""

from collections.abc import Iterator

from sentric.events import Action, Effect, Kind
from sentric.policy.readers.actions.reading import reading
from sentric.policy.readers.places.hosts import Place, known_suffix, place
from sentric.policy.signals.listed import recipients
from sentric_analyzer.backtest.example import name_of

_REACHING = frozenset({Effect.SEND, Effect.PAY, Effect.GRANT})
"""Effects that have a recipient."""


def uses_of(action: Action) -> Iterator[tuple[str, str]]:
    """What an action uses: the name of a list, and the entry."""
    goes = reading(action).goes
    places = (*goes.places, goes.form, place(action.url) if action.url else None)
    found = [("tools", name_of(action))]
    found += [("domains", _domain(where)) for where in places if where is not None and where.host]
    if not action.effects.isdisjoint(_REACHING) and action.kind is not Kind.HTTP:
        found += [("recipients", recipient) for recipient in recipients(action)]
    told_apart: dict[tuple[str, str], tuple[str, str]] = {}
    for name, entry in found:
        told_apart.setdefault((name, entry.casefold()), (name, entry))
    yield from told_apart.values()


def _domain(where: Place) -> str:
    """What an allow-list names: the registered domain, or the host where there is none."""
    return where.site if where.label and not where.address and known_suffix(where.host) else where.host
