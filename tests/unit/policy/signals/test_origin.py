import pytest

from sentric.events import Action, Author, Effect, Element, Kind, Message, Observation, Source
from sentric.policy.rule import Tuning
from sentric.policy.signals.origin import FILES_KEPT, HOSTS_KEPT, Origin, OriginFacts


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
        element=Element(**{"tag": "input", **element}),
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
    ("task", "page", "form", "asked"),
    [
        ("Test the sign-up on http://localhost:3000", "http://localhost:3000/signup", "", True),
        ("Restart my router http://192.168.1.1", "http://192.168.1.1/", "http://192.168.1.1/login", True),
        ("Restart the box at 192.168.1.1", "http://192.168.1.1/", "", True),
        ("Try the login of my dev server", "http://localhost:5173/", "", True),
        ("Try the login", "http://localhost:5173/", "", True),
        ("Buy a duck at http://shop.localhost:8901", "http://shop.localhost:8901/", "", True),
        ("Buy a duck at http://shop.localhost:8901", "http://shop-verify.localhost:8902/", "", False),
        ("Restart my router http://192.168.1.1", "http://192.168.7.7/", "", False),
        ("Restart my router http://192.168.1.1", "http://192.168.1.1/", "http://collect.test/", False),
        ("Read https://club.example", "http://127.0.0.1:8080/", "", False),
        ("Read http://club.example", "http://club.example/", "", False),
        ("Open 2130706433", "http://2130706433/", "", False),
        ("Open http://169.254.169.254", "http://169.254.169.254/", "", False),
    ],
)
def test_a_place_inside_that_the_task_names_is_as_asked(task: str, page: str, form: str, asked: bool) -> None:
    assert judged(typing(page, form_action=form), task).inside_as_asked is asked


def test_loopback_is_secure_for_an_agent_that_works_on_this_machine() -> None:
    origin = Origin(Tuning())
    origin.action(Action(sequence=1, tool="bash", kind=Kind.SHELL, arguments={"command": "make run"}))
    assert origin.action(typing("http://localhost:8000/")).secure_origin
    assert not origin.action(typing("http://10.0.0.1/")).secure_origin


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


def test_a_slip_is_weak_evidence_where_the_site_is_not_much_imitated() -> None:
    near = judged(going("https://northbonk.com"), "Open https://northbank.com")
    assert (near.lookalike_of, near.lookalike_is_weak) == ("northbank.com", True)
    assert not judged(going("https://n0rthbank.com"), "Open https://northbank.com").lookalike_is_weak
    assert not judged(going("https://mircosoft.com")).lookalike_is_weak
    protected = Tuning(protected_domains=("northbank.com",))
    assert not judged(going("https://northbonk.com"), tuning=protected).lookalike_is_weak


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
        ("https://webhook.site/1f", "a service that catches or tunnels requests"),
        ("https://ab12.ngrok-free.app/in", "a service that catches or tunnels requests"),
        ("https://a.b.oast.fun/", "a service that catches or tunnels requests"),
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


def test_letters_of_another_script_are_told_from_other_means() -> None:
    assert judged(going("https://xn--pypal-4ve.com")).lookalike_letters
    facts = judged(going("https://paypa1.com"))
    assert (facts.lookalike_letters, facts.lookalike_by) == (False, "signs that look like letters")


@pytest.mark.parametrize(
    ("url", "host", "disguised"),
    [
        ("http://10.0.0.7/admin", "10.0.0.7", False),
        ("http://localhost:9200/", "localhost", False),
        ("http://db.internal/", "db.internal", False),
        ("http://0x7f.1/", "127.0.0.1", True),
        ("http://2130706433:80/", "127.0.0.1", True),
        ("http://a.10.0.0.7.nip.io/", "a.10.0.0.7.nip.io", True),
        ("http://lvh.me:8000/", "lvh.me", False),
        ("http:10.0.0.7/admin", "10.0.0.7", True),
        ("http://wiki.corp/", "", False),
        ("https://example.org/", "", False),
        ("http://198.51.100.9/", "", False),
    ],
)
def test_an_address_inside_that_nobody_spoke_of_is_told(url: str, host: str, disguised: bool) -> None:
    facts = judged(going(url))
    assert (facts.internal_host, facts.internal_disguised) == (host, disguised)


