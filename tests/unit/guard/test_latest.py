"""The latest texts are remembered, within bounds."""

from sentric.events import Observation, Source
from sentric.guard.latest import CHARACTERS_KEPT, KEPT, Latest


def seen(text: str, source: Source = Source.PAGE) -> Observation:
    return Observation(sequence=0, source=source, origin="o", text=text)


def test_the_latest_are_kept() -> None:
    latest = Latest()
    for number in range(20):
        latest.add(seen(str(number)))
    assert [one.text for one in latest.seen] == [str(number) for number in range(20 - KEPT, 20)]


def test_however_long_they_are() -> None:
    latest = Latest()
    latest.add(seen("a" * 40_000))
    latest.add(seen("b" * 40_000))
    assert [one.text[0] for one in latest.seen] == ["b"]
    latest.add(seen("c" * 10_000_000))
    assert [len(one.text) for one in latest.seen] == [CHARACTERS_KEPT]


def test_what_tools_are_said_to_be_is_not_seen() -> None:
    latest = Latest()
    latest.add(seen("{}", Source.TOOL_DEFINITION))
    latest.add(seen(""))
    assert latest.seen == ()
