"""What a guard knows of its agent: a subscription that is read in a thread of its own, and lives by a lease.

The lease counts from when it was told, by a clock that goes on while the machine sleeps. A broken connection alone is
no lost lease: the service may start anew within it. What was said on a connection that ended stays known.
"""

import random
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from sentric.events import AgentState
from sentric.guard.boundary import shielded
from sentric.guard.counts import Count, count
from sentric.guard.link.answer import Answer, parsed, read_lease, read_standing, stood
from sentric.guard.link.errors import GivenUp, LinkError
from sentric.guard.link.sse import Events
from sentric.policy.risk import STRIKES

if TYPE_CHECKING:
    from http.client import HTTPResponse

    from sentric.guard.link.client import Client

LEASE_SECONDS = 10.0
"""How long what was told holds, where the service has not said."""
LONGEST_LEASE = 60.0
"""The longest that is believed."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
"""Seconds before a broken connection is begun anew: at first, and at most."""
_PIECE = 16_384


_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def clock() -> float:
    """Seconds that have passed since some moment, those too for which the machine slept."""
    return time.clock_gettime(_CLOCK)


class Watch:
    """What is heard of one agent. `Link.watch` makes it; whoever was given it closes it.

    Args:
        client: asks the service.
        agent_id: whose state is heard.
        agent_name: which operators may have stopped it by.
        project: of the agent; empty: the key's first.
        on_policy: given the number and the digest of the policy in force, whenever a state came.
        on_lease: called when the lease was renewed.
        on_last: called when nobody uses this any more.
    """

    def __init__(
        self,
        client: "Client",
        agent_id: str,
        agent_name: str,
        project: str,
        *,
        on_policy: Callable[[int, str], None],
        on_lease: Callable[[], None],
        on_last: Callable[["Watch"], None],
    ) -> None:
        self.agent_id = agent_id
        self.agent_name = agent_name
        self.users = 0
        """How many have been given it; for the link alone."""
        self.failure = ""
        """Why the last connection ended; empty while there is one."""
        asked = {"agent_id": agent_id, "agent_name": agent_name, "project": project}
        self._path = f"/v1/guard/stream?{urlencode({name: value for name, value in asked.items() if value})}"
        self._client = client
        self._on_policy, self._on_lease, self._on_last = on_policy, on_lease, on_last
        self._begin()

    def _begin(self) -> None:
        self._changed = threading.Condition()
        self._closed = threading.Event()
        self._state: AgentState | None = None
        self._lease = LEASE_SECONDS
        self._until = 0.0
        self._again = False
        """The state must be heard afresh."""
        self._thread: threading.Thread | None = None

    def state(self) -> AgentState | None:
        """What was heard last; None: nothing yet.

        An agent that was shut down has at least as many strikes as that takes.
        """
        self.resume()
        return self._state

    @property
    def has_lease(self) -> bool:
        """Whether it would be known by now if the agent had been stopped."""
        self.resume()
        return clock() < self._until

    def wait(self, seconds: float) -> bool:
        """Wait until something has been heard, at most so long; whether it has."""
        self.resume()
        with self._changed:
            return self._changed.wait_for(lambda: self._state is not None, seconds)

    def told(self, answer: Answer) -> None:
        """Take the sums of an answer. They only grow: several answers may come in another order than they were made.

        Where one tells that the agent was stopped or shut down, and the subscription has not, it holds until the state
        was heard afresh: the answer may be older.
        """
        self.resume()
        said = stood(answer.agent_state, answer.cumulative_risk, answer.strikes, reason=answer.before.stopped)
        with self._changed:
            known = self._state or AgentState()
            self._state = AgentState(
                risk=max(known.risk, said.risk),
                strikes=max(known.strikes, said.strikes),
                enforced=True,
                stopped=known.stopped or said.stopped,
            )
            is_new = (said.stopped and not known.stopped) or said.strikes >= STRIKES > known.strikes
            self._again = self._again or bool(is_new)
            self._changed.notify_all()

    def close(self) -> None:
        """Do not use it any more. With the last user the subscription ends, soon."""
        self._on_last(self)

    def end(self) -> None:
        """End the subscription; for the link alone."""
        self._closed.set()

    def resume(self) -> None:
        """Begin to hear, unless it has begun: in a forked child, with the next use."""
        if self._thread is not None or self._closed.is_set():
            return
        with self._changed:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="sentric-watch", daemon=True)
                try:
                    thread.start()
                except RuntimeError:  # the process ends, or has too many: nothing is heard, and there is no lease
                    return
                self._thread = thread

    def after_fork(self) -> None:
        """In a child: nothing is known until the child has heard it."""
        closed = self._closed.is_set()
        self._begin()
        if closed:
            self.end()

    def _run(self) -> None:
        pause = FIRST_PAUSE
        while not self._closed.is_set():
            begun = self._until
            self._again = False
            self._connected()
            pause = FIRST_PAUSE if self._until > begun else pause
            if not self._again:
                self._closed.wait(pause * random.uniform(0.5, 1.0))  # noqa: S311  # so that not all come at once
                pause = min(pause * 2, LONGEST_PAUSE)

    @shielded(None)
    def _connected(self) -> None:
        """Hear what is told over one connection, until it ends."""
        try:
            with self._client.stream(self._path, seconds=self._lease, given_up=self._is_over) as (wire, response):
                self._hear(response, lambda: wire.until(time.monotonic() + self._lease, self._is_over))
            count(Count.STREAM_ENDED)
            self.failure = f"{self._client.base}: the subscription was ended"
        except GivenUp:
            count(Count.STREAM_BEGUN_ANEW, int(self._again))
        except LinkError as error:
            count(Count.STREAM_FAILED)
            self.failure = str(error)

    def _is_over(self) -> bool:
        return self._again or self._closed.is_set()

    def _hear(self, response: "HTTPResponse", go_on: Callable[[], None]) -> None:
        events, is_known = Events(), False
        while content := response.read1(_PIECE):
            for name, data in events.take(content):
                if name == "state":
                    is_known = True
                    self._take_state(data)
                elif name == "lease" and is_known:
                    self._take_lease(data)
                else:  # of a later version; and a lease is worth nothing to who does not know the state
                    continue
                self.failure = ""
                go_on()
                self._on_lease()

    def _take_state(self, data: bytes) -> None:
        standing = read_standing(parsed(data), self.agent_id)
        self._renew(standing.state)
        self._on_policy(standing.policy_number, standing.policy_digest)

    def _take_lease(self, data: bytes) -> None:
        self._lease = read_lease(parsed(data), LONGEST_LEASE)
        self._renew()

    def _renew(self, state: AgentState | None = None) -> None:
        with self._changed:
            self._state = state or self._state
            self._until = clock() + self._lease
            self._changed.notify_all()
