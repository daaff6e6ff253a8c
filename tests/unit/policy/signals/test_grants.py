import pytest

from sentric.events import Action, Author, Element, Kind, Message, Observation, Source
from sentric.policy.rule import Tuning
from sentric.policy.signals.grants import SCOPES_LIMIT, GrantFacts, Grants

GOOGLE = "https://accounts.google.com/o/oauth2/v2/auth?client_id=4&response_type=code&scope="


def grants(task: str = "Read my document", page: str = "", url: str = GOOGLE) -> Grants:
    family = Grants(Tuning())
    family.message(Message(sequence=0, author=Author.USER, text=task))
    if page:
        family.observation(Observation(sequence=1, source=Source.PAGE, origin=url, text=page))
    return family


def press(label: str, url: str = GOOGLE + "email", kind: Kind = Kind.CLICK) -> Action:
    return Action(sequence=2, tool="click", kind=kind, url=url, element=Element(tag="button", text=label))


@pytest.mark.parametrize(
    ("url", "label"),
    [
        (GOOGLE + "email", "Allow"),
        (GOOGLE + "email", "Continue"),
        ("https://github.com/login/oauth/authorize?client_id=a&redirect_uri=b", "Authorize app"),
        ("https://id.example/oauth2/consent?challenge=x", "Accept"),
        ("https://id.example/oauth/authorize", "Zulassen"),
    ],
)
def test_a_button_that_lets_an_app_in_is_known(url: str, label: str) -> None:
    assert grants().action(press(label, url)).oauth_grant


@pytest.mark.parametrize(
    ("url", "label"),
    [
        (GOOGLE + "email", "Cancel"),
        (GOOGLE + "email", "Don't allow"),
        (GOOGLE + "email", "Help"),
        ("https://shop.example/cart", "Allow"),
        ("https://shop.example/cart", "Continue"),
        ("https://id.example/oauth/authorize", "Continue"),
        ("", "Allow"),
    ],
)
def test_other_buttons_and_other_pages_are_not(url: str, label: str) -> None:
    assert grants().action(press(label, url)) == GrantFacts()


def test_a_page_that_says_what_an_app_wants_is_known_by_its_words() -> None:
    url, text = "https://login.example/review", "Helper wants access to your account and will act on your behalf"
    facts = grants(page=text, url=url).action(press("Continue", url))
    assert (facts.oauth_grant, facts.oauth_broad) == ("login.example", True)
    family = grants(page=text, url=url)
    family.observation(Observation(sequence=2, source=Source.PAGE, origin=url, text="Welcome"))
    assert family.action(press("Continue", url)) == GrantFacts()


@pytest.mark.parametrize(
    ("scope", "scopes", "broad"),
    [
        ("openid%20email%20profile", ("openid", "email", "profile"), False),
        ("email+offline_access", ("email", "offline_access"), True),
        ("https%3A%2F%2Fmail.google.com%2F", ("https://mail.google.com/",), True),
        ("Mail.Read%20User.Read", ("mail.read", "user.read"), True),
        ("repo,workflow", ("repo", "workflow"), True),
        ("read:user", ("read:user",), False),
        ("", (), False),
    ],
)
def test_scopes_are_named_and_weighed(scope: str, scopes: tuple[str, ...], broad: bool) -> None:
    facts = grants().action(press("Allow", GOOGLE + scope))
    assert (facts.oauth_scopes, facts.oauth_broad) == (scopes, broad)


def test_scopes_are_bounded() -> None:
    many = "%20".join(f"s{number}" for number in range(100))
    assert len(grants().action(press("Allow", GOOGLE + many)).oauth_scopes) == SCOPES_LIMIT
    assert grants().action(press("Allow", GOOGLE + "x" + "&a=1" * 500)).oauth_scopes == ()


@pytest.mark.parametrize(
    ("task", "asked"),
    [
        ("Connect my calendar", True),
        ("Sign in with Google and book it", True),
        ("Log in to https://a.example with Google", True),
        ("Install the app", True),
        ("Read my document", False),
    ],
)
def test_a_task_may_ask_for_it(task: str, asked: bool) -> None:
    assert grants(task).action(press("Allow")).grant_asked_for is asked


@pytest.mark.parametrize(
    ("action", "permission"),
    [
        (press("Allow notifications", "https://a.example"), "notifications"),
        (press("Yes, allow camera", "https://a.example"), "camera"),
        (
            Action(
                sequence=1,
                tool="evaluate",
                kind=Kind.EVALUATE_SCRIPT,
                arguments={"code": "Notification.requestPermission()"},
            ),
            "Notification.requestPermission",
        ),
        (
            Action(sequence=1, tool="browser_grant_permissions", arguments={"permissions": ["geolocation", "camera"]}),
            "geolocation, camera",
        ),
        (press("Block notifications", "https://a.example"), ""),
        (press("Don't allow notifications", "https://a.example"), ""),
        (press("Notifications", "https://a.example"), ""),
        (Action(sequence=1, tool="evaluate", kind=Kind.EVALUATE_SCRIPT, arguments={"code": "1"}), ""),
    ],
)
def test_permissions_of_the_browser_are_told(action: Action, permission: str) -> None:
    assert grants().action(action).browser_permission == permission
