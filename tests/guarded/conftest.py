from pathlib import Path

import pytest

from fixtures.pipeline import Pipeline
from support.guarding import PACK, Done


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    file = tmp_path / "pack.yaml"
    file.write_text(PACK)
    return file


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline()


@pytest.fixture
def done() -> Done:
    return Done()
