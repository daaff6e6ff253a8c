"""Tools that run side by side: the numbers of their events are the order in which they were judged."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

from fixtures.pipeline import Pipeline
from fixtures.traces import read
from sentric.events import Action, Outcome
from sentric.guard.calls import Wanted
from sentric.guard.live_run import About, LiveRun
from sentric.policy.engine import replay
from sentric.policy.loader import load_policy
from sentric.settings import Settings
from sentric_analyzer.spans import spans_of

WORKERS = 8


def test_a_replay_judges_tools_that_ran_side_by_side_in_the_order_of_the_live_run() -> None:
    pipeline = Pipeline()
    about = About(agent="a", framework="none 1", task="Look at http://a.example")
    run = LiveRun(pipeline.telemetry, Settings(redaction_key="test"), about)
    together = Barrier(WORKERS)

    def work(number: int) -> None:
        together.wait()
        for turn in range(10):
            secret = {"text": "Plover-71-Gate", "index": number % 3}
            wanted = Wanted(tool="input", arguments=secret, url="http://b.example/login", secret="password")
            with run.current(), run.action(wanted if turn % 3 else Wanted(tool="look", arguments={})) as action:
                action.finished(f"done {number % 2}")

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, range(WORKERS)))
    run.end()
    (recorded,) = read(list(spans_of(encode_spans(pipeline.ended))))
    judged = replay(load_policy(), recorded)
    events = [event for event in recorded.events if isinstance(event, Action | Outcome)]
    assert len({event.sequence for event in events}) == len(events) == 2 * 10 * WORKERS
    claimed = {
        span.context.span_id: tuple((span.attributes or {})["sentric.verdict.rules"])  # type: ignore[arg-type]
        for span in pipeline.ended
        if span.context and span.name.startswith("execute_tool")
    }
    replayed = {
        int(step.action.span_id, 16): tuple(match.rule.id for match in step.verdict.matches) for step in judged.steps
    }
    assert replayed == claimed
    assert {"agent-shut-down", "credential-over-http"} <= {rule for rules in claimed.values() for rule in rules}
