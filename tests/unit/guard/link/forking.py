"""A guarded program that forks while a thread holds every lock of its link: `forking.py URL DIRECTORY`.

Prints what the child and the parent have found, each as a line of JSON.
"""

import json
import os
import sys
import threading
import time
import warnings
from contextlib import ExitStack
from typing import Any

from sentric.guard import counts
from sentric.guard.link import Link, Spool, Watch
from sentric.guard.link import client as clients
from sentric.guard.link import link as links
from sentric.guard.link import spool as spools
from sentric.settings import Settings

WISH = {"agent_id": "buyer", "action": "pay"}


def found(link: Link, spool: Spool, watch: Watch) -> dict[str, Any]:
    """What the link can do here."""
    had_lease = watch.has_lease
    heard = watch.wait(20)
    answer = link.decide(WISH | {"call_id": str(os.getpid())})
    spool.keep(WISH | {"call_id": str(os.getpid()), "settled": "done"})
    watched = link.watch("buyer", "shopper")
    return {
        "had_lease": had_lease,
        "heard": heard,
        "has_lease": watch.has_lease,
        "allowed": answer.allowed,
        "same": watched is watch,
        "kept": counts.counts()["spool_kept"],
        "pid": os.getpid(),
    }


def held(link: Link, spool: Spool, watch: Watch, begun: threading.Event, over: threading.Event) -> None:
    """Hold every lock there is."""
    locks: list[Any] = [links._lock, spools._lock, link._lock, link.client._lock, spool._lock, watch._changed]
    locks += [delivery._lock for delivery in link._deliveries.values()]
    with ExitStack() as stack:
        for lock in [*locks, counts._lock]:
            stack.enter_context(lock)
        begun.set()
        over.wait(20)


def tell(what: dict[str, Any]) -> None:
    """Print a line."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main(url: str, directory: str) -> None:
    """Fork."""
    clients.IDLE_SECONDS = 600.0  # however slow the machine is
    settings = Settings(url=url, api_key="sk-canary", guard_dir=directory)
    link, spool = Link.of(settings), Spool.of(settings)
    assert link is not None
    watch = link.watch("buyer", "shopper")
    assert watch.wait(20)
    link.decide(WISH)
    spool.keep(WISH | {"settled": "done"})
    link.deliver(spool)
    while spool.first() is not None:
        time.sleep(0.02)
    begun, over = threading.Event(), threading.Event()
    holding = threading.Thread(target=held, args=[link, spool, watch, begun, over])
    holding.start()
    begun.wait()
    warnings.simplefilter("ignore")  # that there are threads is what this is about
    child = os.fork()
    if not child:
        tell(found(link, spool, watch))
        os._exit(0)
    over.set()
    holding.join()
    deadline = time.monotonic() + 20
    while not os.waitpid(child, os.WNOHANG)[0]:
        assert time.monotonic() < deadline, "the child hangs"
        time.sleep(0.02)
    tell(found(link, spool, watch))


if __name__ == "__main__":
    main(*sys.argv[1:])
