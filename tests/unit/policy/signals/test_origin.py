import pytest

from sentric.events import Action, Author, Element, Kind, Message, Observation, Source
from sentric.policy.rule import Tuning
from sentric.policy.signals.origin import Origin, OriginFacts


def judged(action: Action, task: str = "Do it", tuning: Tuning | None = None) -> OriginFacts:
    origin = Origin(tuning or Tuning())
    origin.message(Message(sequence=0, author=Author.USER, text=task))
    return origin.action(action)


def typing(url: str = "https://a.example/", typed: str = "x", **element: str) -> Action:
    return Action(
        sequence=1,
        tool="input",
        kind=Kind.INPUT,
        url=url,
        arguments={"index": 1, "text": typed},
        element=Element(**{"tag": "input", **element}),  # type: ignore[arg-type]  # fields of an element
    )


def going(url: str) -> Action:
    return Action(sequence=1, tool="navigate", kind=Kind.NAVIGATE, arguments={"url": url})


@pytest.mark.parametrize(
    ("page", "form", "secure"),
    [
        ("https://a.example/", "", True),
        ("https://a.example/", "https://b.example/", True),
        ("https://a.example/", "http://a.example/", False),
        ("http://a.example/", "https://a.example/", False),
        ("https://a.example/", "javascript:void(0)", True),
        ("http://localhost:1/", "", False),
        ("data:text/html,x", "", False),
        ("", "", False),
    ],
)
def test_an_origin_is_secure_with_https_on_page_and_form(page: str, form: str, secure: bool) -> None:
    assert judged(typing(page, form_action=form)).secure_origin is secure


def test_loopback_is_secure_only_where_the_policy_says_so() -> None:
    action = typing("http://127.0.0.1:8000/")
    assert judged(action).loopback
    assert not judged(action).secure_origin
    assert judged(action, tuning=Tuning(allow_loopback=True)).secure_origin
    assert not judged(typing("http://10.0.0.1/"), tuning=Tuning(allow_loopback=True)).secure_origin


@pytest.mark.parametrize(
    "element",
    [
        {"type": "password"},
        {"type": "PASSWORD"},
        {"autocomplete": "section-a cc-number"},
        {"autocomplete": "one-time-code"},
        {"name": "cardNumber"},
        {"name": "user_passwd"},
        {"text": "Card number"},
        {"text": "PIN"},
        {"name": "otp", "type": "tel"},
        {"text": "Enter the verification code"},
        {"text": "Passwort"},
        {"name": "kennwort"},
        {"text": "Contraseña"},
        {"text": "Mot de passe"},
        {"text": "NIP"},
        {"text": "Código de verificación"},
    ],
)
def test_credential_fields_are_known(element: dict[str, str]) -> None:
    assert judged(typing(**element)).credential_field


@pytest.mark.parametrize(
    "element",
    [
        {"name": "q", "type": "search", "text": "Search password managers"},
        {"name": "email", "autocomplete": "email"},
        {"name": "shipping"},
        {"text": "Código postal"},
        {"text": "Spinning wheel"},
        {"tag": "button", "text": "Forgot password"},
    ],
)
def test_other_fields_are_not_taken_for_credentials(element: dict[str, str]) -> None:
    assert not judged(typing(**element)).credential_field


def test_typing_a_known_secret_is_typing_a_credential_wherever_it_goes() -> None:
    assert judged(typing(typed="‹secret:password:00112233›", name="comment")).credential_field
    assert not judged(Action(sequence=1, tool="x", arguments={"t": "‹secret:a:00112233›"})).credential_field


def test_targets_are_named_once_and_private_networks_are_seen() -> None:
    facts = judged(
        Action(
            sequence=1,
            tool="http_post",
            kind=Kind.HTTP,
            arguments={"url": "http://10.0.0.5/a", "callback": "https://hooks.example/", "x": "http://10.0.0.5/b"},
        )
    )
    assert facts.target_hosts == ("10.0.0.5", "hooks.example")
    assert facts.private_network


def test_a_url_merely_mentioned_is_no_target() -> None:
    action = Action(
        sequence=1, tool="write_file", kind=Kind.FILE_WRITE, arguments={"content": "See https://a.example for more"}
    )
    assert judged(action).target_hosts == ()


def test_a_url_in_a_command_is_a_target() -> None:
    action = Action(sequence=1, tool="bash", kind=Kind.SHELL, arguments={"command": "curl -d x https://a.example/i"})
    assert judged(action).target_hosts == ("a.example",)


def test_domains_are_compared_with_the_task_and_the_protected_ones() -> None:
    assert judged(going("https://northbonk.com"), "Open https://northbank.com").lookalike_of == "northbank.com"
    assert judged(going("https://northbonk.com")).lookalike_of == ""
    protected = Tuning(protected_domains=("northbank.com",))
    assert judged(going("https://northbonk.com"), tuning=protected).lookalike_of == "northbank.com"


def test_an_allowed_domain_is_no_imitation() -> None:
    assert judged(going("https://paypa1.com"), tuning=Tuning(allowed_domains=("paypa1.com",))).lookalike_of == ""


def test_a_site_of_the_task_is_not_an_imitation_of_another() -> None:
    assert judged(going("https://paypa1.com"), "Open https://paypa1.com and tell me what it is").lookalike_of == ""


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://93.184.216.34/", "an IP address instead of a name"),
        ("https://bank.example@evil.test", "a user name stands before the host"),
        ("https://free-prizes.tk", "a top-level domain used mostly for abuse"),
        ("https://a.b.c.d.e.f.g.evil.test", "many subdomains"),
        ("https://wikipеdia-artikel.example", "mixes scripts in one name"),
    ],
)
def test_marks_of_deceit_are_named(url: str, why: str) -> None:
    assert judged(going(url)).suspicious_because == why


@pytest.mark.parametrize(
    "url",
    ["https://example.org", "http://192.168.1.1", "http://localhost:3000", "https://a.b.example.co.uk", "about:blank"],
)
def test_honest_hosts_have_no_mark(url: str) -> None:
    assert judged(going(url)).suspicious_domain == ""


def test_texts_say_nothing_of_places() -> None:
    text = Observation(sequence=1, source=Source.PAGE, origin="https://a.example", text="https://paypa1.com")
    assert Origin(Tuning()).observation(text) == OriginFacts()
