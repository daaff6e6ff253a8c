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
    # What an old version warns of is not ours to mend.
    options = ["-q", "-p", "no:cacheprovider", "-W", "ignore::DeprecationWarning", f"--confcutdir={HERE}"]
    command = [str(python), "-m", "pytest", *options, str(tests)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
