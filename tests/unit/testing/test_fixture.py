"""Fixtures written and read."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.replays import judged_run
from sentric.events import Action, AgentState, AnyEvent, Author, Message, Observation, Outcome, Run, Source
from sentric.policy.rule import Decision, Severity
from sentric.testing import Expected, Fixture, FixtureError, find_fixtures, fixture_text, load_fixture, read_fixture
from sentric.testing.reading import BOUNDS

SMALL = """\
fixture: 1
run: {run_id: r-1, agent: buyer}
events:
  - event: message
    author: user
    text: Buy a kettle
  - event: action
    expect: {decision: block, severity: high, risk: 60, rules: [b, a]}
    tool: click
  - {event: action, tool: wait}
"""

texts = st.text(max_size=30) | st.text("ab \n\t:#-'\"é🫖\u2028\x85\r\x00", max_size=30)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
filled = texts.filter(str.strip)
events: st.SearchStrategy[AnyEvent] = st.one_of(
    st.builds(Message, sequence=st.integers(0, 9), author=st.sampled_from(Author), text=texts),
    st.builds(Observation, sequence=st.integers(0, 9), source=st.sampled_from(Source), origin=texts, text=texts),
    st.builds(
        Action,
        sequence=st.integers(0, 9),
        tool=texts,
        arguments=st.dictionaries(filled, values, max_size=3),
        state=st.none() | st.builds(AgentState, st.integers(0, 200), st.integers(0, 3), st.booleans(), texts),
    ),
    st.builds(Outcome, sequence=st.integers(0, 9), action_id=texts, result=texts, refused=st.booleans()),
)
verdicts = st.builds(
    Expected,
    st.sampled_from(Decision),
    st.none() | st.sampled_from(Severity),
    st.integers(0, 100),
    st.lists(st.sampled_from(["a", "b-c", "no"]), unique=True).map(lambda rules: tuple(sorted(rules))),
)


@given(st.lists(st.tuples(events, verdicts), max_size=4), st.lists(events, max_size=2), texts)
def test_what_is_written_is_read(
    judged: list[tuple[AnyEvent, Expected]], before: list[AnyEvent], described: str
) -> None:
    judged.sort(key=lambda one: one[0].sequence)
    written = Fixture(
        run=Run(project="p", run_id="r", agent=described, events=tuple(event for event, _ in judged)),
        expected=tuple(expected for _, expected in judged),
        earlier=(Run(project="", run_id="e", events=tuple(sorted(before, key=lambda one: one.sequence))),),
        state=AgentState(risk=7),
        description=described,
    )
    read = read_fixture(fixture_text(written.to_json()))

    assert (read.run, read.expected, read.earlier) == (written.run, written.expected, written.earlier)
    assert (read.state, read.description) == (written.state, described)


def test_a_judged_run_becomes_what_is_expected() -> None:
    replay = judged_run()
    fixture = Fixture.of(replay)

    assert fixture.expected == (
        Expected(),
        Expected(),
        Expected(Decision.BLOCK, Severity.HIGH, 60, ("asks", "credential-over-http")),
        Expected(),
        Expected(),
    )
    assert fixture.policy_digest == "d1"
    assert read_fixture(fixture_text(fixture.to_json())).to_json() == fixture.to_json()


def test_a_text_of_several_lines_is_written_in_lines() -> None:
    run = Run(project="", run_id="r", events=(Message(sequence=1, author=Author.USER, text="one\n two: é 🫖\n"),))
    assert fixture_text(Fixture(run=run, expected=(Expected(),)).to_json()) == (
        "fixture: 1\nrun:\n  run_id: r\nevents:\n- event: message\n  sequence: 1\n  author: user\n"
        "  text: |\n    one\n     two: é 🫖\n"
    )


def test_events_without_numbers_are_in_the_order_they_stand_in() -> None:
    fixture = read_fixture(SMALL, "small.yaml")
    assert [type(event) for event in fixture.run.events] == [Message, Action, Action]
    assert fixture.lines == (4, 7, 10)
    assert fixture.expected[1] == Expected(Decision.BLOCK, Severity.HIGH, 60, ("a", "b"))
    assert (fixture.expected[2], fixture.file) == (Expected(), "small.yaml")


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("fixture: 1", "fixture: 2", "1: fixture: version 2 is not known: this Sentric reads version 1"),
        ("fixture: 1", "fixtur: 1", "1: unknown key 'fixtur': did you mean 'fixture'?"),
        ("run_id: r-1", "run_id: r-1, run_id: r-2", "2: run: duplicate key 'run_id'"),
        ("run_id: r-1, ", "", "2: run: needs 'run_id'"),
        ("    text: Buy a kettle", "    txt: Buy a kettle", "6: events[0].txt: message has no 'txt': it has "),
        ("author: user", "author: me", "5: events[0].author: message.author is 'me': use one of user, system, model"),
        ("text: Buy a kettle", "text: 3", "6: events[0].text: message.text is int: it must be str"),
        ("decision: block", "decision: forbid", "8: events[1].expect.decision: 'forbid' is not one of allow, warn"),
        ("risk: 60", "risk: 600", "8: events[1].expect.risk: 600 is not between 0 and 100"),
        ("rules: [b, a]", "rule: [b, a]", "8: events[1].expect: unknown key 'rule': did you mean 'rules'?"),
        ("event: action, tool", "event: act, tool", "10: events[2].event: event is 'act': use one of message"),
        ("tool: wait", "tool: wait, tool: go", "10: events[2]: duplicate key 'tool'"),
        ("{event: action, tool: wait}", "wait", "10: events[2]: must be a mapping"),
        ("{event: action, tool: wait}", "{}", "10: events[2]: event is None: use one of"),
        ("tool: wait", f"tool: wait, time: {10**30}", "10: events[2].time: is too large"),
        ("tool: wait", f"tool: wait, time: {'9' * 5000}", "10: events[2].time: "),
        ("tool: wait", "tool: wait, time: !!int x", "10: events[2].time: 'x' cannot be read"),
        ("tool: wait", "tool: !!python/name:os.system x", "10: events[2].tool: has a tag"),
        ("tool: wait", "context: !!python/dict {}", "10: events[2].context: has a tag"),
        ("tool: wait", "tool: !os x", "10: events[2].tool: has a tag, '!os': tags are not supported"),
        ("tool: wait", "tool: &a x, call_id: *a", "10: aliases (*name) are not supported: write the value out"),
        ("tool: wait", f"tool: wait, context: {'{a: ' * 130}1{'}' * 130}", "10: is nested deeper than 128 levels"),
        ("tool: wait", f"tool: wait, context: {{a: [{'1,' * 200_000}]}}", "10: has more than 200000 values"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(before: str, after: str, problem: str) -> None:
    assert SMALL.count(before) == 1
    with pytest.raises(FixtureError) as error:
        read_fixture(SMALL.replace(before, after), "f.yaml")
    assert error.value.problems[0].startswith(f"f.yaml:{problem}")


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(FixtureError) as error:
        read_fixture(SMALL.replace("user", "me").replace("risk: 60", "risk: x").replace("wait", "[]"))
    assert [problem.split(": ")[0] for problem in error.value.problems] == ["fixture:5", "fixture:8", "fixture:10"]


def test_what_stands_before_a_run_expects_nothing() -> None:
    earlier = "earlier: [{run_id: e, events: [{event: action, tool: x, expect: {decision: allow}}]}]\n"
    with pytest.raises(FixtureError, match="action has no 'expect'"):
        read_fixture(SMALL + earlier)


@pytest.mark.parametrize("text", ["", "3", "[]", "a: b: c", "\x00", "{" * 200, "- " * 500])
def test_what_is_no_fixture_is_refused(text: str) -> None:
    with pytest.raises(FixtureError):
        read_fixture(text)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FixtureError, match=r"bytes\.yaml: cannot be read: it is not UTF-8"):
        load_fixture(tmp_path / "bytes.yaml")
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(FixtureError, match=r"pipe\.yaml: cannot be read: it is no file"):
        load_fixture(tmp_path / "pipe.yaml")
    (tmp_path / "large.yaml").write_text("a" * (BOUNDS.size + 1))
    with pytest.raises(FixtureError, match=f"large.yaml:1: is larger than {BOUNDS.size} characters"):
        load_fixture(tmp_path / "large.yaml")


def test_directories_are_searched_and_each_file_is_found_once(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("b.yaml", "in/a.yml", "in/notes.md"):
        (tmp_path / name).write_text(SMALL)
    paths = [tmp_path / "b.yaml", tmp_path]
    assert find_fixtures(paths) == [tmp_path / "b.yaml", tmp_path / "in" / "a.yml"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(FixtureError, match=r"empty: holds no fixtures: they end in \.yaml or \.yml"):
        find_fixtures([tmp_path / "empty"])
    with pytest.raises(FixtureError, match="no such file"):
        find_fixtures([tmp_path / "none.yaml"])
