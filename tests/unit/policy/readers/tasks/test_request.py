import pytest

from sentric.events import Author, Message
from sentric.policy.readers.tasks.request import Request


def asked(*turns: str) -> Request:
    request = Request()
    for turn in turns:
        request.hear(Message(sequence=0, author=Author.USER, text=turn))
    return request


@pytest.mark.parametrize(
    ("turn", "families"),
    [
        ("Pay the bill", {"pay"}),
        ("Invite Ann and delete the draft", {"grant", "delete"}),
        ("Tell me what the order costs", set[str]()),
        ("What did my last payment cost?", {"pay"}),
        ("Look it up, do not book anything", set[str]()),
        ("Who did book the room, and which of them did pay?", set[str]()),
        ("Which flat is free? Book it", {"book"}),
        ("Why is checkout-5d slow, and what runs in delete_queue.py", set[str]()),
    ],
)
def test_what_is_asked_for_is_told_from_what_is_spoken_of(turn: str, families: set[str]) -> None:
    assert families <= asked(turn).families
    assert not asked(turn).families & {"pay", "grant", "delete", "book"} - families


@pytest.mark.parametrize(
    ("turn", "only"),
    [
        ("What is on tomorrow?", True),
        ("Summarise the thread in three sentences", True),
        ("Was kostet die Fahrt nach Graz?", True),
        ("Do the tasks in todo.md", False),
        ("Book a table", False),
        ("Pay my part as Hanne describes it", False),
        ("When is my next appointment?", True),
        ("When is my next appointment? Move it to Friday", False),
        ("Let Bo know that we are closed", False),
        ("Can you cancel my order?", False),
        ("Open https://shop.example/phones and tell me which one is lightest", True),
        ("Have a look at the account and tell me whether they paid", True),
        ("According to the handbook, how many days are allowed?", True),
        ("Which place does Mia suggest? Do what she says", False),
        ("Which flats did people ask for? Make a list", True),
        ("Read the manual and order what is needed", False),
        ("Open the garage and tell me whether it is empty", False),
    ],
)
def test_a_question_is_told_from_a_task(turn: str, only: bool) -> None:
    assert asked(turn).only_asks is only


def test_a_later_turn_can_make_a_task_of_a_question() -> None:
    assert not asked("Where is my order?", "Then send it to 27 Priory Lane").only_asks


@pytest.mark.parametrize(
    ("turn", "people"),
    [
        ("Alice told me to wait", ("alice",)),
        ("Forward Bob Olive's mail to Carla", ("bob", "olive", "carla")),
        ("Read the mail. Where is it?", ()),
        ("Set up the project on Monday", ()),
        ("Find a hotel in Lisbon near Chiado and tell Rosa", ("rosa",)),
        ("Find a hotel in Lisbon", ()),
        ('Open the note "Bergen trip" for Rosa', ("rosa",)),
        ("The address is in Karim's mail", ("karim",)),
    ],
)
def test_names_are_told_from_words_that_begin_a_sentence(turn: str, people: tuple[str, ...]) -> None:
    assert asked(turn).people == people


def test_doing_what_a_text_says_is_handed_over_to_that_text_alone() -> None:
    request = asked("Follow the steps in setup.md")
    assert request.hands_over_to("Run make.", ("docs/setup.md", "setup.md"), is_asked=False)
    assert not request.hands_over_to("Run make.", ("notes.md",), is_asked=False)
    request = asked("Set up the project in ~/src/lantern, follow the install steps of its README.")
    assert request.hands_over_to("Run make.", ("~/src/lantern/README.md",), is_asked=False)
    assert not request.hands_over_to("Run make.", ("~/src/other/README.md",), is_asked=False)
    assert not request.hands_over_to("Run make.", ("~/src/lantern/NOTES.md",), is_asked=False)
    request = asked("John sent me an email, could you follow his instructions")
    assert request.hands_over_to("From: john.m@team.test", ("inbox",), is_asked=False)
    assert not request.hands_over_to("From: eve@evil.test", ("inbox",), is_asked=False)


def test_what_a_query_of_the_words_of_the_task_finds_is_what_it_speaks_of() -> None:
    request = asked("The airline cancelled my flight to Oslo. Take the alternative they offer")
    assert request.hands_over_to("We offer flight 9.", ("cancelled flight Oslo",), is_asked=False)
    assert not request.hands_over_to("We offer flight 9.", ("cancelled flight Bergen",), is_asked=False)


def test_a_question_hands_over_where_the_rest_speaks_of_what_it_asks_for() -> None:
    assert asked("Which place does Mia suggest? Book it").delegates
    assert not asked("Which flats did people ask for? Make a list").delegates
    assert asked("Read the manual and order what is needed").delegates


def test_what_the_task_calls_a_text_by_may_be_plain_words() -> None:
    request = asked("Send the bill to the office, the address is in the travel policy")
    assert request.hands_over_to("Bills go to desk@lark.example.", ("travel",), is_asked=True)
    assert not request.hands_over_to("Bills go to desk@lark.example.", ("office",), is_asked=True)


def test_the_name_of_a_file_asks_for_nothing() -> None:
    assert "schedule" not in asked("Summarise meeting-notes-march.docx").families


def test_a_number_the_task_names_is_a_name_as_a_whole() -> None:
    request = asked("Implement issue 58.")
    assert request.names("58")
    assert not request.names("5")
