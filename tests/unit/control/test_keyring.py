from sentric_analyzer.control import Grant, KeyRing, Scope
from sentric_analyzer.control.keyring import digest

GRANT = Grant("k1", ("shop",), frozenset({Scope.INGEST}), expires=100.0)
RING = KeyRing({digest("right"): GRANT})


def test_a_valid_key_is_found_until_it_expires() -> None:
    assert RING.find("right", 99.9) is GRANT
    assert RING.find("right", 100.0) is None


def test_no_other_text_is_a_key() -> None:
    for other in ("", "wrong", "right ", "Right", digest("right").hex(), "\ud800"):
        assert RING.find(other, 0.0) is None
