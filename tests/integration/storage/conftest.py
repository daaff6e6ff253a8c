from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.store_rows import empty
from sentric_analyzer.storage import Store, embedded_url


@pytest.fixture(scope="module")
def shared_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return embedded_url(tmp_path_factory.mktemp("shared"))


@pytest.fixture(scope="module")
def shared_store(shared_url: str) -> Iterator[Store]:
    with Store.open(shared_url) as opened:
        yield opened


@pytest.fixture
def store(shared_store: Store) -> Store:
    """An empty store."""
    empty(shared_store)
    return shared_store


@pytest.fixture
def new_store(tmp_path: Path) -> Iterator[Store]:
    """A store of the test's own, in `tmp_path`."""
    with Store.open(embedded_url(tmp_path)) as opened:
        yield opened
