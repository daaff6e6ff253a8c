import pytest

from sentric.policy.readers.places.handover import LINKS_KEPT, REACHED_KEPT, Handover, Handovers, provider
from sentric.policy.readers.places.hosts import Place, place

SHOP = "https://shop.example/cart"
STRIPE = "https://checkout.stripe.com/c"


def at(url: str) -> Place:
    found = place(url)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("url", "how"),
    [
        (STRIPE, Handover.KNOWN),
        ("https://www.paypal.com/", Handover.KNOWN),
        ("https://acme.okta.com/", Handover.KNOWN),
        ("https://accounts.google.com/", Handover.KNOWN),
        ("https://docs.google.com/forms/x", Handover.NONE),
        ("https://sites.google.com/x", Handover.NONE),
        ("https://login.unknown.example/", Handover.LIKELY),
        ("https://pay.bank.example/", Handover.LIKELY),
        ("https://acs1.bank.example/", Handover.LIKELY),
        ("https://prizes.example/", Handover.NONE),
        ("http://checkout.stripe.com/", Handover.NONE),
        ("http://login.unknown.example/", Handover.NONE),
        ("https://login.unknown.tk/", Handover.NONE),
        ("https://10.0.0.1/login", Handover.NONE),
        ("https://pay.example@login.unknown.example/", Handover.NONE),
    ],
)
def test_places_to_pay_or_sign_in_at_are_known_by_name_or_by_shape(url: str, how: Handover) -> None:
    assert provider(at(url)) is how


def test_what_the_tasks_own_site_leads_to_is_handed_over_and_so_is_what_that_leads_to() -> None:
    handovers = Handovers()
    handovers.stands(at(SHOP), own=True)
    handovers.stands(at(STRIPE), own=False)
    assert handovers.of(at(STRIPE)) is Handover.KNOWN
    handovers.stands(at("https://acs.bank.example/3ds"), own=False)
    assert handovers.of(at("https://acs.bank.example/3ds")) is Handover.LIKELY


def test_a_page_in_between_breaks_the_chain() -> None:
    handovers = Handovers()
    handovers.stands(at(SHOP), own=True)
    handovers.stands(at("https://prizes.test/"), own=False)
    handovers.stands(at(STRIPE), own=False)
    assert handovers.of(at(STRIPE)) is Handover.NONE


def test_what_the_agent_chose_itself_is_not_handed_over() -> None:
    handovers = Handovers()
    handovers.stands(at(SHOP), own=True)
    handovers.asks(at("https://login.evil.test/"), own=False)
    handovers.stands(at("https://login.evil.test/"), own=False)
    assert handovers.of(at("https://login.evil.test/")) is Handover.NONE


def test_a_redirect_of_the_tasks_own_site_hands_over() -> None:
    handovers = Handovers()
    handovers.asks(at(SHOP), own=True)
    handovers.stands(at(STRIPE), own=False)
    assert handovers.of(at(STRIPE)) is Handover.KNOWN


@pytest.mark.parametrize(
    ("url", "intended", "how"),
    [
        ("https://login.partner.example/", True, Handover.LIKELY),
        ("https://login.partner.example/", False, Handover.NONE),
        (STRIPE, False, Handover.KNOWN),
        ("https://prizes.test/", True, Handover.NONE),
    ],
)
def test_a_link_on_the_tasks_own_site_hands_over_to_known_services_and_to_others_where_the_task_is_about_that(
    url: str, intended: bool, how: Handover
) -> None:
    followed, pressed = Handovers(), Handovers()
    followed.links([url, "no url"])
    followed.asks(at(url), own=False)
    pressed.stands(at(SHOP), own=True)
    pressed.presses(link=True)
    for handovers in (followed, pressed):
        handovers.stands(at(url), own=False, intended=intended)
        assert handovers.of(at(url)) is how


def test_a_button_is_the_sites_own() -> None:
    handovers = Handovers()
    handovers.stands(at(SHOP), own=True)
    handovers.presses(link=True)
    handovers.presses(link=False)
    handovers.stands(at("https://login.partner.example/"), own=False)
    assert handovers.of(at("https://login.partner.example/")) is Handover.LIKELY


def test_forms_and_frames_count_on_the_tasks_own_pages_alone() -> None:
    handovers = Handovers()
    assert handovers.embedded(at(STRIPE)) is Handover.NONE
    handovers.stands(at(SHOP), own=True)
    assert handovers.embedded(at(STRIPE)) is Handover.KNOWN
    handovers.stands(at("https://prizes.test/"), own=False)
    assert handovers.embedded(at(STRIPE)) is Handover.NONE


def test_memory_is_bounded() -> None:
    handovers = Handovers()
    first = at("https://pay.site0.example/")
    for number in range(max(LINKS_KEPT, REACHED_KEPT) + 1):
        url = f"https://pay.site{number}.example/"
        handovers.stands(at(SHOP), own=True)
        handovers.stands(at(url), own=False)
        handovers.links([url])
    assert handovers.of(first) is Handover.NONE
    handovers.asks(first, own=False)
    handovers.stands(first, own=False)
    assert handovers.of(first) is Handover.NONE
