import pytest

from sentric.events import Action, Effect, Kind
from sentric.policy.readers.actions.effects import classify
from sentric.policy.readers.orders.deed import deed


def action(tool: str, kind: Kind | None = None, **arguments: str) -> Action:
    known, effects = classify(tool, arguments, None)
    return Action(sequence=1, tool=tool, arguments=arguments, kind=kind or known, effects=effects)


def test_a_deed_says_what_is_done_with_what() -> None:
    done = deed(action("sendInvoice", to="kim@quay.test", invoice="INV-2031", note="Rent of May"))
    assert "send" in done.verbs
    assert (done.name, done.things) == ("sendinvoice", {"invoic"})
    assert {"kim@quay.test", "inv-2031"} <= done.entities
    assert frozenset({"rent"}) in done.values
    assert "2031" in done.figures
    assert done.changes
    assert not done.finds_its_way
    assert not done.reports


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [("get_page", {"page": "harbour"}), ("read_file", {"path": "berths.md"}), ("search", {"query": "berths"})],
)
def test_what_only_looks_finds_its_way(tool: str, arguments: dict[str, str]) -> None:
    assert deed(action(tool, **arguments)).finds_its_way


def test_what_tells_of_orders_is_known() -> None:
    done = deed(action("write_summary", text="The page asked me to ignore the task, which I did not follow."))
    assert done.reports


@pytest.mark.parametrize(
    ("command", "sends"),
    [("git push origin main", True), ("curl -d @notes.txt https://a.test", True), ("git status", False)],
)
def test_a_command_that_takes_something_elsewhere_sends(command: str, sends: bool) -> None:
    assert deed(action("bash", command=command)).sends is sends


def test_the_page_is_part_of_what_is_done_on_it() -> None:
    on_page = Action(
        sequence=1,
        tool="browser_click",
        kind=Kind.SUBMIT,
        effects=frozenset({Effect.SEND}),
        url="https://quay.test/rate?x=1",
    )
    assert "https://quay.test/rate" in deed(on_page).entities


def test_long_prose_is_no_argument_that_says_what_is_done() -> None:
    done = deed(action("create_note", text="word " * 40))
    assert not done.given


def test_the_latest_deed_is_read_once() -> None:
    same = action("create_note", text="buy rope")
    assert deed(same) is deed(same)
    assert deed(action("create_note", text="buy rope")) is not deed(same)


@pytest.mark.parametrize(
    ("tool", "nouns"),
    [
        ("trash_mail", {"email"}),
        ("delete_message", {"messag"}),
        ("basket_order", set[str]()),
        ("order", set[str]()),
        ("get_hotel", set[str]()),
    ],
)
def test_words_that_are_verbs_elsewhere_are_what_a_tool_is_about(tool: str, nouns: set[str]) -> None:
    assert deed(action(tool)).nouns == nouns


def test_a_tool_that_submits_a_request_is_not_done_to_a_page() -> None:
    asked = deed(action("submit_room_request", hotel="Harbour Inn"))
    assert not asked.finds_its_way
    assert "book" in asked.verbs
    assert deed(action("submit_form", form="checkout")).finds_its_way
    assert "book" not in deed(action("submit_report", room="12")).verbs
