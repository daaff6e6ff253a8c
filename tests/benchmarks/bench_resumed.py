"""How soon an agent goes on once somebody has approved, beside the same two requests where nobody waits.

The guard's own link waits by long poll at a real service. It goes on when it is told that it may do what it asked for:
it is woken, and asks once more, which uses the approval. The floor approves and asks one after the other.
"""

import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import httpx

sys.path.insert(0, str(Path(__file__).parents[1]))

from sentric.guard.link import Link
from support.deciding import DOCUMENTS
from support.serving import serving

ROUNDS = 20
SETTLED = 0.3
"""Seconds for which a guard has waited before somebody answers: it hangs in its long poll by then."""


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as directory:
        for name, text in DOCUMENTS.items():
            (Path(directory) / name).write_text(text)
        (Path(directory) / "sentric.yaml").write_text("policy: policy.yaml\n")
        with serving(Path(directory) / "data") as service:
            url = f"http://{service.stated['http']}"
            headers = {"Authorization": f"Bearer {(service.data_dir / 'admin.key').read_text().strip()}"}
            link = Link(url, service.new_key("decide"), decide_timeout=60.0)
            with httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=30) as person:

                def approve(approval_id: str) -> None:
                    person.post(f"/v1/approvals/{approval_id}/approve", json={"note": ""}).raise_for_status()

                floors = [_at_once(link, approve, f"floor-{number}") for number in range(ROUNDS)]
                times = [_resumed(link, approve, f"agent-{number}") for number in range(ROUNDS)]
            link.close()
    floor, taken = median(floors), median(times)
    print(f"resumed: {ROUNDS} approvals on SQLite, from before the person's request until the agent may go on")
    print(f"  approved, then asked    {floor * 1e3:7.1f} ms")
    print(
        f"  while the guard waits   {taken * 1e3:7.1f} ms  ({taken / floor:.2f} x; slowest {max(times) * 1e3:.1f} ms)"
    )


def _at_once(link: Link, approve: Callable[[str], None], agent: str) -> float:
    wish: dict[str, object] = {"agent_id": agent, "action": "ask"}
    approval_id = link.decide(wish).approval_id
    began = time.perf_counter()
    approve(approval_id)
    _use(link, wish, approval_id)
    return time.perf_counter() - began


def _resumed(link: Link, approve: Callable[[str], None], agent: str) -> float:
    wish: dict[str, object] = {"agent_id": agent, "action": "ask"}
    approval_id = link.decide(wish).approval_id
    resumed: list[float] = []

    def wait() -> None:
        link.wait(approval_id, threading.Event())
        _use(link, wish, approval_id)
        resumed.append(time.perf_counter())

    guard = threading.Thread(target=wait)
    guard.start()
    time.sleep(SETTLED)
    began = time.perf_counter()
    approve(approval_id)
    guard.join()
    return resumed[0] - began


def _use(link: Link, wish: dict[str, object], approval_id: str) -> None:
    if not link.decide(wish | {"approval_id": approval_id}).allowed:
        raise AssertionError(f"{approval_id} was approved, and may not be used")


if __name__ == "__main__":
    main()
