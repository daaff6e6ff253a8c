"""What a child runs: `python -m sentric_analyzer.processes MODULE:FUNCTION CONNECTION PARENT`."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any

from sentric.errors import SentricError
from sentric_analyzer.logs import described
from sentric_analyzer.processes.messages import ChildError
from sentric_analyzer.processes.parent import Parent, end_with

_logger = logging.getLogger("sentric_analyzer.processes")


def main(target: str, connection: str, parent_pid: str) -> int:
    """Run a target with the parent and the argument that the parent sends first; the exit status."""
    end_with(int(parent_pid))
    for number in (signal.SIGINT, signal.SIGTERM):  # they go to whole groups: the parent decides what follows
        signal.signal(number, signal.SIG_IGN)
    os.umask(0o077)
    threading.excepthook = _end
    parent = Parent(Connection(int(connection)))
    try:
        _function(target)(parent, parent.receive())
    except SentricError as error:
        parent.failed(error)
    except Exception as error:  # the boundary of this process: its traceback stays here
        _logger.exception("%s has ended because of a mistake in Sentric itself", target)
        parent.failed(ChildError(described(error)))
    else:
        return 0
    return 1


def _end(died: threading.ExceptHookArgs) -> None:
    """End the process when one of its threads dies: the parent starts a whole one again, and would not miss a part."""
    if died.exc_value:
        _logger.error("a thread has ended because of a mistake in Sentric itself", exc_info=died.exc_value)
    os._exit(1)


def _function(target: str) -> Callable[[Parent, Any], object]:
    module, _, name = target.partition(":")
    function: Callable[[Parent, Any], object] = getattr(import_module(module), name)
    return function


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
