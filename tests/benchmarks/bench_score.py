"""What a decision that waits for a language model's score takes, beside the model's own time.

The model is a stand-in on loopback that takes a given time to answer, and says how long it took from the last byte of
the request on. Beside it is the same decision without a score, of the same service, in turn; what the way of the score
adds is the one minus the model's time minus the other. Last is how long others wait for a plain decision while so many
wait for the model at once.
"""

import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.models import Answer, Request, gives, standing_in
from support.scoring import DOCUMENTS
from support.serving import poll, serving

THINKS = 0.2
"""Seconds that the model takes."""
DECISIONS = 60
TOGETHER = 16
"""Decisions that wait for the model at once."""
ALLOWED = 20.0
"""Milliseconds that may be added."""
ARGUMENTS = {"amount": 950, "currency": "EUR", "to": "ACME", "note": "invoice " * 60}


def milliseconds(seconds: Sequence[float]) -> tuple[float, float]:
    """Their median, and the 90th percentile."""
    ordered = sorted(seconds)
    return statistics.median(ordered) * 1e3, ordered[int(0.9 * (len(ordered) - 1))] * 1e3


def asked(client: httpx.Client, number: int, tool: str) -> tuple[float, dict[str, Any]]:
    wish = {"agent_id": f"agent-{number}", "action": tool, "arguments": ARGUMENTS, "task": "Pay what is due."}
    began = time.perf_counter()
    answer = client.post("/v1/decisions", json=wish)
    taken = time.perf_counter() - began
    assert answer.status_code == 200, answer.text
    return taken, json.loads(answer.content)


def alone(client: httpx.Client, thought: list[float]) -> None:
    scored, plain = list[float](), list[float]()
    for number in range(DECISIONS + 5):
        taken, answer = asked(client, number, "weigh")
        assert answer["allowed"], answer
        assert answer["score"]["risk"] == 10, answer
        least, _ = asked(client, number, "other")
        if number >= 5:
            scored.append(taken - thought[-1])
            plain.append(least)
    model, _ = milliseconds(thought[5:])
    rest, rest_90 = milliseconds(scored)
    floor, _ = milliseconds(plain)
    added = [one - least for one, least in zip(scored, plain, strict=True)]
    more, more_90 = milliseconds(added)
    print(f"the model's own time                   p50 {model:7.2f} ms")
    print(f"the same decision without a score      p50 {floor:7.2f} ms")
    print(
        f"with it, the model's time aside        p50 {rest:7.2f} ms  p90 {rest_90:7.2f} ms  "
        f"ratio to the model's time {rest / model:5.3f}"
    )
    print(
        f"so the score adds, its model aside     p50 {more:7.2f} ms  p90 {more_90:7.2f} ms  (at most {ALLOWED:.0f} ms)"
    )


def together(address: str, key: str) -> None:
    """How long a plain decision takes while others wait for the model."""
    taken, headers = list[float](), {"Authorization": f"Bearer {key}"}

    def wait(number: int) -> None:
        with httpx.Client(base_url=address, headers=headers, timeout=60, trust_env=False) as client:
            for turn in range(3):
                asked(client, 1000 + number * 10 + turn, "weigh")

    waiting = [threading.Thread(target=wait, args=(number,)) for number in range(TOGETHER)]
    with httpx.Client(base_url=address, headers=headers, timeout=60, trust_env=False) as client:
        quiet = [asked(client, 2000, "other")[0] for _ in range(20)]
        for thread in waiting:
            thread.start()
        while any(thread.is_alive() for thread in waiting):
            taken.append(asked(client, 2000, "other")[0])
            time.sleep(0.01)
    (before, _), (meanwhile, meanwhile_90) = milliseconds(quiet), milliseconds(taken)
    print(
        f"a plain decision while {TOGETHER} wait        p50 {meanwhile:7.2f} ms  p90 {meanwhile_90:7.2f} ms  "
        f"ratio to one while none does {meanwhile / before:4.1f}"
    )


def main() -> None:
    print(f"a score before an action, over HTTP; the model takes {THINKS * 1e3:.0f} ms")
    thought: list[float] = []

    def think(request: Request) -> Answer:
        began = time.perf_counter()
        time.sleep(THINKS)
        answer = gives(explanation="It fits the errand.", risk=10)
        thought.append(time.perf_counter() - began)
        return answer

    with tempfile.TemporaryDirectory() as directory, standing_in(think) as stand_in:
        for name, text in DOCUMENTS.items():
            Path(directory, name).write_text(text)
        settings = {f"SENTRIC_{name.upper()}": value for name, value in stand_in.settings().items()}
        settings["SENTRIC_POLICY"] = str(Path(directory, "policy.yaml"))
        with serving(Path(directory, "data"), **settings) as service:
            poll(service.ready)
            address, key = f"http://{service.stated['http']}", service.new_key("decide")
            headers = {"Authorization": f"Bearer {key}"}
            with httpx.Client(base_url=address, headers=headers, timeout=60, trust_env=False) as client:
                poll(lambda: (thought.clear(), asked(client, 3000, "weigh")[1]["allowed"])[1])  # the client is loaded
                thought.clear()
                alone(client, thought)
            together(address, key)


if __name__ == "__main__":
    main()
