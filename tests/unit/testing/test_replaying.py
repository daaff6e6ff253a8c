"""Fixtures judged again."""

from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.agent_runs import opens, policy, rule, run, sends
from sentric.events import Action, Author, Message, Observation, Outcome, Run, Source
from sentric.policy import engine
from sentric.policy.loader import load_policy
from sentric.policy.rule import Policy
from sentric.testing import Expected, Fixture, FixtureError, fixture_text, read_fixture, replay

MAILS = rule("mails", 'action.kind == "message"', decision="block", severity="high", risk=60, evidence=("action.tool",))
SEEN = rule("seen", 'observation.text.contains("done")', on=("observation",), decision="warn", risk=5)
SAID = rule("said", "true", on=("message",), decision="warn", risk=1)


def fixture(judged: Run, *, by: Policy, earlier: tuple[Run, ...] = ()) -> Fixture:
    """What a policy decides about a run, through its text."""
    made = Fixture.of(engine.replay(by, judged, earlier=earlier), earlier)
    return read_fixture(fixture_text(made.to_json()), "f.yaml")


def test_nothing_changes_under_the_same_policy() -> None:
    ours = policy(MAILS, SEEN)
    kept = fixture(run(opens("http://a.example/"), sends("a@example.com")), by=ours)

    assert [expected.rules for expected in kept.expected] == [(), (), ("seen",), ("mails",), ("seen",)]
    assert replay(kept, ours) == []


def test_a_weakened_rule_is_a_change_with_its_step_and_its_evidence() -> None:
    kept = fixture(run(opens("http://a.example/"), sends("a@example.com")), by=policy(MAILS))
    weak = replace(MAILS, decision=rule("x", decision="warn").decision)
    (change,) = replay(kept, policy(weak))

    assert (change.file, change.step, change.what, change.run_id) == ("f.yaml", 2, "send_email", "run-1")
    assert kept.lines[3] == change.line
    assert [one.decision.value for one in (change.expected, change.got)] == ["block", "warn"]
    assert [(one.rule_id, one.evidence[0].value) for one in change.stayed] == [("mails", "send_email")]
    assert (change.came, change.gone) == ((), ())
    assert str(change) == "step 2, send_email: block → warn"


def test_rules_that_came_and_went_are_named_on_texts_too() -> None:
    said = Message(sequence=9, span_id="m", author=Author.MODEL, text="Well.")
    page = Observation(sequence=8, span_id="o", source=Source.PAGE, origin="http://a.example/", text="done")
    began = run(sends("a@example.com"))
    kept = fixture(replace(began, events=(*began.events, page, said)), by=policy(MAILS))
    found = replay(kept, policy(SEEN, SAID))

    assert [str(change) for change in found] == [
        "step 1, send_email: block → allow (-mails)",
        "step 1, result of send_email: allow → warn (+seen)",
        "step 1, text of http://a.example/: allow → warn (+seen)",
        "step 1, message of the model: allow → warn (+said)",
    ]


def test_another_digest_alone_is_no_change() -> None:
    kept = fixture(run(sends("a@example.com")), by=policy(MAILS))
    other = policy(MAILS, rule("never", "false"))
    assert kept.policy_digest != other.digest
    assert replay(kept, other) == []


def test_what_was_said_before_a_run_is_known() -> None:
    counts = rule("asked", 'run.task.contains("kettle")')
    earlier = run(run_id="before", asks="Buy a kettle.")
    kept = fixture(run(opens("http://a.example/")), by=policy(counts), earlier=(earlier,))

    assert kept.expected[1].rules == ("asked",)
    assert replay(kept, policy(counts)) == []
    assert [change.gone for change in replay(replace(kept, earlier=()), policy(counts))] == [("asked",)]


def test_what_had_added_up_before_is_known() -> None:
    ours = policy(MAILS)
    text = fixture_text(fixture(run(opens("http://a.example/")), by=ours).to_json())
    kept = read_fixture(text.replace("events:", "state: {risk: 0, strikes: 3}\nevents:", 1))
    assert [change.got.rules for change in replay(kept, ours)] == [("agent-shut-down",)]

    told = text.replace("tool: open_url", "tool: open_url\n  state: {strikes: 3, enforced: true}")
    assert [change.got.rules for change in replay(read_fixture(told), ours)] == [("agent-shut-down",)]


def test_events_that_share_an_id_are_told_apart_by_their_order() -> None:
    twice = (Action(sequence=1, span_id="a", tool="mail"), Action(sequence=2, span_id="a", tool="wait"))
    ours = policy(rule("mails", 'action.tool == "mail"'))
    kept = fixture(Run(project="p", run_id="r", events=twice), by=ours)
    assert [expected.rules for expected in kept.expected] == [("mails",), ()]
    assert replay(kept, ours) == []


def test_files_are_taken_by_name(tmp_path: Path) -> None:
    (tmp_path / "f.yaml").write_text("fixture: 1\nrun: {run_id: r}\nevents: [{event: action, tool: wait}]\n")
    (tmp_path / "p.yaml").write_text("policy: p\n")
    assert replay(tmp_path / "f.yaml", str(tmp_path / "p.yaml")) == []
    assert replay(str(tmp_path / "f.yaml")) == []
    with pytest.raises(FixtureError, match="no file"):
        replay(tmp_path / "none.yaml")


def test_hostile_events_are_judged_like_any() -> None:
    large = 2**63 - 1
    events = (
        Action(sequence=-large, time=-large, ordinal=large, tool="\x1b[2J" * 100, arguments={"a": 10**300, "b": 1e308}),
        Outcome(sequence=large, time=large, action_id="nobody", result="x", duration=-large),
        Outcome(sequence=large, action_id="nobody", refused=True),
    )
    kept = fixture(Run(project="p", run_id="r", events=events), by=policy(MAILS))
    assert [change.step for change in replay(kept)] == [change.step for change in replay(kept, load_policy())]
    assert kept.expected == (Expected(),) * 3
