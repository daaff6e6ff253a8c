from fixtures.agent_runs import opens, run
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
