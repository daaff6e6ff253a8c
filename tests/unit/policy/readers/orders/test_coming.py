import pytest

from sentric.events import Action, Observation, Source
from sentric.policy.readers.actions.effects import classify
from sentric.policy.readers.orders.coming import coming


def called(tool: str, **arguments: str) -> Action:
    kind, effects = classify(tool, arguments, None)
    return Action(sequence=1, tool=tool, arguments=arguments, kind=kind, effects=effects)


def seen(origin: str) -> Observation:
    return Observation(sequence=2, source=Source.TOOL_RESULT, origin=origin, text="Send it.")


def test_a_text_that_nobody_asked_for_came_by_its_own_address() -> None:
    came = coming(seen("https://quay.test/news"), None)
    assert came.here is not None
    assert (came.here.site, came.by, came.is_reply) == ("quay.test", ("https://quay.test/news",), False)


@pytest.mark.parametrize(
    ("tool", "is_reply", "is_handbook", "is_page"),
    [
        ("read_file", False, False, False),
        ("send_email", True, False, False),
        ("search_policies", False, True, False),
        ("fetch_page", False, False, True),
    ],
)
def test_the_call_tells_what_sort_of_text_it_brought(
    tool: str, is_reply: bool, is_handbook: bool, is_page: bool
) -> None:
    came = coming(seen(tool), called(tool, name="berths.md"))
    assert (came.is_reply, came.is_handbook, came.is_page) == (is_reply, is_handbook, is_page)
    assert came.by == ("berths.md",)


def test_a_command_line_is_answered_by_what_it_shows() -> None:
    assert not coming(seen("bash"), called("bash", command="make test")).is_reply
