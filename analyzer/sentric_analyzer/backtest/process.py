"""What the process of a back-test runs."""

import gc
import time
from pathlib import Path

from sentric.errors import SentricError
from sentric.policy.loader import load_bundle, load_policy
from sentric.policy.rule import Policy
from sentric_analyzer.backtest.comparison import Comparison
from sentric_analyzer.backtest.document import backtest_document, fitting
from sentric_analyzer.backtest.messages import Compared, Judged, Runs, Setup
from sentric_analyzer.logs import set_up
from sentric_analyzer.processes import IN_THE_BACKGROUND, Parent, give_way

_TELL_EVERY = 0.25
"""Seconds between two reports of how far it has come."""


def run(parent: Parent, setup: Setup) -> None:
    """Judge the runs that the parent gives under both policies, until it has given the last.

    Raises:
        SentricError: a policy cannot be loaded, or is not the one that the service has read.
    """
    set_up(setup.settings.log_format)
    give_way(IN_THE_BACKGROUND)
    compared = Comparison(_today(setup), load_bundle(setup.tried))
    gc.freeze()  # what is loaded by now stays, and need not be looked at again and again
    parent.ready()
    for given in parent.messages():
        _compare(parent, compared, given)
        if given.are_last:
            parent.send(Compared(fitting(backtest_document(compared, setup.names), setup.most_bytes)))
            return


def _compare(parent: Parent, compared: Comparison, given: Runs) -> None:
    told, judged = time.monotonic(), 0
    for one in given.runs:
        compared.add(one)
        judged += 1
        if time.monotonic() - told >= _TELL_EVERY:
            parent.send(Judged(judged, wants_more=False))
            told, judged = time.monotonic(), 0
    parent.send(Judged(judged, wants_more=True))


def _today(setup: Setup) -> Policy:
    settings = setup.settings
    if setup.today is not None:
        return load_bundle(setup.today)
    own = load_policy(Path(settings.policy) if settings.policy else None, allow_loopback=settings.allow_loopback)
    if own.digest != setup.own_digest:
        raise SentricError(f"{settings.policy}: was changed since the service has read it: start the service again")
    return own
