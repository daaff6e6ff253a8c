"""What a verdict amounts to where it is enforced: the action is done, or refused, or a person is asked first.

A plain allow is decided here. Everything else is decided by the service, which knows what the agent adds up to in
other processes, and has it recorded before it answers. Where there is no service, or it does not answer, only what can
be decided and recorded here is done.
"""

import logging
import threading
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol, TypeAlias
from uuid import uuid4

from sentric.errors import SentricError
from sentric.events import IRREVERSIBLE, Action, AgentState, Effect, Score
from sentric.guard.counts import Count, count
from sentric.guard.link import Answer, Link, LinkError, Spool
from sentric.guard.refusal import Cause, Refusal, refusal
from sentric.guard.steps import Steps
from sentric.guard.sums import Sums
from sentric.policy.risk import SHUT_DOWN_RULE, STOPPED_RULE, STRIKES
from sentric.policy.rule import Decision
from sentric.policy.verdict import Verdict, unscored
from sentric.settings import Settings

Wish: TypeAlias = dict[str, object]
"""What the service is told of an action, see `wish`."""
ROUNDS = 4
"""How often the service is asked about one action: it may be another one whenever a person has approved it."""
_LASTING = IRREVERSIBLE | {Effect.EXECUTE}
"""Effects that need the lease: whoever may have been stopped does not take them."""
_NO_SCORE = unscored("a rule wants a model's score, and no service is there that asks one")

_logger = logging.getLogger("sentric")
_complained: set[str] = set()
"""What was said once; bounded by the causes there are."""


