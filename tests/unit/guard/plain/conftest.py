from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fixtures.pipeline import Pipeline
from sentric.guard import process
from support import guarding


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline()


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    file = tmp_path / "pack.yaml"
    file.write_text(guarding.PACK)
    return file


@pytest.fixture
def guarded(pipeline: Pipeline, policy: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Have this process guarded, in some mode."""

    def guarded(mode: str = "enforce", **stated: Any) -> None:
        monkeypatch.setattr(process, "settings", lambda: guarding.settings(policy, mode, **stated))

    monkeypatch.setattr(process, "telemetry", lambda settings: pipeline.telemetry)
    yield guarded
    process._gate.cache_clear()


@pytest.fixture
def enforced(guarded: Callable[..., None]) -> None:
    guarded()
