from sentric.events import Action, Author, Kind, Message, Observation, Source
from sentric.policy.readers.actions.targets import Targets
from sentric.policy.readers.places.hosts import Place, place
from sentric.policy.readers.tasks.expected import CHOSEN_KEPT, Expected
from sentric.policy.rule import Tuning


def at(url: str) -> Place:
    found = place(url)
    assert found is not None
    return found


def expected(task: str, *domains: str) -> Expected:
    started = Expected(Tuning(allowed_domains=domains))
    started.hear(Message(sequence=0, author=Author.USER, text=task))
    return started


def saw(family: Expected, url: str, source: Source = Source.PAGE) -> None:
    family.saw(Observation(sequence=1, source=source, origin=url, text="x"), place(url))


def act(family: Expected, stands: str, goes: str = "") -> None:
    targets = Targets((at(goes),)) if goes else Targets()
    family.acted(Action(sequence=1, tool="x", kind=Kind.NAVIGATE), at(stands) if stands else None, targets)


def test_places_the_task_names_and_allowed_ones_are_expected() -> None:
    family = expected("Use https://shop.example", "allowed.test")
    assert family.includes(at("https://www.shop.example/x"))
    assert family.includes(at("https://allowed.test"))
    assert not family.includes(at("https://other.test"))
    assert not family.includes(None)
    assert not family.includes(at("about:blank"))


def test_where_the_task_names_none_the_first_place_is_home_unless_something_was_read_before() -> None:
    family = expected("Read my mail")
    saw(family, "about:blank")
    act(family, "about:blank", "https://mail.test/")
    saw(family, "https://other.test/")
    assert family.includes(at("https://mail.test/"))
    assert not family.includes(at("https://other.test/"))
    family = expected("Read my notes")
    saw(family, "notes", Source.TOOL_RESULT)
    act(family, "", "https://evil.test/")
    assert not family.includes(at("https://evil.test/"))


def test_a_browsers_own_page_is_no_home() -> None:
    family = expected("Read my mail")
    act(family, "chrome://newtab/", "https://mail.test/")
    assert family.home == "mail.test"


def test_a_task_with_a_site_has_no_other_home() -> None:
    family = expected("Use https://shop.example")
    act(family, "https://start.test/")
    assert not family.includes(at("https://start.test/"))


def test_what_was_found_through_a_search_engine_is_expected_where_the_task_names_no_site() -> None:
    family = expected("Order a pizza")
    saw(family, "https://www.google.com/search?q=pizza")
    saw(family, "https://pizza.test/")
    saw(family, "https://next.test/")
    assert family.includes(at("https://pizza.test/"))
    assert not family.includes(at("https://next.test/"))
    for number in range(CHOSEN_KEPT):
        saw(family, "https://www.google.com/search?q=pizza")
        saw(family, f"https://pizza{number}.test/")
    assert not family.includes(at("https://pizza.test/"))


def test_started_inside_means_standing_there_not_choosing_to_go() -> None:
    started, chose = expected("Turn on the light"), expected("Turn on the light")
    act(started, "http://192.168.1.1/")
    act(chose, "about:blank", "http://192.168.1.1/")
    assert started.is_inside
    assert not chose.is_inside
