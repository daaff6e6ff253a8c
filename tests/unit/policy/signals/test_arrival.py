import pytest

from sentric.events import Action, Author, Element, Kind, Message, Observation, Source
from sentric.policy.rule import Tuning
from sentric.policy.signals.arrival import Arrival, ArrivalFacts

SHOP = "https://shop.example/cart"
SECRET = "‹secret:password:aa11bb22›"


def arrival(task: str = "Use https://shop.example", *allowed: str) -> Arrival:
    family = Arrival(Tuning(allowed_domains=allowed))
    family.message(Message(sequence=0, author=Author.USER, text=task))
    return family


def see(family: Arrival, url: str, text: str = "x") -> None:
    assert family.observation(Observation(sequence=1, source=Source.PAGE, origin=url, text=text)) == ArrivalFacts()


def go(url: str, at: str = "about:blank") -> Action:
    return Action(sequence=2, tool="navigate", kind=Kind.NAVIGATE, url=at, arguments={"url": url})


def type_in(at: str, typed: str = SECRET, form: str = "", frame: str = "") -> Action:
    element = Element(tag="input", type="password", form_action=form, frame_origin=frame)
    return Action(sequence=3, tool="input", kind=Kind.INPUT, url=at, element=element, arguments={"text": typed})


def test_a_secret_typed_after_a_hand_over_is_told_with_the_place() -> None:
    family = arrival()
    see(family, SHOP)
    see(family, "https://www.paypal.com/signin")
    facts = family.action(type_in("https://www.paypal.com/signin"))
    assert (facts.handed_over, facts.handed_to_known) == ("www.paypal.com", True)
    family = arrival()
    see(family, SHOP)
    facts = family.action(type_in("https://pay.bank.example/3ds"))
    assert (facts.handed_over, facts.handed_to_known) == ("pay.bank.example", False)


@pytest.mark.parametrize("url", ["https://prizes.test/", "https://login.paypa1.com/", SHOP])
def test_other_places_are_not_handed_over(url: str) -> None:
    family = arrival()
    see(family, SHOP)
    see(family, url)
    assert family.action(type_in(url)).handed_over == ""


def test_a_form_or_frame_of_a_payment_service_is_a_hand_over_too() -> None:
    for action in (
        type_in(SHOP, form="https://checkout.stripe.com/x"),
        type_in(SHOP, frame="https://checkout.stripe.com/x"),
    ):
        family = arrival()
        facts = family.action(action)
        assert (facts.handed_over, facts.credential_goes_to) == ("checkout.stripe.com", "")


def test_a_form_of_a_service_does_not_excuse_a_frame_of_a_stranger() -> None:
    facts = arrival().action(type_in(SHOP, form="https://checkout.stripe.com/x", frame="https://ads.test/f"))
    assert (facts.handed_over, facts.credential_goes_to) == ("", "ads.test")


@pytest.mark.parametrize(
    ("form", "host"),
    [
        ("https://collector.test/p", "collector.test"),
        ("https://accounts.shop.example/p", ""),
        ("https://shop.de/p", ""),
        ("https://allowed.test/p", ""),
        ("", ""),
    ],
)
def test_a_credential_in_a_form_of_another_site_is_told(form: str, host: str) -> None:
    family = arrival("Use https://www.shop.com and https://shop.example", "allowed.test")
    assert family.action(type_in("https://shop.com/login", form=form)).credential_goes_to == host


def test_local_servers_may_send_forms_to_each_other() -> None:
    facts = arrival("Test it").action(type_in("http://localhost:3000/", form="http://localhost:8000/login"))
    assert facts.credential_goes_to == ""


def test_what_is_no_credential_may_go_anywhere() -> None:
    element = Element(tag="input", type="search", form_action="https://catalogue.test/")
    action = Action(sequence=3, tool="input", kind=Kind.INPUT, url=SHOP, element=element, arguments={"text": "moby"})
    assert arrival().action(action) == ArrivalFacts()


