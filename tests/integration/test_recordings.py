"""Stored runs fetched back whole: from the store and over REST."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.agent_runs import DAY, STARTED, run, sends
from fixtures.replays import judged_run
from fixtures.store_rows import empty
from sentric.events import Run
from sentric.policy.engine import replay
from sentric.policy.rule import Policy
from sentric_analyzer.api import ApiServer, create_app
from sentric_analyzer.api.client import Client
from sentric_analyzer.api.cursors import CursorError
from sentric_analyzer.api.reader import StoreReader
from sentric_analyzer.api.recordings import (
    PAGE_RUNS,
    place_of,
    place_to_text,
    run_from_json,
    run_to_json,
)
from sentric_analyzer.storage import Store, embedded_url
from sentric_analyzer.storage.recordings import PAGE_EVENTS, Cursor
from support.access import local_access, problem


@dataclass
class Served:
    store: Store
    address: str


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with (
        Store.open(embedded_url(tmp_path_factory.mktemp("data"))) as store,
        ApiServer(create_app(store, str, access=local_access()), "127.0.0.1:0") as server,
    ):
        yield Served(store, server.address)


@pytest.fixture
def served(service: Served) -> Served:
    empty(service.store)
    return service


def keep(store: Store, *runs: Run) -> None:
    store.insert_replays([replay(Policy(()), one) for one in runs])


def fetched(served: Served, **wanted: Any) -> list[Run]:
    with Client(served.address) as client:
        over_rest = list(client.recorded_runs(**wanted))
    assert list(StoreReader(served.store).recorded_runs(**wanted)) == over_rest
    return over_rest


def test_runs_come_back_as_they_were_the_earliest_first(served: Served) -> None:
    late, early = judged_run().run, run(sends("a@example.com"), run_id="early", started=STARTED - DAY)
    keep(served.store, late, early)

    assert fetched(served) == [early, late]


def test_only_those_since_a_moment_and_of_a_project_are_given(served: Served) -> None:
    runs = [run(run_id=f"r{n}", started=STARTED + n * DAY, project=f"p{n % 2}") for n in range(4)]
    keep(served.store, *runs)

    assert fetched(served, since=STARTED + 2 * DAY) == runs[2:]
    assert fetched(served, project="p1") == [runs[1], runs[3]]
    assert fetched(served, since=STARTED + 9 * DAY) == []
    counted = served.store.count_recordings
    assert counted(projects=None, since=STARTED + DAY, until=STARTED + 2 * DAY) == 2
    assert counted(projects=["p1"], since=0, until=STARTED + 9 * DAY) == 2
    assert counted(projects=["p1"], since=0, until=STARTED + DAY - 1) == 0


def test_pages_join_without_a_gap_also_where_runs_started_together(served: Served) -> None:
    runs = [run(run_id=f"r{n:03}", project=f"p{n % 3}") for n in range(2 * PAGE_RUNS + 3)]
    keep(served.store, *runs)

    found = fetched(served)
    assert sorted(one.run_id for one in found) == [one.run_id for one in runs]


def test_a_page_of_long_runs_has_fewer(served: Served) -> None:
    long = run(*[sends("a@example.com")] * (PAGE_EVENTS // 2), run_id="1")
    keep(served.store, long, run(run_id="2", started=STARTED + 1))
    page = served.store.recordings(projects=None, after=Cursor(), limit=10)

    assert [one.run_id for one in page.runs] == ["1"]
    assert [one.run_id for one in fetched(served)] == ["1", "2"]


def test_a_run_id_of_any_length_and_spelling_can_stand_in_a_cursor(served: Served) -> None:
    runs = [run(run_id="é/?&#" * 1000 + str(n)) for n in range(PAGE_RUNS + 1)]
    keep(served.store, *runs)

    assert len(fetched(served)) == PAGE_RUNS + 1


@pytest.mark.parametrize("cursor", ["x", "W10=", "e30=", "WzEsMiwzXQ==", "WyIxIiwiIiwiIl0=", "Wy0xLCIiLCIiXQ==", "é"])
def test_a_cursor_that_no_page_gave_is_refused_in_one_line(served: Served, cursor: str) -> None:
    answer = httpx.get(f"http://{served.address}/v1/recordings", params={"after": cursor}, trust_env=False)

    assert answer.status_code == 422
    assert problem(answer).detail == "after: is not what `next` of a page said"
    with pytest.raises(CursorError):
        place_of(cursor)


@given(st.integers(0, 2**63 - 1), st.text(), st.text())
def test_a_cursor_is_read_as_it_was_written(started: int, project: str, run_id: str) -> None:
    cursor = Cursor(started, project, run_id)

    assert place_of(place_to_text(cursor)) == cursor


def test_a_run_is_read_as_it_was_written() -> None:
    one = judged_run().run

    assert run_from_json(run_to_json(one)) == one
    assert run_from_json(run_to_json(replace(one, events=()))) == replace(one, events=())
