"""The service as a guard asks it: decisions, what people answer, and what is known of agents."""

import json
import random
import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from urllib.parse import quote

from sentric.forks import in_child, process_lock
from sentric.guard import counts
from sentric.guard.boundary import shielded
from sentric.guard.counts import Count, count
from sentric.guard.link.answer import Answer, approval_id, read_answer, read_pending
from sentric.guard.link.client import Client
from sentric.guard.link.delivery import Delivery
from sentric.guard.link.errors import GivenUp, LinkError
from sentric.guard.link.spool import Spool
from sentric.guard.link.watch import Watch
from sentric.settings import DEFAULT_PROJECT, Settings

DECISIONS = "/v1/decisions"
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
"""Seconds before the same is asked again: at first, and at most."""
LEAST_ATTEMPT = 0.25
"""Seconds that an attempt has in any case; others have half of what is left, so that there is another one."""
LONGEST_DECISION = 600.0
POLL_SECONDS = 25.0
"""How long one request waits for a person: what lies between closes silent connections after 30 or 60 seconds."""
POLL_MARGIN = 10.0
"""Seconds that an answer may come later than that."""
EXPIRY_MARGIN = 10.0
"""Seconds after which an approval that must have expired has expired."""
UNKNOWN_EXPIRY = 300.0
"""Seconds after which that is so where no answer told when it expires: the default of the service."""
MOST_EXPIRIES = 1024
MOST_WITHDRAWALS = 256
"""Questions that may wait to be withdrawn."""
WITHDRAWAL_TRIES = 3
WITHDRAWAL_SECONDS = 5.0
"""Seconds that one try to withdraw a question takes at most."""


