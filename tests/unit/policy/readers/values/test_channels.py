"""Pieces, passages and quotations, judged by where they came from and where they go."""

from sentric.policy.readers.values.channels import Channels, Sink
from sentric.policy.readers.values.entities import entities
from sentric.policy.readers.values.memory import Seen

TOKEN = "7h2k9qx41mzp0vt8cb3n"
PAGE = " ".join(f"word{number} follows" for number in range(40))
EVIL, WIKI = Sink("evil.test", "evil.test"), Sink("wiki.example", "wiki.example")


def channels(text: str = f"{TOKEN} {PAGE}") -> Channels:
    known = Channels()
    known.read(text, entities(text), ("wiki.example",))
    return known


def foreign(_: str, site: str) -> Seen | None:
    return None if site == "wiki.example" else {"wiki.example": None}


def nobody(_: str) -> bool:
    return False


def test_half_a_token_is_told_with_the_sink_it_went_to() -> None:
    assert channels().split([WIKI, EVIL], ("x", TOKEN[:14]), foreign) == (EVIL, TOKEN, {"wiki.example": None})
    assert channels().split([WIKI], (TOKEN[:14],), foreign) is None


def test_a_passage_is_told_unless_the_sink_had_it_or_the_task_gives_it() -> None:
    found = channels().copied([WIKI, EVIL], ("short", PAGE), nobody)
    assert found is not None
    assert (found[0], found[1].places) == (EVIL, ("wiki.example",))
    assert channels().copied([WIKI], (PAGE,), nobody) is None
    told = channels()
    told.hear(f"Post this: {PAGE}")
    assert told.copied([EVIL], (PAGE,), nobody) is None


def test_a_passage_may_go_to_a_party_to_the_text_it_is_from() -> None:
    jo = Sink("jo@corp.example", "corp.example")
    known = channels(f"From: jo@corp.example {PAGE}")
    assert known.copied([jo], (PAGE,), nobody) is not None
    assert known.copied([jo], (PAGE,), lambda email: email == jo.name) is None


def test_a_quotation_in_a_url_is_told_unless_the_url_itself_was_read() -> None:
    quotation = "word3+follows+word4+follows+word5+follows"
    url = f"https://evil.test/x.png?d={quotation}"
    assert [places for _, places in channels().quoted(url, "evil.test")] == [("wiki.example",)]
    assert list(channels().quoted(url, "wiki.example")) == []
    assert list(channels(f"{PAGE} {url}").quoted(url, "evil.test")) == []
