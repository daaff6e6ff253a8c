"""What a process that judges runs."""

import gc
import logging
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from sentric.errors import SentricError
from sentric.events import Run
from sentric.policy.loader import load_policy
from sentric.policy.rule import Policy
from sentric.policy.verdict import Replay
from sentric.redaction import chosen_redactor
from sentric_analyzer.detection.conversations import Conversations
from sentric_analyzer.detection.detect import detect, with_former
from sentric_analyzer.detection.loaded import LoadedPolicies
from sentric_analyzer.detection.messages import (
    ALL,
    FLAGGED,
    AskEarlier,
    AskFormer,
    AskPolicy,
    Judged,
    OverRun,
    Setup,
    Task,
    Told,
)
from sentric_analyzer.dialects import Dialects
from sentric_analyzer.logs import set_up
from sentric_analyzer.processes import Parent, give_way
from sentric_analyzer.spans import put_together
from sentric_analyzer.storage import RunRows

_logger = logging.getLogger(__name__)


def run(parent: Parent, setup: Setup) -> None:
    """Judge traces until the parent says stop.

    Raises:
        SentricError: the policy file is not the one that the service has read.
    """
    set_up(setup.settings.log_format)
    give_way()
    policy = _policy(setup)
    gc.freeze()  # what is loaded by now stays, and need not be looked at again and again
    parent.ready()
    _Judge(parent, setup, policy).work()


class _Judge:
    def __init__(self, parent: Parent, setup: Setup, policy: Policy) -> None:
        self._parent = parent
        self._policies = LoadedPolicies(policy, lambda source: self._asked(AskPolicy(source)))
        self._dialects = Dialects.of(setup.settings.dialects)
        self._second_opinion = setup.settings.judge
        self._new_redactor = partial(chosen_redactor, setup.settings, setup.redaction_key)
        self._conversations = Conversations(self._earlier)
        self._given: deque[Sequence[Task]] = deque()

    def work(self) -> None:
        for message in self._parent.messages():
            self._given.append(message)
            while self._given:
                self._parent.send(self._judged(self._given.popleft()))

    def _judged(self, tasks: Sequence[Task]) -> Judged:
        judged = [self._replays(task) for task in tasks]
        replays = [replay for of_task in judged for replay in of_task or ()]
        found = (finding for replay in replays for finding in replay.findings)
        return Judged(
            [task.number for task in tasks],
            RunRows.of(replays, _whole(tasks, judged)),
            Counter((finding.rule_id, finding.severity.value) for finding in found),
            blind=sum(replay.run.coverage.blind for replay in replays),
            failed=judged.count(None),
            over=[over for task, of_task in zip(tasks, judged, strict=True) for over in self._over(task, of_task)],
        )

    def _over(self, task: Task, replays: Iterable[Replay] | None) -> Iterator[OverRun]:
        """The runs of a task that are over and that a language model is to judge, too."""
        for replay in replays or ():
            is_wanted = self._second_opinion == ALL or (self._second_opinion == FLAGGED and replay.findings)
            if is_wanted and (task.is_over or replay.run.coverage.ended):
                yield OverRun.of(replay.run)

    def _replays(self, task: Task) -> list[Replay] | None:
        """The judged runs of a trace; None where a mistake of ours, which it brings to light, prevents that."""
        try:
            replays = detect(
                put_together(task.trace_id, task.pieces),
                project=task.project,
                policy=self._policies.get(task.policy_digest, task.policy_source),
                redactor=self._new_redactor(),
                conversations=self._conversations,
                left_out=task.left_out,
                dialects=self._dialects,
            )
            return [self._with_former(replay) for replay in replays] if task.left_out else replays
        except Exception:  # its spans are kept, and others go on
            _logger.exception("trace %s could not be judged; its spans are kept", task.trace_id)
            return None

    def _with_former(self, replay: Replay) -> Replay:
        return with_former(replay, self._asked(AskFormer(replay.run.project, replay.run.run_id)))

    def _earlier(self, run: Run, limit: int) -> Sequence[Run]:
        runs: Sequence[Run] = self._asked(AskEarlier(replace(run, events=()), limit))
        return runs

    def _asked(self, question: object) -> Any:
        self._parent.send(question)
        while not isinstance(message := self._parent.receive(), Told):
            self._given.append(message)  # sent before the question was heard
        return message.answer


def _whole(tasks: Sequence[Task], judged: Sequence[Sequence[Replay] | None]) -> Iterator[tuple[str, str]]:
    """The traces that were judged with all their spans: they have no other runs."""
    for task, replays in zip(tasks, judged, strict=True):
        if replays is not None and not task.left_out:
            yield task.project, task.trace_id


def _policy(setup: Setup) -> Policy:
    settings = setup.settings
    policy = load_policy(Path(settings.policy) if settings.policy else None, allow_loopback=settings.allow_loopback)
    if policy.digest != setup.policy_digest:
        raise SentricError(f"{settings.policy}: was changed since the service has read it: start the service again")
    return policy
