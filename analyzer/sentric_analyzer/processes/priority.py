"""Which of the service's work goes first where there is more than the machine can do."""

import os
import threading
from contextlib import suppress

_GIVING_WAY = 5
"""How nice a thread is that gives way: it gets a third of what one that does not gets."""


def give_way() -> None:
    """Let this thread, and those it starts, come after those of the receiver: a sender waits, what is kept does not.

    Only Linux tells threads apart; elsewhere all are alike.
    """
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _GIVING_WAY)
