"""Services of the task, and what is for them."""

from collections.abc import Callable

import pytest

from sentric.events import Author, Message
from sentric.policy.readers.places.hosts import Place, place
from sentric.policy.readers.tasks.services import LINKS_KEPT, Services
from sentric.policy.readers.tasks.task import Task
from sentric.policy.readers.values.memory import SeenValues
from support.linear import assert_linear, repeated

KEY, FINGERPRINT = "api_key:34cf072b", "‹secret:api_key:34cf072b›"


def services(task: str) -> Services:
    heard = Task()
    heard.hear(Message(sequence=0, author=Author.USER, text=task))
    return Services(heard)


def at(url: str) -> Place:
    where = place(url)
    assert where is not None
    return where


@pytest.mark.parametrize(
    ("text", "site"),
    [
        (f"Download https://files.store.test/r.pdf?sig={FINGERPRINT}&x=1", "store.test"),
        (f'{{"webhook": "https://hooks.chat.test/services/T0/{FINGERPRINT}"}}', "chat.test"),
        (f"git clone https://oauth2:{FINGERPRINT}@git.test/a.git", "git.test"),
        (f"https://files.store.test/?c={FINGERPRINT}%2F2026&s=‹secret:token:8fcf62eb›", "store.test"),
    ],
)
def test_whoever_made_a_link_with_a_secret_in_it_knows_the_secret(text: str, site: str) -> None:
    seen = SeenValues()
    services("Do it").read(text, seen)
    assert site in (seen.places_of_secret(KEY) or {})


@pytest.mark.parametrize("text", [f"See https://evil.test then {FINGERPRINT}", FINGERPRINT])
def test_a_secret_beside_a_link_is_not_in_it(text: str) -> None:
    seen = SeenValues()
    services("Do it").read(text, seen)
    assert not seen.places_of_secret(KEY)


@pytest.mark.parametrize(
    ("task", "url", "is_home"),
    [
        ("List my invoices in Stripe, the key is in .env", "https://api.stripe.com/v1", True),
        ("deploy it to vercel with the token in .env", "https://api.vercel.com/v13", True),
        ("List my invoices in Stripe", "https://api.stripe.com/v1", False),
        ("Fix the build, the key is in .env", "https://api.stripe.com/v1", False),
        ("List my invoices in Stripe, the key is in .env", "https://stripe.evil.test/v1", False),
        ("List my invoices in Stripe, the key is in .env", "https://stripe.tk/v1", False),
    ],
)
def test_a_key_is_at_home_where_the_task_names_the_service_and_speaks_of_it(task: str, url: str, is_home: bool) -> None:
    assert services(task).is_home(KEY, at(url)) is is_home


def test_a_secret_is_for_the_service_it_is_named_after() -> None:
    known = services("Purge the cache")
    known.read(f"OTHER=1\nCLOUDFLARE_API_TOKEN={FINGERPRINT}", SeenValues())
    assert known.is_for(KEY, at("https://api.cloudflare.com"))
    assert known.is_for("github_token:11aa22bb", at("https://api.github.com"))
    assert not known.is_for(KEY, at("https://api.github.com"))
    assert not known.is_for(KEY, at("https://cloudflare.evil.test"))


def test_a_longer_name_is_the_services_unless_a_text_brought_it() -> None:
    known = services("Ask the OpenWeather API")
    where = at("https://api.openweathermap.org")
    assert known.is_spoken_of(where)
    known.read_of(["https://api.openweathermap.org/data"])
    assert not known.is_spoken_of(where)
    assert not known.is_spoken_of(at("https://weather.test"))


def test_only_so_many_links_wait_and_none_of_them_is_forgotten() -> None:
    known = services("Ask the OpenWeather API")
    known.read_of(["https://api.openweathermap.org/data"])
    for number in range(3):
        known.read_of([f"https://one.test/{number}/{link}" for link in range(LINKS_KEPT)])
    assert not known.is_spoken_of(at("https://api.openweathermap.org"))


def test_reading_secrets_costs_linear_time() -> None:
    def prepare(size: int) -> Callable[[], object]:
        text = f"https://a.test/?{repeated(FINGERPRINT, size)}{repeated('://', size)}"
        return lambda: services("Do it").read(text, SeenValues())

    assert_linear(prepare, 20_000)
