"""Values seen in a run, with the places they were seen at, in bounded memory."""

from collections import OrderedDict

from sentric.policy.readers.values.entities import secret_id

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
        self.evicted: dict[str, None] = {}
        """What had to be forgotten: values, secrets."""

    def remember(self, values: tuple[str, ...], secrets: tuple[str, ...], places: tuple[str, ...]) -> None:
        """Note that some values and secrets were seen at some places."""
        if values and _note(self._values, values, places, VALUES_KEPT):
            self.evicted["values"] = None
        if secrets and _note(self._secrets, tuple(map(secret_id, secrets)), places, SECRETS_KEPT):
            self.evicted["secrets"] = None

    def places_of_value(self, value: str) -> Seen | None:
        """Where a value was seen; None for one that was not."""
        return self._values.get(value)

    def places_of_secret(self, secret: str) -> Seen | None:
        """Where a secret was seen; None for one that was not."""
        return self._secrets.get(secret_id(secret))


def _note(kept: OrderedDict[str, Seen], values: tuple[str, ...], places: tuple[str, ...], limit: int) -> bool:
    """Add values; whether others had to be forgotten for them. What was seen together shares its places."""
    here = dict.fromkeys(places)
    for value in values:
        seen = kept.get(value)
        if seen is None:
            kept[value] = here
            continue
        kept.move_to_end(value)
        if len(seen) < PLACES_KEPT and not here.keys() <= seen.keys():
            kept[value] = seen | here
    excess = len(kept) - limit
    for _ in range(excess):
        kept.popitem(last=False)
    return excess > 0
