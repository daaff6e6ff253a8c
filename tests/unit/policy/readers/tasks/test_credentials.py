import pytest

from sentric.events import Author, Message
from sentric.policy.readers.places.hosts import Place, place
from sentric.policy.readers.tasks.credentials import BOUND_KEPT, Bindings

ONE, TWO = "password:aaaa1111", "password:bbbb2222"
A, B = "https://a.example", "https://b.example"


def at(url: str) -> Place:
    found = place(url)
    assert found is not None
    return found


def bindings(task: str, author: Author = Author.USER) -> Bindings:
    started = Bindings()
    started.hear(Message(sequence=0, author=author, text=task))
    return started


def owner(family: Bindings, secret: str, url: str, *, named: bool = False) -> str:
    return family.owner((secret,), at(url), named=named)


@pytest.mark.parametrize(
    "task",
    [
        f"Log in to {A} with ‹secret:{ONE}›.",
        f"Log in.\nSite: {A}\nUser: dana\nPassword: ‹secret:{ONE}›\n\nThen look at {B}",
        f"- {A}: ‹secret:{ONE}›\n- {B}: ‹secret:{TWO}›",
        f"‹secret:{ONE}› is for a.example; ‹secret:{TWO}› is for b.example",
    ],
)
def test_a_secret_is_of_the_site_it_is_given_for(task: str) -> None:
    family = bindings(task)
    assert owner(family, ONE, "https://evil.test") == "a.example"
    assert owner(family, ONE, "https://login.a.example") == ""


def test_a_site_of_the_task_with_a_secret_of_its_own_gets_no_other() -> None:
    family = bindings(f"- {A}: ‹secret:{ONE}›\n- {B}: ‹secret:{TWO}›\nAlso https://c.example")
    assert owner(family, ONE, B, named=True) == "a.example"
    assert owner(family, ONE, "https://c.example", named=True) == ""


@pytest.mark.parametrize(
    "task",
    [
        f"My password is ‹secret:{ONE}›. Compare {A} and {B}",
        f"Use ‹secret:{ONE}› on {A} and {B}",
        f"My password is ‹secret:{ONE}›",
    ],
)
def test_a_secret_for_several_sites_or_none_is_of_no_site(task: str) -> None:
    assert owner(bindings(task), ONE, "https://evil.test") == ""


def test_cards_are_for_every_shop() -> None:
    family = bindings(f"Pay on {A} with ‹secret:card:77aa01c3›")
    assert owner(family, "card:77aa01c3", B) == ""
    family.typed(("card:88aa01c3",), at(A))
    assert owner(family, "card:88aa01c3", B) == ""


def test_a_secret_nobody_gave_is_of_the_site_it_is_typed_at_first() -> None:
    family = bindings(f"My password is ‹secret:{ONE}›")
    family.typed((ONE, TWO), at(A))
    family.typed((TWO,), at(B))
    assert owner(family, ONE, B) == ""
    assert owner(family, TWO, B) == "a.example"


def test_a_brand_in_another_country_is_the_same() -> None:
    family = bindings("Log in to https://bigshop.com with ‹secret:password:aaaa1111›")
    assert owner(family, ONE, "https://bigshop.de") == ""


def test_the_models_words_bind_nothing() -> None:
    assert owner(bindings(f"{A}: ‹secret:{ONE}›", Author.MODEL), ONE, B) == ""


def test_memory_is_bounded() -> None:
    family = Bindings()
    for number in range(BOUND_KEPT + 1):
        family.typed((f"password:{number:08x}",), at(A))
    assert owner(family, "password:00000000", B) == ""
    assert list(family.evicted) == ["secrets"]
    assert owner(family, f"password:{BOUND_KEPT:08x}", B) == "a.example"
