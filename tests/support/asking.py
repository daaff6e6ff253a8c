"""People who are asked in a test, through channels of the test.

Run as a program it asks through a channel that hangs, until it is killed.
"""

import sys
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sentric.settings import Settings
from sentric.stated import Section
from sentric_analyzer.approvals.asking import Asking
from sentric_analyzer.approvals.channel import Channel, Notice
from sentric_analyzer.approvals.configuration import ChannelStated, Kind, Surroundings
from sentric_analyzer.approvals.reading import configuration
from sentric_analyzer.approvals.shown import Shown
from sentric_analyzer.control.approval import Approval
from sentric_analyzer.control.feed import INTERVAL, Feed
from sentric_analyzer.control.people import Role
from sentric_analyzer.control.store import ControlStore
from sentric_analyzer.declaration import OnCount
from support.deciding import asked, decider, grant, policy

Notify = Callable[[Notice], str]


class TestChannel:
    """Does what the test says."""

    __test__ = False

    def __init__(self, name: str, notify: Notify) -> None:
        self.name = name
        self._notify = notify
        self.told: list[tuple[float, Notice]] = []
        """When and what it was to tell; seconds of the monotonic clock."""
        self.withdrawn: list[tuple[str, str]] = []
        """References, and why."""

    def notify(self, notice: Notice) -> str:
        self.told.append((time.monotonic(), notice))
        return self._notify(notice)

    def withdraw(self, notice: Notice, reference: str, why: str) -> None:
        self.withdrawn.append((reference, why))


class Channels:
    """The channels of a test: each has its name, and one of the people."""

    def __init__(self, **notify: Notify) -> None:
        self._notify = notify
        self.made: dict[str, TestChannel] = {}

    def __getitem__(self, name: str) -> TestChannel:
        return self.made[name]

    def make(self, stated: Sequence[ChannelStated], surroundings: Surroundings) -> Sequence[Channel]:
        self.made.update({one.name: TestChannel(one.name, self._notify[one.name]) for one in stated})
        return tuple(self.made.values())

    def stated(self, *steps: tuple[str, float | None], **channels: Any) -> Section:
        """A configuration: these channels, and one route."""
        route = [{"channel": name, **({"wait": wait} if wait else {})} for name, wait in steps]
        names = list(self._notify)
        of = {name: {"type": "test", "person": name, "key": "s3cret", **channels} for name in names}
        return Section("sentric.yaml: approvals", {"channels": of, "routes": [{"steps": route}], **_URL})

    def kinds(self) -> dict[str, Kind]:
        return {"test": Kind(factory=self.make, secrets=("key",), links=True)}


_URL = {"public_url": "https://sentric.example"}


def show(approval: Approval) -> Shown:
    """What people are shown."""
    return Shown(f"{approval.agent_id} asks", "text", "spoken")


@contextmanager
def asking(
    store: ControlStore,
    channels: Channels,
    *steps: tuple[str, float | None],
    on_count: OnCount = lambda name, value, amount: None,
    patience: float = 300.0,
    interval: float = INTERVAL,
) -> Generator[Asking]:
    """A service's asking: with a feed of its own, and people of the channels' names."""
    for name in channels.stated(*steps).stated["channels"]:  # type: ignore[index]
        if name not in {person.name for person in store.people.list()}:
            store.people.add(name, Role.APPROVER, actor="local")
    kinds = channels.kinds()
    stated = configuration(channels.stated(*steps), patience=patience, kinds=kinds)
    with Feed(store.changes, interval=interval) as feed:
        surroundings = Surroundings(stated, store, Settings())
        made = Asking(
            surroundings,
            feed,
            show=show,
            new_link=lambda attempt_id, until: f"https://sentric.example/approve/{attempt_id}",
            on_count=on_count,
            kinds=kinds,
        )
        with made as running:
            yield running


def ask(
    store: ControlStore, agent: str = "clerk", action: str = "ask", key_id: str = "0" * 12, **more: Any
) -> Approval:
    """A question that waits for somebody."""
    decided = decider(store, policy()).decide(asked(agent, action, **more), project="shop", by=grant(key_id))
    return store.approvals.find(decided.answer["approval_id"], projects=None)


def main(url: str, marker: str) -> None:
    """Ask through a channel that hangs, and say so in a file."""
    hanging = threading.Event()

    def hang(notice: Notice) -> str:
        Path(marker).write_text(notice.attempt_id)
        hanging.wait()
        return ""

    with ControlStore.open(url) as store, asking(store, Channels(ann=hang, bob=hang), ("ann", 2.0), ("bob", None)):
        hanging.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
