"""Instrumented before the framework is imported, as `opentelemetry-instrument` does it."""

import subprocess
import sys

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
