"""The control plane of a running service: the control state, and everything that keeps it going."""

import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Self

from sentric.policy.rule import Severity
from sentric.redaction import Redactor
from sentric.settings import Settings
from sentric_analyzer.approvals.asking import Asking
from sentric_analyzer.approvals.configuration import Surroundings
from sentric_analyzer.approvals.counts import Metric as AttemptMetric
from sentric_analyzer.approvals.counts import values_of
from sentric_analyzer.approvals.gathered import shown_of
from sentric_analyzer.approvals.links import new_link
from sentric_analyzer.approvals.phone.channel import PhoneChannel
from sentric_analyzer.approvals.phone.telephone import Telephone
from sentric_analyzer.approvals.reading import configuration
from sentric_analyzer.control import KeyRing
from sentric_analyzer.control.approvals import Patience
from sentric_analyzer.control.audit_chain import Record
from sentric_analyzer.control.checkpoints import HEAD_FILE, Checkpoints
from sentric_analyzer.control.clock import SteadyClock
from sentric_analyzer.control.errors import ControlError
from sentric_analyzer.control.feed import Feed
from sentric_analyzer.control.housekeeping import Housekeeping
from sentric_analyzer.control.signing import SIGNING_KEY_FILE, Signer
from sentric_analyzer.control.store import ControlStore, control_url
from sentric_analyzer.control.watch import KeyWatch
from sentric_analyzer.deciding import Decider, Metric, Scorer
from sentric_analyzer.deciding.error_budgets import ErrorBudgets
from sentric_analyzer.deciding.in_force import InForce
from sentric_analyzer.deciding.promotions import Promotions
from sentric_analyzer.declaration import OnCount, OnTime, Value
from sentric_analyzer.models import Model
from sentric_analyzer.policies import ActivePolicies
from sentric_analyzer.processes import together

_logger = logging.getLogger(__name__)

_SWEEP_SECONDS, _COUNT_SECONDS, _BUDGET_SECONDS, _CHECKPOINT_SECONDS, _FORGET_SECONDS = 0.5, 1.0, 2.0, 60.0, 3600.0
_DAY = 86_400.0
_NEVER = "never"


