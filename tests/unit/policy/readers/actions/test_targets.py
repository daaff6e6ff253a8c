import pytest

from sentric.events import Action, Effect, Kind
from sentric.policy.readers.actions.targets import TARGET_LIMIT, targets


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


@pytest.mark.parametrize(
    ("kind", "key", "text", "links"),
    [
        (Kind.NAVIGATE, "url", "javascript:alert(1)", ("javascript:alert(1)",)),
        (Kind.NAVIGATE, "page", " \tjava\nscript:alert(1)", ("java\nscript:alert(1)",)),
        (Kind.HTTP, "url", "file:///etc/hosts", ("file:///etc/hosts",)),
        (Kind.DOWNLOAD, "link", "\\\\files.test\\share", ("\\\\files.test\\share",)),
        (Kind.NAVIGATE, "url", "HTTPS://A.example/b", ("HTTPS://A.example/b",)),
        (Kind.NAVIGATE, "url", "localhost:8000/x", ("localhost:8000/x",)),
        (Kind.HTTP, "body", "javascript:alert(1)", ()),
        (Kind.INPUT, "url", "javascript:alert(1)", ()),
        (Kind.FILE_WRITE, "path", "c:\\a.txt", ()),
    ],
)
def test_links_are_kept_as_they_are_written_even_where_they_lead_to_no_host(
    kind: Kind, key: str, text: str, links: tuple[str, ...]
) -> None:
    action = Action(sequence=1, tool="x", kind=kind, arguments={key: text})
    assert targets(action, [(key, text)]).links == links


def test_links_are_bounded() -> None:
    arguments = [("url", f"https://a.example/{number}") for number in range(3 * TARGET_LIMIT)]
    assert len(targets(Action(sequence=1, tool="x", kind=Kind.HTTP), arguments).links) == TARGET_LIMIT
    schemes = [("url", f"javascript:{number}") for number in range(3 * TARGET_LIMIT)]
    assert len(targets(Action(sequence=1, tool="x", kind=Kind.HTTP), schemes).links) == TARGET_LIMIT
