"""What the receiver's process runs."""

import os
from typing import TYPE_CHECKING

from sentric_analyzer.log import Link, LogMetric, LogWriter
from sentric_analyzer.logs import set_up
from sentric_analyzer.processes import Parent, Sums
from sentric_analyzer.receiver.handover import Keys, Listening, Setup

if TYPE_CHECKING:
    from sentric_analyzer.receiver.receiver import Receiver

_TELL_EVERY = 0.25
"""Seconds between two reports of what was counted."""
_STOP_SECONDS = 1.5
"""Seconds in which what has begun is answered at the end."""


def run(parent: Parent, setup: Setup) -> None:
    """Receive into the log until the parent says stop."""
    set_up(setup.settings.log_format)
    # gRPC's own lines would stand in the log as any stranger makes them.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    from sentric_analyzer.receiver.receiver import Receiver  # gRPC looks at that when it is imported

    sums = Sums()
    with LogWriter.open(setup.directory, Link(*setup.link), setup.limits) as log:
        if log.recovery.torn_bytes:
            sums.count(LogMetric.CUT, "torn", log.recovery.torn_bytes)
        receiver = Receiver(log, setup.settings, sums.count)
        for message in setup.messages:
            _heed(receiver, message)
        receiver.start()
        parent.ready(Listening(receiver.grpc_address, receiver.http_address))
        for message in parent.messages(_TELL_EVERY):
            if message is not None:
                _heed(receiver, message)
            sums.tell(parent)
        receiver.stop(_STOP_SECONDS)
    sums.tell(parent)


def _heed(receiver: "Receiver", message: object) -> None:
    """Do what the service says; each kind of message has a case here."""
    match message:
        case Keys(ring):
            receiver.set_keys(ring)
        case _:
            raise TypeError(f"the receiver has no use for a {type(message).__name__}")
