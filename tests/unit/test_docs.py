import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_reference_says_what_the_code_says() -> None:
    done = subprocess.run([sys.executable, ROOT / "docs" / "generate.py", "--check"], capture_output=True, text=True)
    assert done.stderr == ""
    assert done.returncode == 0


def test_every_make_target_and_file_the_readme_names_exists() -> None:
    readme = (ROOT / "README.md").read_text()
    makefile = (ROOT / "Makefile").read_text()
    for word in readme.replace("`", " ").split("make ")[1:]:
        target = word.split()[0].strip(".,;:)")
        if target.isalpha() and target in {"setup", "demo", "test", "lint", "types", "fmt", "bench", "docs"}:
            assert f"\n{target}:" in makefile
