"""Which of the service's work goes first where there is more than the machine can do."""

import os
import sys
import threading
from contextlib import suppress

GIVING_WAY = 5
"""How nice a thread is that gives way: it gets a third of what one that does not gets."""
IN_THE_BACKGROUND = 10
"""How nice one is that nobody waits for: it gets a third of what one that gives way gets."""


def give_way(niceness: int = GIVING_WAY) -> None:
    """Let this thread, and those it starts, come after those of the receiver: a sender waits, what is kept does not.

    Only Linux tells threads apart. One that is nicer already stays so.

    Args:
        niceness: how nice it is then. Not more than GIVING_WAY where others need what this thread holds meanwhile.
    """
    if sys.platform != "linux":  # elsewhere the number of a thread may be that of another process
        return
    thread = threading.get_native_id()
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, thread, max(niceness, os.getpriority(os.PRIO_PROCESS, thread)))
