from fixtures.agent_runs import STARTED, opens, run
from sentric.events import Run
from sentric.policy.engine import replay
from sentric.policy.rule import Policy
from sentric_analyzer.storage import Store


def turn(number: int, *, conversation: str = "talk", project: str = "default", steps: int = 1) -> Run:
    opened = [opens(f"https://a.example/{step}") for step in range(steps)]
    stated = {"run_id": f"{project}-{conversation}-{number}", "conversation": conversation, "project": project}
    return run(*opened, started=STARTED + number, **stated)


def test_the_runs_of_a_conversation_before_a_run_are_found_with_their_events(store: Store) -> None:
    kept = [turn(1), turn(2), turn(3), turn(4), turn(1, conversation="other"), turn(1, project="other")]
    store.insert_replays([replay(Policy(()), one) for one in kept], "a")
    found = store.earlier_runs(turn(3), 8)
    assert [(one.run_id, one.events) for one in found] == [(one.run_id, one.events) for one in (kept[1], kept[0])]
    assert [one.run_id for one in store.earlier_runs(turn(9), 2)] == ["default-talk-4", "default-talk-3"]
    assert store.earlier_runs(turn(1), 8) == []


def test_no_more_events_are_read_than_are_wanted(store: Store) -> None:
    kept = [turn(1, steps=2), turn(2, steps=50), turn(3, steps=2)]
    store.insert_replays([replay(Policy(()), one) for one in kept], "a")
    assert [one.run_id for one in store.earlier_runs(turn(9), 8, events=20)] == ["default-talk-3"]
