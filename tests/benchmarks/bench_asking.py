"""How soon a person is told of a question, beside how soon anybody in the service hears of it.

The floor is a listener of the feed, told of the same questions in the same run. What is between is the dispatcher, the
row of the attempt with its record in the audit, and the thread of the channel.
"""

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))

from sentric_analyzer.approvals.channel import Notice
from sentric_analyzer.control.audit_chain import Record
from sentric_analyzer.control.feed import Feed
from sentric_analyzer.control.store import ControlStore, control_url
from support.asking import Channels, ask, asking
from support.serving import poll

QUESTIONS = 40


def main() -> None:
    """Print the figures."""
    heard: dict[str, float] = {}
    told: dict[str, float] = {}

    def hear(records: Sequence[Record]) -> None:
        heard.update({record.subject: time.perf_counter() for record in records if record.what == "approval.ask"})

    def tell(notice: Notice) -> str:
        told[notice.approval_id] = time.perf_counter()
        return ""

    with tempfile.TemporaryDirectory() as directory, ControlStore.open(control_url(Path(directory))) as store:
        channels = Channels(ann=tell)
        with Feed(store.changes) as feed:
            feed.listen(hear)
            floors = _measured(store, heard)
        with asking(store, channels, ("ann", None)):
            times = _measured(store, told)
    floor, taken = median(floors), median(times)
    print(f"asking: {QUESTIONS} questions on SQLite, from before the decision")
    print(f"  heard of in the service  {floor * 1e3:7.1f} ms")
    print(
        f"  a person is being told   {taken * 1e3:7.1f} ms  ({taken / floor:.2f} x; slowest {max(times) * 1e3:.1f} ms)"
    )


def _measured(store: ControlStore, reached: dict[str, float]) -> list[float]:
    times: list[float] = []
    for number in range(QUESTIONS):
        began = time.perf_counter()
        approval_id = ask(store, f"agent-{began}-{number}", key_id=f"{number:012}").approval_id
        poll(lambda asked=approval_id: asked in reached)  # type: ignore[misc]
        times.append(reached[approval_id] - began)
    return times


if __name__ == "__main__":
    main()
