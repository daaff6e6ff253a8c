"""A link of a guard, for tests."""

from collections.abc import Callable

from sentric.guard.link import Link
from support.standin import StandIn

Linked = Callable[..., tuple[Link, StandIn]]
"""Makes a link to a stand-in for the service, which answers by a handler."""
Counted = Callable[[str], int]
"""How often something was counted since the test began."""
