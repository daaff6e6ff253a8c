"""The tests of guarded frameworks with the oldest supported versions, each in an environment of its own."""

import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PINS = sorted((HERE / "oldest").glob("*.txt"))


@pytest.mark.frameworks
@pytest.mark.parametrize("pins", PINS, ids=[pins.stem for pins in PINS])
def test_the_oldest_supported_version(pins: Path) -> None:
    python = ROOT / ".venv-guarded" / f"{pins.stem}-oldest" / "bin" / "python"
    if not python.exists():
        pytest.skip(f"{python.relative_to(ROOT)} is missing: make test-frameworks makes it")
    tests = HERE / f"test_{pins.stem.replace('-', '_')}.py"
    command: list[str | Path] = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--confcutdir={HERE}", tests]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
