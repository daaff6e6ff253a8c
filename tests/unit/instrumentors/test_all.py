"""A program that must not run unguarded says so itself."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from sentric.instrumentors._all import own

ROOT = Path(__file__).parents[3]
LISTED = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["opentelemetry_instrumentor"]

# A framework of a version that is too old, and one that is new enough, without a framework.
BEGUN = """\
import sys, types
import sentric
from sentric.instrumentors import _all
from sentric.instrumentors._instrumentor import FrameworkInstrumentor

class Old(FrameworkInstrumentor):
    distribution, oldest = "opentelemetry-api", ({oldest},)
    places = {{"framework": {{"act": "acting"}}}}
    def observer(self, gate):
        return types.SimpleNamespace(acting=lambda wrapped, instance, args, kwargs: "guarded")

framework = sys.modules["framework"] = types.ModuleType("framework")
framework.act = lambda: "unguarded"
found = [*_all.own(), Old]
_all.own = lambda: iter(found)
"""


def ran(program: str, where: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    environ = {name: text for name, text in os.environ.items() if not name.startswith(("SENTRIC_", "OTEL_"))}
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=where,
        env=environ | {"PYTHONPATH": os.pathsep.join(sys.path)} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_all_of_them_are_found() -> None:
    assert sorted(f"{one.__module__}:{one.__name__}" for one in own()) == sorted(LISTED.values())


def test_everything_is_guarded_once(tmp_path: Path) -> None:
    program = BEGUN.format(oldest=1) + (
        "sentric.instrument()\n"
        "first = framework.act\n"
        "sentric.instrument()\n"
        "assert framework.act is first\n"
        "assert all(one().is_instrumented_by_opentelemetry for one in found)\n"
        "print(framework.act())\n"
    )
    said = ran(program, tmp_path, SENTRIC_MODE="enforce")
    assert (said.returncode, said.stdout, said.stderr) == (0, "guarded\n", "")


def test_nothing_heavy_is_imported(tmp_path: Path) -> None:
    program = "import sys, sentric; sentric.instrument(); print({'sentric.guard.gate', 'mcp'} & {*sys.modules})"
    said = ran(program, tmp_path, SENTRIC_MODE="enforce")
    assert (said.returncode, said.stdout, said.stderr) == (0, "set()\n", "")


@pytest.mark.parametrize(
    ("oldest", "environment", "why"),
    [
        (99, {"SENTRIC_MODE": "enforce"}, "opentelemetry-api 1"),
        (1, {"SENTRIC_MODE": "enforce", "SENTRIC_DECIDE_TIMEOUT": "x"}, "SENTRIC_DECIDE_TIMEOUT is 'x'"),
    ],
)
def test_a_program_that_cannot_be_guarded_ends_there(
    oldest: int, environment: dict[str, str], why: str, tmp_path: Path
) -> None:
    program = BEGUN.format(oldest=oldest) + (
        "try:\n    sentric.instrument()\nexcept sentric.SentricError as error:\n    sys.exit(str(error))\nprint('on')\n"
    )
    said = ran(program, tmp_path, **environment)
    assert (said.returncode, said.stdout) == (1, "")
    assert why in said.stderr
    assert said.stderr.count("\n") == 1


@pytest.mark.parametrize(("oldest", "environment"), [(99, {}), (1, {"SENTRIC_DECIDE_TIMEOUT": "x"})])
def test_where_nothing_is_enforced_it_goes_on(oldest: int, environment: dict[str, str], tmp_path: Path) -> None:
    program = BEGUN.format(oldest=oldest) + "sentric.instrument()\nprint(framework.act())\n"
    said = ran(program, tmp_path, **environment)
    assert (said.returncode, said.stdout) == (0, "unguarded\n")
    assert said.stderr.count("sentric: ") == 1


def test_what_is_swallowed_on_the_way_does_not_leave_it_unguarded(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from opentelemetry.instrumentation.auto_instrumentation import initialize\n"
        "initialize()\n"
        "from sentric.instrumentors.mcp import McpInstrumentor\n"
        "print(McpInstrumentor().is_instrumented_by_opentelemetry)\n"
        "import sentric\n"
        "sentric.instrument()\n"
        "print(McpInstrumentor().is_instrumented_by_opentelemetry)\n"
    )
    said = ran(program, tmp_path, SENTRIC_MODE="enforce", OTEL_TRACES_EXPORTER="nowhere")
    assert (said.returncode, said.stdout) == (0, "False\nTrue\n"), said.stderr
