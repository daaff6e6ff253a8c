import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzz.targets import TARGETS

SEEDS = [(name, seed) for name, target in TARGETS.items() for seed in target.seeds()]


def test_every_seed_goes_through() -> None:
    for name, seed in SEEDS:
        TARGETS[name].run(seed)


@given(st.sampled_from(SEEDS), st.data())
def test_a_damaged_seed_is_refused_or_goes_through(chosen: tuple[str, bytes], data: st.DataObject) -> None:
    name, seed = chosen
    start = data.draw(st.integers(0, len(seed)))
    end = data.draw(st.integers(start, min(start + 50, len(seed))))
    TARGETS[name].run(seed[:start] + data.draw(st.binary(max_size=50)) + seed[end:])


@pytest.mark.skipif(not importlib.util.find_spec("atheris"), reason="fuzzing needs atheris")
@pytest.mark.parametrize("name", TARGETS)
def test_a_few_seconds_of_fuzzing_break_nothing(name: str, tmp_path: Path) -> None:
    program = (
        "import pathlib, sys; from fuzz.run import fuzz; sys.exit(fuzz(sys.argv[1], 3, pathlib.Path(sys.argv[2])))"
    )
    command = [sys.executable, "-c", program, name, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=Path(__file__).parents[1])
    assert done.returncode == 0, done.stderr[-3000:]
