import pytest

from sentric.events import Action, JsonValue
from sentric.policy.readers.actions.effects import classify
from sentric.policy.readers.programs.code import is_fork_bomb, programs


def acting(tool: str, arguments: dict[str, JsonValue]) -> Action:
    kind, effects = classify(tool, arguments)
    return Action(sequence=1, tool=tool, arguments=arguments, kind=kind, effects=effects)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("bash", {"command": "rm -rf a"}),
        ("run_terminal_cmd", {"command": "rm -rf a", "explanation": "tidy", "is_background": False}),
        ("shell", {"command": ["bash", "-lc", "rm -rf a"]}),
        ("exec", {"command": "rm", "args": ["-rf", "a"]}),
        ("execute_command", {"argv": ["rm", "-rf", "a"]}),
        ("shell", {"commands": ["ls", "rm -rf a"]}),
        ("python", {"code": "import os\nos.system('rm -rf a')"}),
        ("python", {"code": "import subprocess\nsubprocess.run(['rm', '-rf', 'a'])"}),
        ("python", {"code": "shutil.rmtree('a')"}),
        ("python", {"code": "!rm -rf a"}),
        ("execute_code", {"code": "const c = require('child_process'); c.execSync(\"rm -rf a\")"}),
    ],
)
def test_a_command_is_found_however_it_is_given(tool: str, arguments: dict[str, JsonValue]) -> None:
    assert "rm -rf a" in [call.text.removeprefix("!") for call in programs(acting(tool, arguments))]


def test_a_tool_named_after_a_program_calls_it() -> None:
    (call,) = programs(acting("git_push", {"branch": "main", "remote": "origin", "force": True, "tags": False}))
    assert call.text.split() == ["git", "push", "origin", "main", "--force"] or call.has("--force")
    assert call.operands == ("push", "origin", "main")


def test_a_description_beside_the_command_is_not_one() -> None:
    assert programs(acting("bash", {"command": "ls", "description": "rm -rf /"})) == ()


def test_texts_without_a_hint_are_read_only_on_demand() -> None:
    action = acting("bash", {"command": "python x.py"})
    assert programs(action) == ()
    assert [call.program for call in programs(action, every=True)] == ["python"]


def test_other_tools_call_nothing() -> None:
    assert programs(acting("send_email", {"body": "rm -rf /"})) == ()


def test_a_fork_bomb_is_recognised() -> None:
    assert is_fork_bomb(acting("bash", {"command": ":(){ :|:& };:"}))
    assert not is_fork_bomb(acting("bash", {"command": "ls"}))
