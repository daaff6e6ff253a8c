from collections.abc import Iterator
from pathlib import Path

import pytest

from sentric_analyzer.control import store
from support.postgres import Postgres, postgres


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Postgres]:
    """A server, started for the first test of a worker that asks for it."""
    with postgres() as server:
        yield server


@pytest.fixture
def postgresql_url(postgresql: Postgres) -> Iterator[str]:
    """The URL of a PostgreSQL database of the test's own."""
    with postgresql.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def control_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a control database of the test's own, of either sort."""
    if request.param == "sqlite":
        return store.control_url(tmp_path)
    return str(request.getfixturevalue("postgresql_url"))
