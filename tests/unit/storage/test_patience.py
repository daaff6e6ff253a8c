import logging
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any, cast

import pytest

from sentric_analyzer.declaration import Value
from sentric_analyzer.storage import PatientStore, Store, StoreAwayError, StoreError, StoreValueError, patience
from support.serving import poll

AWAY = StoreAwayError("http://db:8123/sentric: cannot be reached")
MISSING = StoreError("http://db:8123/sentric: no such table", code=60)


class Asked:
    """A store that answers one call, first with errors."""

    def __init__(self, *errors: StoreError) -> None:
        self.errors = list(errors)

    def judged_traces(self, traces: Any) -> Any:
        if self.errors:
            raise self.errors.pop(0)
        return set(traces)


@pytest.fixture
def counted() -> Counter[Value]:
    return Counter()


@pytest.fixture
def patient(counted: Counter[Value]) -> Callable[..., PatientStore]:
    def of(*errors: StoreError) -> PatientStore:
        def count(_: str, why: Value, amount: int) -> None:
            counted[why] += amount

        return PatientStore(cast("Store", Asked(*errors)), count)

    return of


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(patience, "LONGEST_PAUSE", 0.002)


def test_what_fails_is_asked_until_it_works_and_said_once(
    patient: Callable[..., PatientStore], counted: Counter[Value], caplog: pytest.LogCaptureFixture
) -> None:
    store = patient(AWAY, AWAY, MISSING, MISSING, AWAY)
    assert store.judged_traces([("p", "t")]) == {("p", "t")}
    assert counted == {"away": 3, "refused": 2}
    said = [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]
    assert [one.partition(";")[0].rpartition(": ")[2] for one in said] == [
        "it is waited for",
        "it is tried again until then",
        "it is waited for",
        "the store works again",
    ]
    assert store.failure == ""


def test_what_is_waited_for_is_told_until_it_works(
    patient: Callable[..., PatientStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "FIRST_PAUSE", 60)
    store = patient(AWAY)
    errors: list[StoreError] = []

    def ask() -> None:
        try:
            store.judged_traces([("p", "t")])
        except StoreError as error:
            errors.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    poll(lambda: store.failure)
    assert store.failure == str(AWAY)
    store.stop()
    thread.join(10)
    assert errors == [AWAY]


def test_a_value_that_is_refused_is_not_waited_for(patient: Callable[..., PatientStore]) -> None:
    store = patient(AWAY, StoreValueError("out of range", code=321))
    with pytest.raises(StoreValueError):
        store.judged_traces([("p", "t")])
    assert store.failure == ""
