"""What is counted of a held trace is at least what it takes."""

import json
import os
import subprocess
import sys

import pytest

from unit.assembly.held import CASES, Case


@pytest.fixture(scope="module")
def measured() -> dict[Case, tuple[int, int]]:
    """Bytes that each case takes, and bytes that are counted: in a process in which nothing else is done."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "unit.assembly.held"]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    return {case: (taken, counted) for case, (taken, counted) in zip(CASES, json.loads(done.stdout), strict=True)}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_is_counted_is_what_is_taken(measured: dict[Case, tuple[int, int]], case: Case) -> None:
    taken, counted = measured[case]
    assert taken <= counted <= 2.5 * taken
