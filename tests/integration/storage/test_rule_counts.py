"""What rules have decided in stored runs, or would have."""

from dataclasses import replace

from fixtures.replays import SECOND, STARTED, judged_run, rule
from sentric.events import Action, Kind, Run
from sentric.policy.engine import replay
from sentric.policy.rule import Decision, Policy
from sentric.policy.verdict import Replay
from sentric_analyzer.storage import Store
from sentric_analyzer.storage.rule_counts import NOTHING, RuleCount

DAY = 86_400 * SECOND


def run(run_id: str, day: int, *kinds: Kind, agent: str = "buyer", shadow: bool = True) -> Replay:
    """A run with an action of each kind, judged by a rule about payments."""
    pays = replace(rule("pays"), when="action.kind == 'payment'", shadow=shadow)
    events = tuple(
        Action(sequence=number, time=STARTED + day * DAY, span_id=f"{run_id}-{number}", tool="t", kind=kind)
        for number, kind in enumerate(kinds, start=1)
    )
    started = STARTED + day * DAY
    return replay(Policy((pays,)), Run(project="shop", run_id=run_id, agent=agent, started=started, events=events))


def test_a_finding_comes_back_with_what_its_rule_would_have_decided(store: Store) -> None:
    (step,) = run("r", 0, Kind.PAYMENT).findings
    store.insert_replays([run("r", 0, Kind.PAYMENT), judged_run()])
    assert store.findings(run="r") == [step]
    assert (step.decision, step.would) == (Decision.WARN, Decision.BLOCK)
    assert {found.would for found in store.findings(run="run-1")} == {None}


def test_rules_are_counted_in_shadow_and_out_of_it(store: Store) -> None:
    runs = [run(f"r{day}", day, Kind.PAYMENT, Kind.CLICK, Kind.PAYMENT) for day in range(4)]
    others = [run("loud", 4, Kind.PAYMENT, agent="seller", shadow=False), run("quiet", 5, Kind.CLICK)]
    store.insert_replays([*runs, *others, judged_run(project="other")])
    counts = store.rule_counts("shop")
    assert counts.rules == {
        "pays": RuleCount(9, 0, 8, 5, 2, STARTED, STARTED + 4 * DAY, ("loud", "r3", "r2")),
    }
    assert (counts.runs, counts.agents, counts.first) == (6, 2, STARTED)
    assert counts.by_kinds == {
        frozenset({"payment", "click"}): 4,
        frozenset({"payment"}): 1,
        frozenset({"click"}): 1,
    }


def test_what_was_before_the_time_asked_for_does_not_count(store: Store) -> None:
    store.insert_replays([run(f"r{day}", day, Kind.PAYMENT) for day in range(4)])
    counts = store.rule_counts("shop", since=STARTED + 2 * DAY)
    assert (counts.runs, counts.rules["pays"].runs, counts.rules["pays"].latest) == (2, 2, ("r3", "r2"))
    assert store.rule_counts("nobody's") == NOTHING
