"""What the children of the tests run. Each imports only what it needs, and so is up at once."""

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

from sentric.errors import SentricError
from sentric_analyzer.processes import Parent, Sums


def echo(parent: Parent, argument: Any) -> None:
    """Say what came, in capitals."""
    parent.ready((os.getpid(), argument))
    for message in parent.messages():
        if message == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if message == "fail":
            raise SentricError("it is enough: rest")
        parent.send(oct(os.umask(0o077)) if message == "umask" else message.upper())


def tick(parent: Parent, _: object) -> None:
    """Count the ticks."""
    sums = Sums()
    parent.ready()
    for message in parent.messages(0.01):
        assert message is None
        sums.count("ticks", "all", 1)
        sums.tell(parent)


def refuse(parent: Parent, argument: str) -> None:
    """Fail as it is told."""
    match argument:
        case "port":
            from sentric_analyzer.receiver import PortError

            raise PortError("--x 1:2: cannot listen there")
        case "bug":
            raise ZeroDivisionError("one\nand another line")
        case "unpicklable":

            class LocalError(SentricError):
                pass

            raise LocalError("of a class that the parent does not know")
        case "exit":
            os._exit(7)
        case _:
            os.kill(os.getpid(), signal.SIGKILL)


def deaf(parent: Parent, _: object) -> None:
    """Hear nothing."""
    parent.ready(os.getpid())
    while True:
        time.sleep(60)


def half(parent: Parent, _: object) -> None:
    """Lose a thread when it is told to."""
    parent.ready()
    for _message in parent.messages():
        threading.Thread(target=lambda: 1 / 0).start()


def once(parent: Parent, path: str) -> None:
    """Come up the first time only."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        raise SentricError("not again") from None
    parent.ready()
    os._exit(0)


def judge(parent: Parent, setup: Any) -> None:
    """Judge traces that have no spans, as far as a directory lets it: see the tests of the judges."""
    directory = Path(setup)
    if (directory / "broken").exists():
        raise SentricError("the policy was changed: put it back")
    from sentric_analyzer.detection import Judged
    from sentric_analyzer.storage import RunRows

    parent.ready()
    for tasks in parent.messages():
        for task in tasks:
            with (directory / "seen").open("a") as seen:
                seen.write(f"{task.trace_id} ")
            if task.trace_id == "deadly":
                os.kill(os.getpid(), signal.SIGKILL)
            if task.trace_id == "stopped":
                os.kill(os.getpid(), signal.SIGSTOP)
        large = sum(task.trace_id == "large" for task in tasks)
        parent.send(Judged([task.number for task in tasks], RunRows((), {"agent_events": bytes(large << 20)}), {}))
