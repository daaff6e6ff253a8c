"""The policy engine with every shipped pack, the business packs too: each figure beside a floor of the same run.

The floor is 20 Python closures over the action and one re2 scan of its text. No two payloads are the same, because
what the engine remembers of a text would make the second look free. Texts are sentences of the labelled runs, with
orders and values as dense as they stand in long results of recorded runs.
"""

import gc
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import re2

sys.path.insert(0, str(Path(__file__).parents[1]))

from fixtures.labelled import Label, labelled_runs
from sentric.events import Action, AnyEvent, Author, Message, Observation, Outcome, Run, Source
from sentric.policy.engine import Engine, replay
from sentric.policy.loader import load_policy, shipped_packs
from sentric.policy.readers.actions.effects import classify
from sentric.policy.readers.orders.directives import directives
from sentric.policy.readers.values.entities import entities
from sentric.policy.rule import Policy

SIZES = {500: 150, 4096: 400}
"""Bytes of arguments, and the microseconds that the median of a check may take."""
OBSERVE_LIMIT = 500
SPREAD_LIMIT = 5.0
"""Most that the 99th percentile may be, in medians."""
REPLAY_LIMIT = 1500
GROWTH_LIMIT = 1.3
"""Most that a step of a run of 5,000 may cost, in steps of a run of 500."""
TRACKED = 100
ENGINES, ACTIONS = 25, 60
"""Fresh engines, and calls timed on each: the state stays that of `TRACKED` values."""
TOOLS: dict[str, dict[str, str]] = {
    "send_email": {"to": "desk{n}@harbour-{m}.example", "subject": "Berth {n}", "body": "{text}"},
    "update_page": {"page": "berths/{n}", "text": "{text}"},
    "http_request": {"method": "POST", "url": "https://harbour-{m}.example/berths/{n}", "body": "{text}"},
    "run_query": {"query": "INSERT INTO berths (id, note) VALUES ({n}, '{text}')"},
    "write_file": {"path": "berths/{n}.md", "content": "{text}"},
    "create_event": {"title": "Berth {n}", "attendees": "desk{n}@harbour-{m}.example", "text": "{text}"},
    "post_message": {"channel": "berths-{m}", "text": "{text}"},
    "search": {"query": "{text}"},
    "browser_type": {"index": "{n}", "text": "{text}"},
    "run_command": {"command": "cat >> berths/{n}.md <<'END'\n{text}\nEND"},
}
"""Tools, each with its arguments."""
PHRASES = "|".join(
    f"(?:{word} (?:the|all|your) [a-z]+)"
    for word in ("ignore", "forget", "send", "transfer", "reveal", "delete", "forward", "open", "call", "pay")
)
TASK = "Answer the open requests of the harbour office, book what they ask for and keep the list of berths up to date."

ORDERS, VALUES = 12, 10
"""Orders, and addresses, links, numbers and tokens, in 4 kB of text. Measured: the medians of tool results of 3 kB and
more in the development runs of `make eval`. The labelled runs are written to have many more orders."""

Timed = tuple[list[int], list[int]]
"""Nanoseconds of the engine and of the floor, call by call in turn."""


class Payloads:
    """Actions and texts without end, no two the same."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        honest = (run for run in labelled_runs() if run.label is Label.BENIGN)
        texts = [str(step.get("result", "")).replace('"', "'") for run in honest for step in run.steps]
        sentences = sorted({part.strip() for text in texts for part in text.replace("\n", ". ").split(". ")})
        self._orders = [sentence for sentence in sentences if directives(sentence)]
        self._others = [sentence for sentence in sentences if not directives(sentence)]
        per_text = 4096 / (2 + statistics.mean(map(len, sentences)))
        have = statistics.mean(sum(map(len, (e.urls, e.emails, e.values))) for e in map(entities, sentences))
        self._share_of_orders, self._share_of_values = ORDERS / per_text, VALUES / per_text - have
        self._number = 0

    def text(self, size: int) -> str:
        parts: list[str] = []
        length = 0
        while length < size:
            parts.append(self._sentence())
            length += len(parts[-1].encode()) + 2
        return ". ".join(parts).encode()[:size].decode(errors="ignore")

    def _sentence(self) -> str:
        self._number += 1
        chance = self._random.random()
        if chance < self._share_of_values:
            return self._random.choice(
                (
                    f"The desk of berth {self._number} is desk{self._number}@port-{self._number % 997}.example",
                    f"The list is at https://b{self._random.randrange(10**4)}.example/list/{self._number}",
                )
            )
        is_order = chance < self._share_of_values + self._share_of_orders
        return f"{self._random.choice(self._orders if is_order else self._others)} {self._random.randrange(10**5)}"

    def action(self, size: int, sequence: int = 0) -> Action:
        self._number += 1
        tool = sorted(TOOLS)[self._number % len(TOOLS)]
        shape = {"n": self._number, "m": self._number % 977, "text": ""}
        rest = size - len(json.dumps({key: form.format(**shape) for key, form in TOOLS[tool].items()}))
        shape["text"] = self.text(rest).replace("'", "’")
        arguments = {key: form.format(**shape) for key, form in TOOLS[tool].items()}
        kind, effects = classify(tool, arguments, None)
        return Action(sequence=sequence, tool=tool, arguments=arguments, kind=kind, effects=effects)

    def values(self, count: int) -> Iterator[str]:
        """Texts with values that an engine keeps track of: secrets, addresses, accounts, links."""
        for number in range(count):
            drawn = self._random.randrange(10**8)
            match number % 4:
                case 0:
                    yield f"The key of gate {number} is ‹secret:token:{drawn:08x}›"
                case 1:
                    yield f"Mate {number} can be reached at mate{drawn}@quay-{number}.example"
                case 2:
                    yield f"Dues of berth {number} go to account NL{10 + number}ABNA{drawn:010d}"
                case _:
                    yield f"The chart is at https://chart-{drawn}.example/sheet/{number}"


def every_pack() -> Policy:
    """Every shipped pack, those that are off by default too."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "bench.yaml"
        path.write_text(f"policy: bench\npacks: [{', '.join(pack.stem for pack in shipped_packs())}]\n")
        return load_policy(path)


