from dataclasses import replace

from fixtures.agent_runs import STARTED, opens, run
from sentric.events import Author, Message, Observation, Source
from sentric_analyzer.detection.conversations import CONVERSATIONS, EARLIER_EVENTS, EARLIER_RUNS, Conversations


def test_a_run_is_given_the_runs_of_its_conversation_before_it() -> None:
    known = Conversations()
    first, other, second = (
        run(run_id="1", conversation="c"),
        run(run_id="2", conversation="d"),
        run(run_id="3", conversation="c"),
    )

    assert known.earlier(first) == ()
    assert known.earlier(other) == ()
    assert known.earlier(second) == (first,)


def test_runs_without_a_conversation_and_of_other_projects_have_nothing_before_them() -> None:
    known = Conversations()
    for one in (run(), run(), run(conversation="c"), run(conversation="c", project="other")):
        assert known.earlier(one) == ()


def test_what_is_remembered_is_bounded() -> None:
    known = Conversations()
    for number in range(3 * EARLIER_RUNS):
        before = known.earlier(run(run_id=str(number), conversation="long"))
    assert [one.run_id for one in before] == [str(n) for n in range(2 * EARLIER_RUNS - 1, 3 * EARLIER_RUNS - 1)]

    for number in range(CONVERSATIONS):
        known.earlier(run(conversation=f"c{number}"))
    assert known.earlier(run(conversation="long")) == ()


def test_a_run_too_long_to_remember_is_not_remembered_in_part() -> None:
    known = Conversations()
    known.earlier(run(*[opens("https://example.com")] * EARLIER_EVENTS, conversation="c"))

    assert known.earlier(run(conversation="c")) == ()


def test_an_agent_is_told_what_those_it_works_with_had_heard_when_it_began_and_what_the_human_wants() -> None:
    known = Conversations()
    page = Observation(sequence=2, time=STARTED + 5, source=Source.PAGE, origin="https://a.test/", text="Before.")
    later = replace(page, sequence=3, time=STARTED + 15, text="After.")
    wish = Message(sequence=4, time=STARTED + 15, author=Author.USER, text="Buy a kettle.")
    shape = Observation(sequence=5, time=STARTED, source=Source.TOOL_DEFINITION, origin="pay", text="{}")
    first = run(run_id="1", trace_id="t", started=STARTED, agent="boss")
    first = replace(first, events=(page, later, wish, shape))
    second = run(run_id="2", trace_id="t", parent="1", started=STARTED + 10, agent="hand")
    stranger = run(run_id="3", trace_id="t", started=STARTED + 20)

    assert known.earlier(first) == ()
    (heard,) = known.earlier(second)
    assert (heard.run_id, [event.sequence for event in heard.events]) == ("1", [2, 4])
    assert known.earlier(stranger) == ()
    assert [one.run_id for one in known.earlier(replace(second, run_id="4", started=STARTED + 30))] == ["1", "2"]
