from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from sentric.guard.counts import counts
from sentric.guard.link import Link
from support.linking import Counted, Linked
from support.standin import Handler, StandIn, standing_in


@pytest.fixture
def linked() -> Iterator[Linked]:
    """A link to a stand-in for the service, which answers by a handler."""
    with ExitStack() as stack:

        def make(handler: Handler, *, seconds: float = 30.0, **more: Any) -> tuple[Link, StandIn]:
            found = stack.enter_context(standing_in(handler))
            link = Link(found.url, "sk-canary", decide_timeout=seconds, **more)
            stack.callback(link.close)
            return link, found

        yield make


@pytest.fixture
def counted() -> Counted:
    """How often something was counted since the test began."""
    before = counts()
    return lambda what: counts()[what] - before[what]
