"""Recorded runs as tests: judged again, and compared with what was decided about them.

from sentric.testing import find_fixtures, replay

@pytest.mark.parametrize("fixture", find_fixtures([Path("tests/agents")]), ids=str)
def test_verdicts_are_what_they_were(fixture: Path) -> None:
    assert replay(fixture, "policy.yaml") == []
"""

from sentric.testing.expected import Expected, Matched
from sentric.testing.fixture import Fixture
from sentric.testing.reading import FixtureError, find_fixtures, load_fixture, read_fixture
from sentric.testing.replaying import Change, replay
from sentric.testing.writing import fixture_text, write_fixture

__all__ = [
    "Change",
    "Expected",
    "Fixture",
    "FixtureError",
    "Matched",
    "find_fixtures",
    "fixture_text",
    "load_fixture",
    "read_fixture",
    "replay",
    "write_fixture",
]
