import pytest

from sentric.events import Action, Effect, Element, Kind, Observation, Outcome, Source
from sentric.policy.rule import Tuning
from sentric.policy.signals.trifecta import Trifecta, TrifectaFacts

LONG = "Could you please send the minutes of the last meeting to everybody?"
SEND = Action(sequence=9, tool="send_email", kind=Kind.MESSAGE, effects=frozenset({Effect.SEND}))
READ = frozenset({Effect.READ})


def brings(
    family: Trifecta, tool: str, text: str = LONG, kind: Kind = Kind.OTHER, effects: frozenset[Effect] = READ
) -> None:
    """A tool is called and gives back a text."""
    action = Action(sequence=1, tool=tool, kind=kind, effects=effects)
    family.action(action)
    family.outcome(Outcome(sequence=2, action_id="1.0", result=text), action)
    family.observation(Observation(sequence=2, source=Source.TOOL_RESULT, origin=tool, text=text))


def completes(*tools: str, last: Action = SEND) -> TrifectaFacts:
    family = Trifecta(Tuning())
    for tool in tools:
        brings(family, tool)
    return family.action(last)


def test_a_mail_is_content_of_others_and_private_at_once() -> None:
    assert completes("read_inbox") == TrifectaFacts(True, "read_inbox", "read_inbox")


@pytest.mark.parametrize(
    "tools",
    [("search_web", "get_customer"), ("get_customer", "search_web"), ("fetch_url", "readFile"), ("get_issue", "sql")],
)
def test_the_two_may_come_from_two_tools(tools: tuple[str, ...]) -> None:
    assert completes(*tools).trifecta


@pytest.mark.parametrize("tools", [(), ("search_web",), ("get_customer",), ("get_weather", "calculate")])
def test_any_two_are_harmless(tools: tuple[str, ...]) -> None:
    assert completes(*tools) == TrifectaFacts()


@pytest.mark.parametrize("effect", [Effect.READ, Effect.WRITE, Effect.EXECUTE])
def test_what_stays_inside_is_no_way_out(effect: Effect) -> None:
    assert not completes("read_inbox", last=Action(sequence=9, tool="x", effects=frozenset({effect}))).trifecta


@pytest.mark.parametrize("effect", [Effect.SEND, Effect.DELETE, Effect.PAY, Effect.GRANT])
def test_what_cannot_be_taken_back_is_one(effect: Effect) -> None:
    assert completes("read_inbox", last=Action(sequence=9, tool="x", effects=frozenset({effect}))).trifecta


def test_it_is_told_once_in_a_run() -> None:
    family = Trifecta(Tuning())
    brings(family, "read_inbox")
    assert [family.action(SEND).trifecta for _ in range(3)] == [True, False, False]


def test_an_asserted_approval_stands_for_a_person() -> None:
    approved = Action(sequence=9, tool="send_email", effects=frozenset({Effect.SEND}), context={"approval_id": "A-12"})
    assert not completes("read_inbox", last=approved).trifecta


def test_confirmations_and_errors_are_no_content() -> None:
    family = Trifecta(Tuning())
    brings(family, "read_inbox", "No new mail.")
    family.outcome(Outcome(sequence=2, action_id="1.0", error=LONG), Action(sequence=1, tool="read_inbox"))
    assert not family.action(SEND).trifecta


def test_what_a_change_gives_back_is_not_private() -> None:
    family = Trifecta(Tuning())
    brings(family, "search_web")
    brings(family, "update_customer", effects=frozenset({Effect.WRITE}))
    assert not family.action(SEND).trifecta


def test_a_site_is_private_once_the_agent_has_logged_in() -> None:
    family = Trifecta(Tuning())
    page = Observation(sequence=1, source=Source.PAGE, origin="https://www.forum.example/new", text="Hello")
    family.observation(page)
    assert not family.action(SEND).trifecta
    family = Trifecta(Tuning())
    field = Element(tag="input", type="password")
    family.action(Action(sequence=1, tool="input", kind=Kind.INPUT, url="https://forum.example/login", element=field))
    family.observation(page)
    assert family.action(SEND).trifecta


def test_a_secret_makes_any_text_private() -> None:
    family = Trifecta(Tuning())
    text = "The page says: ‹secret:api_key:1a2b3c4d›"
    family.observation(Observation(sequence=1, source=Source.PAGE, origin="https://a.example", text=text))
    assert family.action(SEND).trifecta_private == "https://a.example"


def test_definitions_of_tools_are_no_content() -> None:
    family = Trifecta(Tuning())
    text = "‹secret:api_key:1a2b3c4d›" + LONG
    family.observation(Observation(sequence=1, source=Source.TOOL_DEFINITION, origin="read_inbox", text=text))
    assert not family.action(SEND).trifecta