def test_a_secret_is_told_where_it_does_not_belong() -> None:
    family = arrival(f"Log in to https://shop.example with {SECRET}")
    assert family.action(type_in(SHOP)).credential_belongs_to == ""
    assert family.action(type_in("https://prizes.test/")).credential_belongs_to == "shop.example"
    allowed = arrival(f"Log in to https://shop.example with {SECRET}", "prizes.test")
    assert allowed.action(type_in("https://prizes.test/")).credential_belongs_to == ""


def test_a_stored_secret_belongs_to_the_site_of_the_task_it_was_typed_at() -> None:
    family = arrival()
    family.action(type_in(SHOP))
    assert family.action(type_in("https://prizes.test/")).credential_belongs_to == "shop.example"
    family = arrival()
    family.action(type_in("https://prizes.test/"))
    assert family.action(type_in(SHOP)).credential_belongs_to == ""


def test_a_redirect_is_told_while_it_lasts() -> None:
    family = arrival()
    family.action(go("https://out.shop.example/go"))
    see(family, "https://free-files.test/")
    facts = family.action(Action(sequence=3, tool="download", kind=Kind.DOWNLOAD, url="https://free-files.test/"))
    assert (facts.redirected_from, facts.redirected_to) == ("out.shop.example", "free-files.test")
    assert not facts.redirected_inside
    assert family.action(go(SHOP, "https://free-files.test/")).redirected_from == "out.shop.example"
    assert family.action(type_in(SHOP)).redirected_from == ""


def test_a_redirect_into_the_network_is_told_and_one_from_inside_is_not() -> None:
    for asked, inside in (("https://news.test/", True), ("http://192.168.0.9/", False)):
        family = arrival()
        family.action(go(asked))
        look = Action(sequence=3, tool="extract", kind=Kind.EXTRACT, url="http://192.168.0.1/admin")
        assert family.action(look).redirected_inside is inside


def test_a_redirect_to_a_place_of_the_task_or_to_a_sign_in_is_none() -> None:
    family = arrival()
    family.action(go("https://short.test/x"))
    assert family.action(type_in(SHOP)).redirected_from == ""
    family = arrival()
    family.action(go(SHOP))
    assert family.action(type_in("https://acme.okta.com/")).redirected_from == ""


def test_a_filled_field_that_is_sent_is_told_on_sites_the_task_does_not_name() -> None:
    press = Action(sequence=3, tool="click", kind=Kind.SUBMIT, url="https://deals.test/", element=Element(tag="button"))
    family = arrival()
    see(family, "https://deals.test/", "<input type=password value=x>")
    assert "value=x" in family.action(press).autofilled
    family = arrival("Use https://deals.test")
    see(family, "https://deals.test/", "<input type=password value=x>")
    assert family.action(press).autofilled == ""
    family = arrival()
    see(family, "https://deals.test/", "<input type=password value=>")
    family.action(type_in("https://deals.test/"))
    see(family, "https://deals.test/", "<input type=password value=x>")
    assert family.action(press).autofilled == ""


def test_an_error_page_of_the_browser_does_not_break_a_hand_over() -> None:
    family = arrival()
    see(family, SHOP)
    see(family, "chrome-error://chromewebdata/")
    see(family, "https://www.paypal.com/signin")
    assert family.action(type_in("https://www.paypal.com/signin")).handed_to_known


def test_the_tasks_own_pages_link_to_what_the_agent_may_go_to_itself() -> None:
    task, link = "Buy it on https://shop.example", "Pay at https://pay.bank.example/1"
    for given, text, host in (
        (task, link, "pay.bank.example"),
        (task, "Pay at the bank", ""),
        ("Read https://shop.example", link, ""),
    ):
        family = arrival(given)
        see(family, SHOP, text)
        family.action(go("https://pay.bank.example/1", SHOP))
        assert family.action(type_in("https://pay.bank.example/1")).handed_over == host