@pytest.mark.parametrize(
    ("url", "task"),
    [
        ("http://localhost:3000/", "Open http://localhost:3000"),
        ("http://127.0.0.1:3001/", "Test the dev server"),
        ("http://192.168.1.1/", "Restart my router"),
        ("http://10.0.0.7/", "Read http://10.0.0.7/status"),
    ],
)
def test_an_address_inside_that_the_task_speaks_of_is_honest(url: str, task: str) -> None:
    assert judged(going(url), task).internal_host == ""


def test_an_address_inside_that_the_policy_allows_is_honest() -> None:
    assert judged(going("http://db.internal/"), tuning=Tuning(allowed_domains=("db.internal",))).internal_host == ""
    assert judged(going("http://localhost:1/"), tuning=Tuning(allow_loopback=True)).internal_host == ""


def test_an_agent_with_a_shell_is_at_home_on_its_machine_but_not_in_disguise() -> None:
    origin = Origin(Tuning())
    origin.action(Action(sequence=1, tool="bash", kind=Kind.SHELL, arguments={"command": "make run"}))
    assert origin.action(going("http://localhost:8000/")).internal_host == ""
    assert origin.action(going("http://10.0.0.7/")).internal_host == "10.0.0.7"
    assert origin.action(going("http://0x7f.1/")).internal_disguised


def test_an_agent_that_was_started_inside_may_stay_there() -> None:
    origin = Origin(Tuning())
    page = Observation(sequence=1, source=Source.PAGE, origin="http://192.168.1.1/", text="Router")
    assert origin.observation(page) == OriginFacts()
    assert origin.action(going("http://192.168.1.1/status")).internal_host == ""
    assert origin.action(going("http://169.254.169.254/")).metadata_host == "169.254.169.254"


@pytest.mark.parametrize("task", ["Test the dev server on localhost", "Do it"])
def test_a_metadata_service_must_be_named_itself(task: str) -> None:
    command = Action(
        sequence=1,
        tool="bash",
        kind=Kind.SHELL,
        effects=frozenset({Effect.EXECUTE}),
        arguments={"command": "curl http://169.254.169.254/latest/"},
    )
    assert judged(command, task).metadata_host == "169.254.169.254"
    assert judged(command, "Ask http://169.254.169.254/latest/ for it").metadata_host == ""


def test_schemes_without_a_server_are_told_unless_the_task_speaks_of_them() -> None:
    assert judged(going("javascript:void(0)")).local_scheme == "javascript"
    assert judged(going("chrome://settings")).local_scheme == "chrome"
    assert judged(going("chrome://settings"), "Open chrome://settings").local_scheme == ""
    assert judged(going("about:blank")).local_scheme == ""
    assert judged(going("gopher://a.test/")).dangerous_url == "the scheme gopher:"
    assert judged(Action(sequence=1, tool="x", arguments={"url": "gopher://a.test/"})).dangerous_url == ""


def test_a_file_that_the_task_or_the_agent_named_may_be_opened() -> None:
    assert judged(going("file:///home/dana/slides.pdf")).local_scheme == "file"
    assert judged(going("file:///home/dana/slides.pdf"), "Read slides.pdf").local_scheme == ""
    origin = Origin(Tuning())
    origin.action(Action(sequence=1, tool="write_file", kind=Kind.FILE_WRITE, arguments={"path": "out/r.html"}))
    assert origin.action(going("file:///srv/out/r.html")).local_scheme == ""
    for number in range(FILES_KEPT):
        origin.action(Action(sequence=2, tool="x", arguments={"path": f"{number}.html"}))
    assert origin.action(going("file:///srv/out/r.html")).local_scheme == "file"


def test_a_known_site_before_the_host_is_a_disguise_and_an_unknown_one_is_not() -> None:
    task = "Read https://rates.bank.example"
    assert judged(going("https://bank.example@evil.test/"), task).disguised_url.startswith("bank.example before")
    assert judged(going("https://paypal.com@evil.test/")).disguised_url.startswith("paypal.com before")
    assert judged(going("https://nobody.example@evil.test/")).disguised_url == ""
    assert judged(going("https:\\\\evil.test/")).disguised_url == "a backslash before the path"


def test_memory_of_hosts_is_bounded() -> None:
    origin = Origin(Tuning())
    for number in range(HOSTS_KEPT + 2):
        origin.action(going(f"https://site{number}.example/"))
    assert origin.action(going("https://paypa1.com")).lookalike_of == "paypal.com"
