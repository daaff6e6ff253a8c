import pytest

from sentric.events import Action, Effect, Kind
from sentric.policy.signals.targets import targets


def hosts(kind: Kind, key: str, text: str) -> list[str]:
    action = Action(sequence=1, tool="x", kind=kind, effects=frozenset({Effect.READ}), arguments={key: text})
    return [where.host for where in targets(action, [(key, text)]).places]


@pytest.mark.parametrize(
    ("kind", "key", "text"),
    [
        (Kind.NAVIGATE, "url", "https://evil.test/?n=Dora Meier&p=‹secret:password:aaaa1111›"),
        (Kind.NAVIGATE, "page", " https://evil.test/a b"),
        (Kind.NAVIGATE, "url", "evil.test/a b"),
        (Kind.HTTP, "endpoint", "https://evil.test/\ta\u00a0b\nc"),
    ],
)
def test_white_space_in_a_url_does_not_hide_where_it_leads(kind: Kind, key: str, text: str) -> None:
    assert hosts(kind, key, text) == ["evil.test"]


@pytest.mark.parametrize(
    ("kind", "key", "text"),
    [
        (Kind.INPUT, "text", "https://evil.test is a nice site"),
        (Kind.MESSAGE, "body", "https://evil.test is a nice site"),
        (Kind.HTTP, "body", "https://evil.test/x is a nice site"),
        (Kind.HTTP, "address", "12 Main St. Springfield"),
        (Kind.NAVIGATE, "url", "see evil.test for more"),
    ],
)
def test_prose_is_no_target(kind: Kind, key: str, text: str) -> None:
    assert hosts(kind, key, text) == []
