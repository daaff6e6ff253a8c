"""The tests of guarded frameworks with their oldest supported versions, each in an environment of its own.

With the newest ones they are run by `make test`, but for those that are too large to be installed for it.
"""

import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PINS = sorted(pins for age in ("oldest", "newest") for pins in (HERE / age).glob("*.txt"))


@pytest.mark.frameworks
@pytest.mark.parametrize("pins", PINS, ids=[f"{pins.stem}-{pins.parent.name}" for pins in PINS])
def test_with_a_version(pins: Path) -> None:
    python = ROOT / ".venv-guarded" / f"{pins.stem}-{pins.parent.name}" / "bin" / "python"
    if not python.exists():
        pytest.skip(f"{python.relative_to(ROOT)} is missing: make test-frameworks makes it")
    tests = HERE / f"test_{pins.stem.replace('-', '_')}.py"
    # What an old version warns of is not ours to mend.
    options = ["-q", "-p", "no:cacheprovider", "-W", "ignore::DeprecationWarning", f"--confcutdir={HERE}"]
    command = [str(python), "-m", "pytest", *options, str(tests)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