class Link:
    """A link to the service. `Link.of` gives it. Any thread may use it."""

    @classmethod
    def of(cls, settings: Settings) -> "Link | None":
        """The one of these settings in this process; None: there is no service."""
        if not settings.url:
            return None
        about = (settings.url, settings.api_key, settings.project, settings.decide_timeout)
        with _lock:
            if about not in _links:
                if not _links:
                    counts.export()
                _links[about] = cls(*about)
            return _links[about]

    def __init__(self, url: str, key: str, project: str = DEFAULT_PROJECT, decide_timeout: float = 5.0) -> None:
        """Begin; nothing is asked before it is used.

        Args:
            url: base URL of the service's REST API.
            key: of scope decide.
            project: that is asked about; the default one is left to the key, whose first it is.
            decide_timeout: seconds that a decision may take.
        """
        self.client = Client(url, key)
        self.project = "" if project == DEFAULT_PROJECT else project
        self._timeout = min(LONGEST_DECISION, decide_timeout)  # in this order also for NaN
        self._listeners: list[Callable[[], object]] = []
        self._watches: dict[tuple[str, str], Watch] = {}
        self._deliveries: dict[int, Delivery] = {}
        self._expiries: OrderedDict[str, float] = OrderedDict()
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._policy: tuple[int, str] | None = None
        self._to_withdraw: deque[str] = deque()
        self._is_withdrawing = False

    def decide(self, wish: Mapping[str, object]) -> Answer:
        """Ask about an action.

        It is asked again, with the same idempotency key, while the service does not answer, as long as the settings
        allow for a decision.

        Args:
            wish: a `DecisionWish`; a project and an idempotency key are added where there is none.

        Raises:
            LinkError: there is no decision that can be used.
        """
        try:
            body = self._body(wish)
            answer = read_answer(self._asked(body))
        except LinkError:
            count(Count.DECISION_FAILED)
            raise
        if answer.approval_id:
            with self._lock:
                self._expiries[answer.approval_id] = time.monotonic() + answer.approval_seconds
                if len(self._expiries) > MOST_EXPIRIES:
                    self._expiries.popitem(last=False)
        return answer

    def wait(self, approval_id: str, given_up: threading.Event) -> None:
        """Wait until an approval is no longer pending, or nobody wants to know any more.

        Args:
            approval_id: of an answer.
            given_up: ends the waiting, a quarter of a second after it was set.

        Raises:
            LinkError: what became of it cannot be learnt: it must have expired by now, or the service refuses to tell.
        """
        try:
            self._wait(approval_id, given_up)
        except GivenUp:
            pass
        except LinkError:
            count(Count.WAIT_FAILED)
            raise

    def withdraw(self, approval_id: str) -> None:
        """Withdraw a question that nobody waits for any more, in the background. It would expire by itself."""
        with self._lock:
            if len(self._to_withdraw) >= MOST_WITHDRAWALS:
                count(Count.WITHDRAWAL_DROPPED)
                return
            self._to_withdraw.append(approval_id)
            is_begun, self._is_withdrawing = self._is_withdrawing, True
        if not is_begun:
            try:
                threading.Thread(target=self._withdraw_all, name="sentric-withdraw", daemon=True).start()
            except RuntimeError:  # the process ends
                with self._lock:
                    count(Count.WITHDRAWAL_DROPPED, len(self._to_withdraw))
                    self._to_withdraw.clear()
                    self._is_withdrawing = False

    def watch(self, agent_id: str, agent_name: str) -> Watch:
        """Hear of an agent, from now on until it is closed as often as it was asked for: one subscription for all."""
        with self._lock:
            watch = self._watches.get((agent_id, agent_name))
            if watch is None:
                watch = Watch(
                    self.client,
                    agent_id,
                    agent_name,
                    self.project,
                    on_policy=self._on_state,
                    on_lease=self._deliver_now,
                    on_last=self._let_go,
                )
                self._watches[agent_id, agent_name] = watch
            watch.users += 1
        watch.resume()
        return watch

    def on_policy(self, listener: Callable[[], object]) -> None:
        """Tell when another policy may be in force: once its number and digest are known, and whenever one changes.

        It is told in the thread that hears of stops: it must return at once.
        """
        with self._lock:
            self._listeners.append(listener)
            is_known = self._policy is not None
        if is_known:
            _tell(listener)

    def deliver(self, spool: Spool) -> None:
        """Deliver in the background what is in a spool, and what will be, whenever the service answers."""
        with self._lock:
            delivery = self._deliveries.get(id(spool))
            if delivery is None:
                delivery = Delivery(spool, self._take_record, self._is_there)
                self._deliveries[id(spool)] = delivery
        delivery.wake()

    def close(self) -> None:
        """End what is under way here. It may be used again."""
        with self._lock:
            watches = list(self._watches.values())
            self._watches.clear()
        for watch in watches:
            watch.end()
        self.client.close()

    def after_fork(self) -> None:
        """In a child: connections, threads and what is known are the parent's."""
        self._begin()
        self.client.after_fork()
        for watch in self._watches.values():
            watch.after_fork()
        for delivery in self._deliveries.values():
            delivery.after_fork()

    def _body(self, wish: Mapping[str, object]) -> bytes:
        whole = {"idempotency_key": secrets.token_hex(16)} | dict(wish)
        if self.project:
            whole.setdefault("project", self.project)
        try:
            return json.dumps(whole, separators=(",", ":"), allow_nan=False).encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise LinkError(f"the action cannot be told as JSON ({type(error).__name__})") from None

    def _asked(self, body: bytes) -> dict[str, object]:
        end, pause = time.monotonic() + self._timeout, FIRST_PAUSE
        while True:
            left = end - time.monotonic()
            try:
                return self.client.ask("POST", DECISIONS, body, seconds=min(left, max(left / 2, LEAST_ATTEMPT)))
            except LinkError as error:
                if not error.again:
                    raise
                rest = max(error.after, pause * random.uniform(0.5, 1.0))  # noqa: S311  # so that not all come at once
                if time.monotonic() + rest >= end:
                    raise LinkError(f"no decision within {self._timeout:g} s: {error}", status=error.status) from None
            count(Count.DECISION_RETRIED)
            time.sleep(rest)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _wait(self, wanted: str, given_up: threading.Event) -> None:
        path = f"/v1/approvals/{quote(approval_id(wanted), safe='')}"
        now = time.monotonic()
        end = self._expiries.get(wanted, now + UNKNOWN_EXPIRY) + EXPIRY_MARGIN
        pause, failure = FIRST_PAUSE, "it is pending although it must have expired"
        while not given_up.is_set():
            begun = time.monotonic()
            if begun >= end:
                raise LinkError(f"what became of approval {wanted} cannot be learnt: {failure}")
            poll = min(POLL_SECONDS, end - begun)
            try:
                document = self.client.ask(
                    "GET", f"{path}?wait={poll:.3f}", seconds=poll + POLL_MARGIN, given_up=given_up.is_set
                )
                if not read_pending(document, wanted):
                    return
                failure = "it is pending although it must have expired"
            except LinkError as error:
                if not error.again:
                    raise
                count(Count.WAIT_RETRIED)
                failure, pause = str(error), max(pause, min(error.after, end - begun))
            # A service that waits as it was asked to is asked again at once; any other one after a pause.
            if time.monotonic() - begun < poll:
                given_up.wait(pause * random.uniform(0.5, 1.0))  # noqa: S311  # so that not all come at once
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                pause = FIRST_PAUSE

    @shielded(None)
    def _withdraw_all(self) -> None:
        while True:
            with self._lock:
                if not self._to_withdraw:
                    self._is_withdrawing = False
                    return
                wanted = self._to_withdraw.popleft()
            self._withdraw(wanted)

    def _withdraw(self, wanted: str) -> None:
        for tried in range(1, WITHDRAWAL_TRIES + 1):
            try:
                path = f"/v1/approvals/{quote(approval_id(wanted), safe='')}/cancel"
                self.client.ask("POST", path, b"{}", seconds=WITHDRAWAL_SECONDS)
            except LinkError as error:
                if error.again and tried < WITHDRAWAL_TRIES:
                    time.sleep(min(max(error.after, FIRST_PAUSE * 4**tried), WITHDRAWAL_SECONDS))
                    continue
                count(Count.WITHDRAWAL_FAILED)
            return

    def _let_go(self, watch: Watch) -> None:
        with self._lock:
            watch.users = max(0, watch.users - 1)
            if watch.users or self._watches.get((watch.agent_id, watch.agent_name)) is not watch:
                return
            del self._watches[watch.agent_id, watch.agent_name]
        watch.end()

    def _on_state(self, number: int, digest: str) -> None:
        with self._lock:
            if self._policy == (number, digest):
                return
            self._policy = (number, digest)
            listeners = list(self._listeners)
        for listener in listeners:
            _tell(listener)

    def _is_there(self) -> bool:
        """Whether the service answers, as far as that is known."""
        with self._lock:
            watches = list(self._watches.values())
        return not watches or any(watch.has_lease for watch in watches)

    def _deliver_now(self) -> None:
        for delivery in list(self._deliveries.values()):
            delivery.wake()

    def _take_record(self, record: bytes) -> None:
        document = self.client.ask("POST", DECISIONS, record, seconds=self._timeout)
        if type(document.get("decision_id")) is not str:
            raise LinkError(f"{self.client.base}: does not acknowledge what was decided: is it of the same version?")


def _tell(listener: Callable[[], object]) -> None:
    if not _is_told(listener):
        count(Count.LISTENER_FAILED)


@shielded(False)
def _is_told(listener: Callable[[], object]) -> bool:
    listener()
    return True


_lock = process_lock()
_links: dict[tuple[str, str, str, float], Link] = {}


def _after_fork() -> None:
    for link in _links.values():
        link.after_fork()


in_child(_after_fork)
