"""What was seen where, in bounded memory."""

from sentric.policy.readers.values.memory import PLACES_KEPT, SECRETS_KEPT, VALUES_KEPT, SeenValues


def test_memory_is_bounded_and_values_never_push_out_secrets() -> None:
    seen = SeenValues()
    seen.remember((), ("kept",), ("here",))
    for number in range(VALUES_KEPT + 10):
        seen.remember((f"value-{number}",), (), (f"place-{number}",))
    assert seen.places_of_value("value-0") is None
    assert seen.places_of_value(f"value-{VALUES_KEPT}") is not None
    assert seen.places_of_secret("kept") == {"here": None}
    assert list(seen.evicted) == ["values"]
    for number in range(SECRETS_KEPT):
        seen.remember((), (f"secret-{number}",), ("there",))
    assert seen.places_of_secret("kept") is None
    assert list(seen.evicted) == ["values", "secrets"]


def test_a_value_keeps_its_first_places() -> None:
    seen = SeenValues()
    for number in range(3 * PLACES_KEPT):
        seen.remember(("v",), (), (f"place-{number}",))
    assert list(seen.places_of_value("v") or ()) == [f"place-{number}" for number in range(PLACES_KEPT)]


def test_what_is_seen_again_is_forgotten_later() -> None:
    seen = SeenValues()
    seen.remember(("old", "older"), (), ("a",))
    for number in range(VALUES_KEPT - 2):
        seen.remember((f"value-{number}",), (), ("b",))
    seen.remember(("old",), (), ("c",))
    seen.remember(("new",), (), ("d",))
    assert seen.places_of_value("older") is None
    assert seen.places_of_value("old") == {"a": None, "c": None}