@dataclass(frozen=True, slots=True)
class Judged:
    """An action, and what the rules say of it."""

    action: Action
    verdict: Verdict

    @property
    def is_plain(self) -> bool:
        """Whether no rule has anything to say, nor wants a model to."""
        verdict = self.verdict
        if not verdict.matches:
            return True
        return verdict.decision is Decision.ALLOW and verdict.risk == 0 and not verdict.wants_score

    @property
    def blocking(self) -> frozenset[str]:
        """Ids of the rules that block it."""
        return frozenset(one.rule.id for one in self.verdict.matches if one.decision is Decision.BLOCK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What is decided about an action."""

    judged: Judged
    refusal: Refusal | None = None
    """None: it may be done."""
    answer: Answer | None = None
    """Of the service, where it was asked."""
    opened: Cause | None = None
    """Why it would be refused, had the policy's owner not said that such actions are done nevertheless."""


class Attempt(Protocol):
    """An action that is about to be done, as the enforcement sees it."""

    def judge(self, state: AgentState) -> Judged:
        """Look at the action as it is now, and judge it."""
        ...

    def prepare(self) -> Steps[None]:
        """Wait for what judging needs and is not there yet."""
        ...

    def restate(self, judged: Judged, state: AgentState, score: Score | None = None) -> Judged:
        """Judge it once more, now that it is certain what its agent has added up to, and what a model says of it."""
        ...

    def renew(self) -> Steps[None]:
        """Bring up to date what it is looked at in."""
        ...

    def has_changed(self) -> bool:
        """Whether it is another one by now than was judged."""
        ...

    def wish(self, judged: Judged) -> dict[str, object]:
        """What the service is told of it."""
        ...

    def redacted(self, text: str) -> str:
        """What somebody says of it, as its model may be told."""
        ...

    def pause(self) -> AbstractContextManager[None]:
        """While a person is waited for."""
        ...


class Enforcement:
    """Decides what is done in one run. Any thread may ask it."""

    def __init__(self, settings: Settings, agent_id: str, agent_name: str) -> None:
        self._patience = settings.decide_timeout
        self._is_named = bool(settings.agent_id)
        self._may_pass = settings.fail_open
        self._spool = Spool.of(settings)
        self._link = Link.of(settings)
        self._watch = None
        if self._link is not None:
            self._link.deliver(self._spool)
            self._watch = self._link.watch(agent_id, agent_name)
        self._has_waited = self._has_ended = False
        self._waits: set[threading.Event] = set()
        """Set to end a wait for a person."""
        self._sums = Sums.of(settings.project, agent_id) if self._is_named else Sums()

    def close(self) -> None:
        """The run has ended: nobody is waited for any more, and nothing is done."""
        self._has_ended = True
        for given_up in list(self._waits):
            given_up.set()
        if self._watch is not None:
            self._watch.close()

    @property
    def is_shut_down(self) -> bool:
        """Whether everything is refused, as far as is known here."""
        return self._sums.state.strikes >= STRIKES

    def ruling(self, attempt: Attempt) -> Steps[Ruling]:
        """Decide about an action."""
        yield from attempt.prepare()
        ruling = yield from self._ruling(attempt)
        if self._has_ended and ruling.refusal is None:
            return replace(ruling, refusal=_refusal(Cause.WITHDRAWN, ruling.judged))
        return ruling

    def doubtful(self, judged: Judged, cause: Cause) -> Ruling:
        """Something is not certain: then only what the policy's owner has said is done, and what no rule is against."""
        verdict = judged.verdict
        is_against = verdict.decision.rank() > Decision.WARN.rank() or verdict.wants_score
        if is_against or not self._may_pass_with(judged.action):
            return Ruling(judged=judged, refusal=_refusal(cause, judged))
        self._sums.add(risk=verdict.risk)
        return Ruling(judged=judged, opened=cause)

    def _may_pass_with(self, action: Action) -> bool:
        """Whether all that an action does may be done although something about it is not certain."""
        return bool(action.effects) and action.effects <= self._may_pass

    def _ruling(self, attempt: Attempt) -> Steps[Ruling]:
        if self._link is None:
            with self._sums.turn:
                judged = attempt.judge(self._sums.state)
                if judged.is_plain:
                    return self._plain(judged)
                judged = _surely_scored(attempt, judged, self._sums.state)
                wish = attempt.wish(judged) | {"idempotency_key": uuid4().hex}
                return self._alone(wish, judged, durable=judged.verdict.decision is not Decision.ALLOW)
        judged = attempt.judge((yield from self._state()))
        return self._plain(judged) if judged.is_plain else (yield from self._shared(self._link, attempt, judged))

    def _state(self) -> Steps[AgentState]:
        """What the agent has added up to. A run waits once until it is known."""
        if self._watch is None:
            return self._sums.state
        if self._watch.state() is None and not self._has_waited:
            yield partial(self._watch.wait, self._patience)
            self._has_waited = True
        if (heard := self._watch.state()) is not None:
            self._sums.tell(heard)
        return self._sums.state

    def _plain(self, judged: Judged) -> Ruling:
        return Ruling(judged=judged) if self._may_last(judged.action) else self.doubtful(judged, Cause.UNVERIFIED)

    def _may_last(self, action: Action) -> bool:
        """Whether the agent may still do what cannot be taken back, as far as this action does; who knows may."""
        if self._watch is None or self._watch.has_lease:
            return True
        return bool(action.effects) and not action.effects & _LASTING

    def _shared(self, link: Link, attempt: Attempt, judged: Judged) -> Steps[Ruling]:
        """Let the service decide, and a person where it wants one."""
        approval_id = ""
        for _ in range(ROUNDS):
            wish = attempt.wish(judged) | {"approval_id": approval_id, "idempotency_key": uuid4().hex}
            try:
                answer: Answer = yield partial(link.decide, wish)
            except LinkError as error:
                return self._away(attempt, wish, judged, error)
            self._hear(answer)
            judged = attempt.restate(judged, answer.before, answer.score)
            if answer.allowed:
                return self._allowed(judged, answer, is_approved=bool(approval_id))
            if answer.decision is not Decision.ASK or not answer.approval_id:
                return Ruling(judged=judged, refusal=_refused(attempt, judged, answer, approval_id), answer=answer)
            approval_id = answer.approval_id
            try:
                yield from self._waited(link, attempt, approval_id)
            except LinkError as error:
                complain(str(error))
                return Ruling(judged=judged, refusal=_refusal(Cause.NOBODY, judged), answer=answer)
            if self._has_ended:
                break
            if attempt.has_changed():
                judged = attempt.judge((yield from self._state()))
        cause = Cause.WITHDRAWN if self._has_ended else Cause.CHANGED
        return Ruling(judged=judged, refusal=_refusal(cause, judged))

    def _waited(self, link: Link, attempt: Attempt, approval_id: str) -> Steps[None]:
        """Wait for a person. Who gives up meanwhile takes the question back."""
        given_up = threading.Event()
        self._waits.add(given_up)
        if self._has_ended:
            given_up.set()
        try:
            with attempt.pause():
                yield partial(link.wait, approval_id, given_up)
                yield from attempt.renew()
        except BaseException:
            given_up.set()
            link.withdraw(approval_id)
            raise
        finally:
            self._waits.discard(given_up)
        if self._has_ended:
            link.withdraw(approval_id)

    def _hear(self, answer: Answer) -> None:
        if self._watch is not None:
            self._watch.told(answer)
            if (known := self._watch.state()) is not None:
                self._sums.tell(known)

    def _allowed(self, judged: Judged, answer: Answer, *, is_approved: bool) -> Ruling:
        """It may be done, unless the rules say more by the exact sums than the service was told they say."""
        most = Decision.ASK if is_approved else Decision.WARN
        if judged.verdict.decision.rank() <= most.rank() and (is_approved or not judged.verdict.wants_score):
            return Ruling(judged=judged, answer=answer)
        return Ruling(judged=judged, refusal=_refusal(Cause.CHANGED, judged), answer=answer)

    def _away(self, attempt: Attempt, wish: Wish, judged: Judged, error: LinkError) -> Ruling:
        """The service does not answer. What it may have heard nevertheless has the same key when it is told later."""
        complain(str(error))
        with self._sums.turn:  # others may have been decided meanwhile
            judged = attempt.restate(judged, self._sums.state)
            judged = _surely_scored(attempt, judged, self._sums.state)
            wish |= {"verdict": attempt.wish(judged)["verdict"]}
            changes_sums = self._is_named and judged.verdict.risk > 0
            if judged.verdict.decision.rank() <= Decision.WARN.rank() and (
                changes_sums or not self._may_last(judged.action)
            ):
                ruling = self.doubtful(judged, Cause.UNVERIFIED)
                self._keep(wish, "done" if ruling.refusal is None else "refused")
                return ruling
            return self._alone(wish, judged, durable=True)

    def _alone(self, wish: Wish, judged: Judged, *, durable: bool) -> Ruling:
        """Decide by what is known here.

        Args:
            wish: what the service would have been told.
            judged: what the rules say of it.
            durable: whether it must be on the disk before it is done.
        """
        match judged.verdict.decision:
            case Decision.BLOCK:
                self._sums.add(strikes=int(judged.verdict.is_strike))
                self._keep(wish, "refused")
                return Ruling(judged=judged, refusal=_by_rules(judged, is_last=self._sums.state.strikes >= STRIKES))
            case Decision.ASK:
                self._keep(wish, "refused")
                return Ruling(judged=judged, refusal=_refusal(Cause.NOBODY, judged))
            case Decision.WARN | Decision.ALLOW:
                if durable and not self._keep(wish, "done"):
                    return self.doubtful(judged, Cause.UNRECORDED)
                self._sums.add(risk=judged.verdict.risk)
                return Ruling(judged=judged)

    def _keep(self, wish: Wish, settled: str) -> bool:
        """Have on the disk what became of an action; whether it is there."""
        try:
            self._spool.keep(wish | {"settled": settled, "time": time.time_ns()})
        except SentricError as error:
            complain(str(error))
            return False
        return True


def _surely_scored(attempt: Attempt, judged: Judged, state: AgentState) -> Judged:
    """What is judged, where nobody can be asked for the score that a rule wants: as if it were too high."""
    return attempt.restate(judged, state, _NO_SCORE) if judged.verdict.wants_score else judged


def _refused(attempt: Attempt, judged: Judged, answer: Answer, approval_id: str) -> Refusal:
    """Why the service says no."""
    if answer.agent_state == "stopped":
        return _refusal(Cause.STOPPED, judged)
    is_last = answer.agent_state != "active"
    if judged.blocking:
        return _by_rules(judged, is_last=is_last)
    cause = Cause.DENIED if approval_id else Cause.SERVICE
    said = attempt.redacted(answer.reasons[-1]) if answer.reasons else ""
    return _refusal(cause, judged, said, is_last=is_last)


def _by_rules(judged: Judged, *, is_last: bool) -> Refusal:
    if STOPPED_RULE.id in judged.blocking:
        return _refusal(Cause.STOPPED, judged)
    if SHUT_DOWN_RULE.id in judged.blocking:
        return _refusal(Cause.SHUT_DOWN, judged)
    return _refusal(Cause.RULE, judged, is_last=is_last)


def _refusal(cause: Cause, judged: Judged, said: str = "", *, is_last: bool = False) -> Refusal:
    count(Count(f"refused_{cause}"))
    made = refusal(cause, judged.action.tool, judged.verdict, said, is_last=is_last)
    _logger.warning("sentric: %s", made.told)
    return made


def complain(what: str) -> None:
    """Say once what is wrong."""
    if what not in _complained and len(_complained) < 64:
        _complained.add(what)
        _logger.warning("sentric: %s", what)
