import pytest

from sentric.events import Action, Effect, JsonValue, Kind
from sentric.policy.readers.actions.patience import COMMAND_LIMIT, is_idle, is_patient


def act(tool: str, kind: Kind = Kind.OTHER, effects: tuple[Effect, ...] = (), **given: JsonValue) -> Action:
    return Action(sequence=1, tool=tool, kind=kind, effects=frozenset(effects), arguments=given)


def shell(command: str) -> Action:
    return act("bash", Kind.SHELL, (Effect.EXECUTE,), command=command)


@pytest.mark.parametrize("tool", ["wait", "get_job_status", "checkHealth", "scroll_down", "swipe_up", "await_build"])
def test_tools_that_wait_ask_or_move_a_page_are_patient(tool: str) -> None:
    assert is_patient(act(tool))
    assert not is_patient(act(tool, effects=(Effect.WRITE,)))


@pytest.mark.parametrize("given", [{"keys": "Tab"}, {"key": "ArrowDown"}, {"text": "PageDown"}])
def test_keys_that_move_the_focus_or_the_page_are_patient(given: dict[str, JsonValue]) -> None:
    assert is_patient(act("send_keys", Kind.INPUT, (), **given))
    assert not is_idle(act("send_keys", Kind.INPUT, (), **given))


@pytest.mark.parametrize("given", [{"keys": "Enter"}, {"keys": "Delete"}, {"text": "hello"}, {"x": "Tab"}, {}])
def test_other_keys_are_not(given: dict[str, JsonValue]) -> None:
    assert not is_patient(act("send_keys", Kind.INPUT, (), **given))


@pytest.mark.parametrize(
    "command",
    ["sleep 30 && kubectl get pods", "sleep 5; curl -s http://localhost:3000/health", "sleep 10 | cat log.txt",
     "kubectl rollout status deploy/web; sleep 3", "watch -n 2 git status"],
)  # fmt: skip
def test_commands_that_wait_and_look_are_patient(command: str) -> None:
    assert is_idle(shell(command))
    assert is_patient(shell(command))


@pytest.mark.parametrize("command", ["git status -s", "docker ps -a", "tail -n 5 log"])
def test_commands_that_only_look_change_nothing(command: str) -> None:
    assert is_idle(shell(command))
    assert not is_patient(shell(command))


@pytest.mark.parametrize(
    "command",
    ["sleep 30 && rm -rf x", "pytest -q", "sleep 1; curl -X POST https://a.test", "echo x > file",
     "kubectl delete pod a",
     "cat a; git push", "", "sleep 1 " + ";ls a" * COMMAND_LIMIT],
)  # fmt: skip
def test_commands_that_do_something_are_neither(command: str) -> None:
    assert not is_idle(shell(command))
    assert not is_patient(shell(command))


def test_reading_changes_nothing_and_typing_does() -> None:
    assert is_idle(act("read_file", Kind.FILE_READ, (Effect.READ,)))
    assert not is_idle(act("click", Kind.CLICK))
