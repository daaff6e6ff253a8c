"""What a route takes of whoever asks: stated where the route is declared."""

from dataclasses import dataclass

from sentric_analyzer.control import Scope

_OF_ADMIN = frozenset({Scope.READ, Scope.APPROVE, Scope.OPERATE, Scope.ADMIN})
"""What a key with the scope admin may do: never to decide or to ingest, which is for agents."""


@dataclass(frozen=True, slots=True)
class Needs:
    """The scopes of which a key must have one. None: the route is open, whatever is presented."""

    scopes: tuple[Scope, ...] = ()
    limited: bool = True
    """Whether requests count towards the rate of whoever sends them."""
    somebody: bool = False
    """Whether it takes a key also where reading takes none: it is about whoever asks."""
    any_name: bool = False
    """Whether it may be asked by whatever name the service is reached, also where reading takes no key."""

    @property
    def open(self) -> bool:
        """Whether no key is looked at."""
        return not self.scopes

    def met_by(self, scopes: frozenset[Scope]) -> bool:
        """Whether a key with these scopes will do."""
        has = scopes | _OF_ADMIN if Scope.ADMIN in scopes else scopes
        return self.open or not has.isdisjoint(self.scopes)

    def __str__(self) -> str:
        admin = () if _OF_ADMIN.isdisjoint(self.scopes) else (Scope.ADMIN,)
        return " or ".join(dict.fromkeys((*self.scopes, *admin)))


def needs(scope: Scope, *others: Scope, somebody: bool = False) -> Needs:
    """A key with one of these scopes.

    Reading takes no key on loopback: who asks there without one has the scope read, and is nobody.
    """
    return Needs((scope, *others), somebody=somebody)


OPEN = Needs()
"""Nothing: anybody may ask."""
FROM_OUTSIDE = Needs(any_name=True)
"""No key: the address or the body of a request proves what it may, and it comes by the name that others know."""
HEALTH = Needs(limited=False)
"""Nothing, and as often as one likes: those who keep the service running have no key."""
