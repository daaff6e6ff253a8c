"""Values seen in a run, with the places they were seen at, in bounded memory."""

from collections import OrderedDict

from sentric.policy.signals.entities import secret_id

VALUES_KEPT = 4096
"""Values remembered; the one not seen for the longest time is forgotten first."""
SECRETS_KEPT = 1024
"""Secrets remembered, besides the values: many values never push out a secret."""
PLACES_KEPT = 8
"""Places of one value beyond which no more are added."""

Seen = dict[str, None]
"""Places in the order they were seen."""


class SeenValues:
    """What was seen where."""

    def __init__(self) -> None:
        self._values: OrderedDict[str, Seen] = OrderedDict()
        self._secrets: OrderedDict[str, Seen] = OrderedDict()

    def remember(self, values: tuple[str, ...], secrets: tuple[str, ...], places: tuple[str, ...]) -> None:
        """Note that some values and secrets were seen at some places."""
        _note(self._values, values, places, VALUES_KEPT)
        _note(self._secrets, tuple(map(secret_id, secrets)), places, SECRETS_KEPT)

    def places_of_value(self, value: str) -> Seen | None:
        """Where a value was seen; None for one that was not."""
        return self._values.get(value)

    def places_of_secret(self, secret: str) -> Seen | None:
        """Where a secret was seen; None for one that was not."""
        return self._secrets.get(secret_id(secret))


def _note(kept: OrderedDict[str, Seen], values: tuple[str, ...], places: tuple[str, ...], limit: int) -> None:
    for value in values:
        seen = kept.get(value)
        if seen is None:
            kept[value] = dict.fromkeys(places)
            continue
        kept.move_to_end(value)
        if len(seen) < PLACES_KEPT:
            seen.update(dict.fromkeys(places))
    while len(kept) > limit:
        kept.popitem(last=False)
