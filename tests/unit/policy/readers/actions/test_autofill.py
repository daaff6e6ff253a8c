import pytest

from sentric.events import Action, Element, Kind
from sentric.policy.readers.actions.autofill import SITES_KEPT, Autofill
from sentric.policy.readers.places.hosts import Place, place


def at(url: str) -> Place:
    found = place(url)
    assert found is not None
    return found


SITE = at("https://a.example/login")
PRESS = Action(sequence=1, tool="click", kind=Kind.CLICK, element=Element(tag="button", type="submit"))


def submitted(text: str) -> str:
    autofill = Autofill()
    autofill.saw(SITE, text)
    return autofill.submitted(PRESS, SITE)


@pytest.mark.parametrize(
    "text",
    [
        "[3]<input type=password name=pw value=‹secret:password:5b1c09de› />",
        '<input class="x" type="password" id="p" value="hunter2">',
        '<input value="hunter2" type="password">',
        "<input autocomplete=cc-number value=4111>",
        '- textbox "Password" [ref=e12]: ••••',
        '- textbox "Card number" [active] [ref=e12]: "4111 1111"'.replace(': "', ": "),
    ],
)
def test_a_filled_field_is_seen(text: str) -> None:
    assert submitted(text) != ""


@pytest.mark.parametrize(
    "text",
    [
        "<input type=password name=pw value= />",
        '<input type="password" value="">',
        '<input type="text" value="dana">',
        '- textbox "Password" [ref=e12]',
        '- textbox "Search" [ref=e12]: kettle',
        "Your password has the value of gold",
    ],
)
def test_an_empty_field_or_another_one_is_not(text: str) -> None:
    assert submitted(text) == ""


def test_what_the_agent_typed_itself_is_its_own() -> None:
    autofill = Autofill()
    autofill.saw(SITE, "<input type=password value=x>")
    autofill.typed(SITE)
    autofill.saw(SITE, "<input type=password value=xy>")
    assert autofill.submitted(PRESS, SITE) == ""


def test_only_sending_counts() -> None:
    autofill = Autofill()
    autofill.saw(SITE, "<input type=password value=x>")
    link = Action(sequence=1, tool="click", kind=Kind.CLICK, element=Element(tag="a"))
    assert autofill.submitted(link, SITE) == ""
    assert autofill.submitted(Action(sequence=1, tool="x", kind=Kind.SUBMIT), SITE) != ""


def test_memory_is_bounded() -> None:
    autofill = Autofill()
    for number in range(SITES_KEPT + 1):
        autofill.saw(at(f"https://site{number}.example"), "<input type=password value=x>")
    assert autofill.submitted(PRESS, at("https://site0.example")) == ""
    assert autofill.submitted(PRESS, at(f"https://site{SITES_KEPT}.example")) != ""