def closures() -> tuple[Callable[[Action], bool], ...]:
    """Twenty rules as plain Python."""
    return tuple(lambda action, name=f"tool_{n}": action.tool == name or name in action.arguments for n in range(20))


def floor(action: Action, text: str, rules: tuple[Callable[[Action], bool], ...], pattern: Any) -> None:
    for rule in rules:
        rule(action)
    pattern.search(text)


def warm(policy: Policy, payloads: Payloads) -> Engine:
    """An engine that has heard a task and keeps track of values."""
    engine = Engine(policy, project="bench", run_id=str(random.random()))
    engine.observe(Message(sequence=0, author=Author.USER, text=TASK))
    values = list(payloads.values(TRACKED))
    for start in range(0, TRACKED, 10):
        text = ". ".join(values[start : start + 10])
        engine.observe(Observation(sequence=start + 1, source=Source.TOOL_RESULT, origin=f"tool{start}", text=text))
    return engine


def measure_check(policy: Policy, size: int) -> Timed:
    payloads, rules, pattern = Payloads(size), closures(), re2.compile(PHRASES)
    ours: list[int] = []
    least: list[int] = []
    for _ in range(ENGINES):
        engine = warm(policy, payloads)
        for number in range(ACTIONS):
            action = payloads.action(size, 1000 + 2 * number)
            text = json.dumps(action.arguments)
            ours.append(timed(engine.check, action))
            least.append(timed(floor, action, text, rules, pattern))
            engine.observe(Outcome(sequence=1001 + 2 * number, action_id=action.event_id, result="ok"))
    return ours, least


def measure_observe(policy: Policy, size: int) -> Timed:
    payloads, rules, pattern = Payloads(size + 1), closures(), re2.compile(PHRASES)
    ours: list[int] = []
    least: list[int] = []
    for _ in range(ENGINES):
        engine = warm(policy, payloads)
        for number in range(ACTIONS // 2):
            action = payloads.action(200, 1000 + 2 * number)
            text = payloads.text(size)
            engine.check(action)
            ours.append(timed(engine.observe, Outcome(sequence=1001, action_id=action.event_id, result=text)))
            least.append(timed(floor, action, text, rules, pattern))
    return ours, least


def run_of(steps: int) -> Run:
    """A run with arguments of 500 bytes and results of 1 kB."""
    payloads = Payloads(steps)
    events: list[AnyEvent] = [Message(sequence=0, author=Author.USER, text=TASK)]
    for _ in range(steps):
        action = payloads.action(500, len(events))
        events += [action, Outcome(sequence=len(events) + 1, action_id=action.event_id, result=payloads.text(1024))]
    return Run(project="bench", run_id=f"run-{steps}", task=TASK, events=tuple(events))


def replayed(policy: Policy, steps: int, times: int) -> float:
    """Seconds of processor time a step, the best of several runs."""
    best = float("inf")
    for _ in range(times):
        run = run_of(steps)
        gc.collect()
        began = time.process_time()
        replay(policy, run)
        best = min(best, time.process_time() - began)
    return best / steps


def timed(work: Callable[..., object], *arguments: object) -> int:
    began = time.perf_counter_ns()
    work(*arguments)
    return time.perf_counter_ns() - began


def line(title: str, times: Timed, limit: int) -> str:
    ours, least = (statistics.quantiles(part, n=100) for part in times)
    p50, p99, lowest = ours[49] / 1000, ours[98] / 1000, least[49] / 1000
    return (
        f"{title:28} {p50:>6.0f} {limit:>6} {p99:>7.0f} {p99 / p50:>5.1f} {SPREAD_LIMIT:>5.1f}"
        f" {lowest:>9.1f} {p50 / lowest:>7.1f}"
    )


def main() -> None:
    """Print the figures."""
    policy = every_pack()
    print(f"engine, {len(policy.rules)} rules, µs             p50 wanted     p99 /p50 wanted floor p50   ratio")
    replay(policy, run_of(20))
    for size, limit in SIZES.items():
        print(line(f"check {size:>5} B, {TRACKED} tracked", measure_check(policy, size), limit))
    print(line(f"observe 4 kB, {TRACKED} tracked", measure_observe(policy, 4096), OBSERVE_LIMIT))
    short, long = replayed(policy, 500, 3), replayed(policy, 5000, 1)
    print(
        f"replay, steps/s a core       {1 / short:>6.0f} {REPLAY_LIMIT:>6}   (wanted at least; 500 B, results of 1 kB)"
    )
    print(f"step of 5,000 / of 500       {long / short:>6.2f} {GROWTH_LIMIT:>6}   (wanted at most)")


if __name__ == "__main__":
    main()
