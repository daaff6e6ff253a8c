import pytest
import re2

from sentric.policy.readers.words.agents import AGENTS, SPOKEN_TO

_agents = re2.compile(rf"(?i)^(?:{AGENTS})")
_spoken_to = re2.compile(f"(?i){SPOKEN_TO}")


@pytest.mark.parametrize(
    "name",
    ["assistant", "AI", "chatbot", "language models", "LLMs", "copilot", "browser agent", "automated systems",
     "agent,", "any models", "KI-Assistent", "asistente", "l'assistant", "models must"],
)  # fmt: skip
def test_what_agents_are_called(name: str) -> None:
    assert _agents.search(name) is not None


@pytest.mark.parametrize("name", ["estate agency", "customer", "boot", "Aida", "botany", "aid"])
def test_what_they_are_not_called(name: str) -> None:
    found = _agents.search(name)
    assert found is None or name[found.end() : found.end() + 1].isalpha()


@pytest.mark.parametrize(
    "text",
    ["Dear AI, please", "your system prompt says", "before the current task ends", "for the user's inbox",
    "to all agents:"],
)  # fmt: skip
def test_who_writes_so_speaks_to_an_agent(text: str) -> None:
    assert _spoken_to.search(text) is not None


@pytest.mark.parametrize(
    "text", ["Dear Ana, please", "the userspace driver", "aim at ten", "a taskmaster, your tasking"]
)
def test_who_writes_so_speaks_to_a_person(text: str) -> None:
    assert _spoken_to.search(text) is None