class ControlPlane:
    """Opens the control state when it is made, and keeps it going from entering until leaving.

    Args:
        settings: of the service.
        directory: the service's data directory.
        key: secret that actions are told apart by.
        new_redactor: gives a redactor for one decision.
        active: the policies by which is judged and decided.
        on_keys: called with the valid keys whenever they have changed; None: there is no knowing them.
        on_count: called with each decision.
        on_time: called with how long it took.

    Raises:
        SentricError: the control state cannot be opened, or what is in it cannot be used.
    """

    def __init__(
        self,
        settings: Settings,
        directory: Path,
        *,
        key: bytes,
        new_redactor: Callable[[], Redactor],
        active: ActivePolicies,
        on_keys: Callable[[KeyRing | None], None],
        on_count: OnCount = lambda name, value, amount: None,
        on_time: OnTime = lambda name, value, seconds: None,
    ) -> None:
        self._settings = settings
        self._on_count = on_count
        self.configuration = configuration(settings.approvals, patience=settings.approval_timeout)
        self.asking: Asking | None = None
        """Asks people; None where nobody is to be asked."""
        self._stack = ExitStack()
        self.model = Model.of(settings)
        if self.model is not None:
            self._stack.callback(self.model.close)
        scorer = Scorer.of(settings, self.model, on_count, on_time)
        self.signer = Signer.open(directory / SIGNING_KEY_FILE, settings.signing_key)
        patience = Patience(settings.approval_timeout, settings.approval_use)
        self.store = self._stack.enter_context(
            ControlStore.open(
                settings.control or control_url(directory),
                clock=SteadyClock(),
                patience=patience,
                two_people=two_people(settings.two_person),
            )
        )
        self._agents_kept = settings.agents_kept * _DAY
        self.active = active
        self.in_force = InForce(self.store.policies, active)
        self.keys = KeyWatch(self.store, on_keys, also=self.in_force.refresh)
        self.feed = Feed(self.store.changes)
        self.checkpoints = Checkpoints(self.store.changes, self.signer, directory / HEAD_FILE)
        self.promotions = Promotions(self.store.policies, self.store.incidents, lambda: active.of_settings.documents)
        self.error_budgets = ErrorBudgets(
            self.store.refusals,
            self.in_force,
            self.promotions,
            lambda: [project.name for project in self.store.projects()],
            self.store.changes.clock,
            on_count,
        )
        self.decider = Decider(
            self.store.decisions,
            lambda project: active.of(project).policy,
            new_redactor,
            key,
            time.time_ns,
            on_count,
            on_time,
            scorer,
        )

    def __enter__(self) -> Self:
        try:
            with together():
                self._start()
        except BaseException:
            self.close()
            raise
        return self

    def _start(self) -> None:
        self._stack.enter_context(self.keys)
        self.store.changes.on_copies = self.keys.look  # what is changed here holds when it is answered
        self._stack.callback(self._write_last)
        self.feed.listen(self._take_up)  # first of all: what others then tell of is in force
        self._stack.enter_context(self.feed)
        if self.configuration.routes:
            self.asking = self._stack.enter_context(self._new_asking())
        tasks = (
            (_SWEEP_SECONDS, self.store.approvals.expire),
            (_SWEEP_SECONDS, self.checkpoints.note),
            (_COUNT_SECONDS, self.store.plain.write),
            (_BUDGET_SECONDS, self.error_budgets.look),
            (_CHECKPOINT_SECONDS, self.checkpoints.keep),
            (_FORGET_SECONDS, self.store.decisions.forget),
            (_FORGET_SECONDS, self.store.links.forget),
            (_FORGET_SECONDS, self.store.approvals.forget),
            (_FORGET_SECONDS, partial(self.store.agents.forget, self._agents_kept)),
            (_FORGET_SECONDS, self.store.jobs.forget),
            (_FORGET_SECONDS, self.store.calls.forget),
            (_FORGET_SECONDS, self.store.webhooks.forget),
        )
        self._housekeeping = self._stack.enter_context(Housekeeping(tasks))

    def _new_asking(self) -> Asking:
        stated, store = self.configuration, self.store
        for value in values_of(stated.channels):
            self._on_count(AttemptMetric.ATTEMPTS, value, 0)  # each is there before the first time
        store.attempts.on_outcome = lambda channel, outcome: self._on_count(
            AttemptMetric.ATTEMPTS, (channel, outcome.value), 1
        )
        return Asking(
            Surroundings(stated, store, self._settings, self.model),
            self.feed,
            show=partial(shown_of, store),
            new_link=lambda attempt_id, until: new_link(store.links, stated.public_url, attempt_id, expires=until),
            on_count=self._on_count,
        )

    @property
    def telephone(self) -> Telephone | None:
        """Goes on with phone calls; None where nobody is called."""
        channels = self.asking.channels.values() if self.asking is not None else ()
        return next((channel.telephone for channel in channels if isinstance(channel, PhoneChannel)), None)

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop everything, and close the control state."""
        self._stack.close()

    def _write_last(self) -> None:
        """Count what was not yet counted, and sign how far the audit went; as far as the database answers."""
        try:
            self.store.plain.write()
            self.checkpoints.keep()
        except ControlError as error:
            _logger.error("the end of the audit is not signed: %s", error)

    def _take_up(self, records: Sequence[Record]) -> None:
        if any(record.what == "policy.activate" for record in records):
            self.keys.look()

    def failure(self) -> str:
        """What is not as it should be; empty while everything is."""
        parts = (self.keys, self.feed, self._housekeeping, self.in_force, self.checkpoints)
        return next(filter(None, (part.failure() for part in parts)), "")

    def watched(self) -> Iterator[tuple[str, Value, Callable[[], float]]]:
        """The metrics that are asked for when they are read: name, value of the label, who knows it."""
        approvals, agents = self.store.approvals.waiting, self.store.agents.held_up
        for name, ask, place in (
            (Metric.WAITING, approvals, 0),
            (Metric.OLDEST, approvals, 1),
            (Metric.SHUT_DOWN, agents, 0),
            (Metric.STOPS, agents, 1),
        ):
            yield name, (), partial(_asked, ask, place)

    def standing(self, project: str, agent_id: str, agent_name: str) -> dict[str, Any]:
        """What a guard must know: whether its agent may go on, and which policy is in force."""
        agent = self.store.agents.standing(project, agent_id, agent_name)
        activation = self.in_force.activation(project)
        return {
            "project": project,
            "agent_id": agent_id,
            "state": agent.state,
            "reason": agent.stopped,
            "risk": agent.risk,
            "strikes": agent.strikes,
            "policy_digest": self.active.of(project).digest,
            "policy_number": activation.number if activation else 0,
        }


def _asked(ask: Callable[[], Sequence[float]], place: int) -> float:
    try:
        return ask()[place]
    except ControlError:
        return math.nan  # nobody knows: Prometheus has a word for it


def two_people(least: str) -> frozenset[Severity]:
    """The severities of which an approval takes two people: from one on, or `never`."""
    if least == _NEVER:
        return frozenset()
    return frozenset(severity for severity in Severity if severity.rank() >= Severity(least).rank())
