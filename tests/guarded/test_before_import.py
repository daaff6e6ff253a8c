"""When a framework is imported: after it is instrumented, as `opentelemetry-instrument` does it, or before."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """\
import sys
from sentric.instrumentors.{module} import {name}
from sentric.settings import Settings

instrumentor = {name}()
instrumentor.instrument(settings=Settings(mode="enforce"))
assert not {{"{package}", "sentric.guard.gate"}} & set(sys.modules), "nothing heavy is imported at start"
import {package}
for module, names in instrumentor.places.items():
    if module not in sys.modules:
        continue
    for name in names:
        for alternative in name.split("|"):
            owner, _, attribute = alternative.rpartition(".")
            holder = getattr(sys.modules[module], owner) if owner else sys.modules[module]
            if hasattr(holder, attribute):
                assert hasattr(getattr(holder, attribute), "__wrapped__"), alternative
                break
        else:
            assert name in instrumentor.optional, name
"""


@pytest.mark.parametrize(
    ("module", "name", "package"),
    [
        ("openai_agents", "OpenAIAgentsInstrumentor", "agents"),
        ("pydantic_ai", "PydanticAIInstrumentor", "pydantic_ai"),
    ],
)
def test_everything_is_wrapped_when_it_comes(module: str, name: str, package: str) -> None:
    code = CODE.format(module=module, name=name, package=package)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr[-3000:]
    assert ran.stderr.count("not guarded in") == 1


TOO_LATE = """\
import sys
import {package}
from sentric.instrumentors._instrumentor import GuardError
from sentric.instrumentors.{module} import {name}
from sentric.settings import Settings

assert {place!r} in sys.modules
{name}.oldest = (99, 0)
failed = []

def attempt(act):
    try:
        act()
    except GuardError as error:
        failed.append(str(error))

attempt(lambda: {name}().instrument(settings=Settings(mode="enforce")))
attempt(lambda: __import__({place!r}))
attempt(lambda: __import__({package!r}))
assert len(failed) == 3 and all("is too old" in said for said in failed), failed
assert {place!r} not in sys.modules
"""


@pytest.mark.parametrize(
    ("module", "name", "place"),
    [
        ("openai_agents", "OpenAIAgentsInstrumentor", "agents.run"),
        ("mcp", "McpInstrumentor", "mcp.client.session"),
    ],
)
def test_what_cannot_be_guarded_is_not_used_although_it_is_imported_already(module: str, name: str, place: str) -> None:
    package = place.partition(".")[0]
    code = TOO_LATE.format(module=module, name=name, place=place, package=package)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr[-3000:]


@pytest.mark.parametrize("mode", ["observe", "enforce"])
def test_a_package_of_the_programs_own_that_is_called_as_a_framework_is_left_alone(tmp_path: Path, mode: str) -> None:
    package = tmp_path / "agents"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "run.py").write_text("ANSWER = 42\n")
    code = (
        "from importlib import metadata\n"
        "from sentric.instrumentors import _instrumentor\n"
        "from sentric.instrumentors.openai_agents import OpenAIAgentsInstrumentor\n"
        "from sentric.settings import Settings\n"
        "_instrumentor.supported_version = lambda *_: _instrumentor.Installed('', 'it is not installed')\n"
        f"OpenAIAgentsInstrumentor().instrument(settings=Settings(mode={mode!r}))\n"
        "import agents.run\n"
        "print(agents.run.ANSWER)\n"
    )
    env = os.environ | {"PYTHONPATH": os.pathsep.join((str(tmp_path), *sys.path))}
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, env=env)
    assert (ran.stdout, ran.stderr) == ("42\n", "")
