"""Real Claude Code, as the SDK brings it along, with a scripted model behind the documented Messages API."""

import asyncio
import gc
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

sdk = pytest.importorskip("claude_agent_sdk", reason="claude-agent-sdk is only in the environments of test-frameworks")

import sentric  # noqa: E402
from fixtures.pipeline import Pipeline  # noqa: E402
from sentric.events import AgentState  # noqa: E402
from sentric.guard import process  # noqa: E402
from sentric.guard.link import Answer, Link  # noqa: E402
from sentric.instrumentors.claude_agent_sdk import ClaudeAgentSdkInstrumentor  # noqa: E402
from sentric.policy.rule import Decision  # noqa: E402
from support.guarding import Done, calls, named, settings  # noqa: E402
from support.messages_api import Block, Model, Script, model, results, says, uses  # noqa: E402

pytestmark = [
    pytest.mark.frameworks,
    pytest.mark.timeout(120),
    pytest.mark.filterwarnings("ignore:Unclosed <MemoryObject:ResourceWarning"),
]
QUIET = {
    "ANTHROPIC_API_KEY": "x",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_TELEMETRY": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "IS_SANDBOX": "1",
}
"""As root it takes all permissions only in a sandbox, which it is told this is."""


@pytest.fixture
def instrumented(pipeline: Pipeline, policy: Path) -> Iterator[Callable[..., None]]:
    instrumentor = ClaudeAgentSdkInstrumentor()

    def instrument(mode: str = "enforce") -> None:
        instrumentor.instrument(
            settings=settings(policy, mode), tracer_provider=pipeline.tracers, logger_provider=pipeline.loggers
        )

    yield instrument
    instrumentor.uninstrument()
    gc.collect()  # else what older versions leave unclosed is found after the tests, where nothing is ignored any more


@pytest.fixture
def options(tmp_path: Path, done: Done) -> Callable[..., Any]:
    """Of a session that may do everything, with two tools of this process."""

    def tool(name: str) -> Any:
        @sdk.tool(name, f"{name} it", {"what": str})
        async def act(given: dict[str, Any]) -> dict[str, Any]:
            done.append(f"{name} {given['what']}")
            return {"content": [{"type": "text", "text": f"{name} is done"}]}

        return act

    (tmp_path / "home").mkdir()

    def made(served: Model, **stated: Any) -> Any:
        server = sdk.create_sdk_mcp_server("mine", tools=[tool("look"), tool("erase"), tool("wire")])
        given: dict[str, Any] = {
            "cwd": tmp_path,
            "env": QUIET | {"ANTHROPIC_BASE_URL": served.url, "HOME": str(tmp_path / "home")},
            "permission_mode": "bypassPermissions",
            "mcp_servers": {"mine": server},
            "setting_sources": [],
        }
        return sdk.ClaudeAgentOptions(**given | stated)

    return made


class Asked:
    """A service where a person is asked, who answers at once, or never."""

    has_lease = True

    def __init__(self, is_approved: bool, *, answers: bool = True) -> None:
        self._is_approved, self._answers = is_approved, answers
        self.waited, self.withdrawn = 0, list[str]()
        self.is_asked = threading.Event()

    def decide(self, wish: Any) -> Answer:
        is_second = bool(wish["approval_id"])
        return Answer(
            decision_id="d-1",
            decision=Decision.ASK if not is_second or self._is_approved else Decision.BLOCK,
            allowed=is_second and self._is_approved,
            reasons=(),
            before=AgentState(enforced=True),
            cumulative_risk=0,
            strikes=0,
            agent_state="active",
            approval_id="q-1",
        )

    def wait(self, approval_id: str, given_up: threading.Event) -> None:
        self.waited += 1
        self.is_asked.set()
        if not self._answers:
            given_up.wait(60)

    def withdraw(self, approval_id: str) -> None:
        self.withdrawn.append(approval_id)

    def deliver(self, spool: Any) -> None:
        """Nothing waits."""

    def watch(self, agent_id: str, agent_name: str) -> Any:
        return self

    def state(self) -> AgentState:
        return AgentState(enforced=True)

    def told(self, answer: Answer) -> None:
        """Nothing new."""

    def close(self) -> None:
        """Nothing to do."""


def first(*wanted: Block, then: str = "finished") -> Script:
    """A model that wants some tools at once, and ends when it has seen what came of them."""

    def script(request: dict[str, Any]) -> list[Block]:
        if not request.get("tools"):  # it asks for a title
            return [says("title")]
        return [says(then)] if results(request) else [says("I want it all."), *wanted]

    return script


async def ask(prompt: Any, given: Any) -> list[Any]:
    return [message async for message in sdk.query(prompt=prompt, options=given)]


def shown(served: Model) -> dict[str, str]:
    """What the model was shown of its calls in the end."""
    return {call: text for request in served.asked for call, text in results(request).items()}


async def test_what_is_refused_is_not_done_and_the_agent_goes_on(
    instrumented: Callable[..., None], options: Callable[..., Any], tmp_path: Path, done: Done, pipeline: Pipeline
) -> None:
    erased, written = tmp_path / "erased", tmp_path / "written"
    wanted = (
        uses("t1", "Bash", command=f"touch {erased} # erase"),
        uses("t2", "Write", file_path=str(written), content="hello"),
        uses("t3", "mcp__mine__look", what="here"),
        uses("t4", "mcp__mine__erase", what="all"),
        uses("t5", "mcp__mine__wire", what="money"),
    )
    instrumented()
    with model(first(*wanted)) as served:
        messages = await ask("Do it all", options(served))
    assert not erased.exists()
    assert written.read_text() == "hello"
    assert done == ["look here"]
    assert messages[-1].result == "finished"
    told = shown(served)
    assert "The word erase (block-erase)" in told["t1"]
    assert "nobody can be asked" in told["t5"]
    assert sorted(calls(pipeline)) == [
        ("Bash", "rule"),
        ("Write", ""),
        ("erase", "rule"),
        ("look", ""),
        ("wire", "nobody_to_ask"),
    ]
    (looked,) = named(pipeline, "execute_tool look")
    about = looked.attributes
    assert (about["sentric.action.server"], about["gen_ai.tool.call.id"]) == ("mine", "t3")
    assert about["sentric.reasoning.thinking"] == "I want it all."
    assert about["gen_ai.tool.call.result"] == "look is done"
    assert about["sentric.task"] == "Do it all"
    (run,) = named(pipeline, "invoke_agent claude-agent-sdk")
    assert "error.type" not in run.attributes


async def test_where_nothing_is_enforced_nothing_is_refused(
    instrumented: Callable[..., None], options: Callable[..., Any], done: Done, pipeline: Pipeline
) -> None:
    instrumented("observe")
    with model(first(uses("t1", "mcp__mine__erase", what="all"))) as served:
        await ask("Erase all", options(served))
    assert done == ["erase all"]
    assert calls(pipeline) == [("erase", "")]


async def test_a_client_hears_every_turn_and_its_own_hooks_run_too(
    instrumented: Callable[..., None], options: Callable[..., Any], done: Done, pipeline: Pipeline
) -> None:
    theirs: list[str] = []

    async def their_hook(given: Any, call_id: Any, context: Any) -> dict[str, Any]:
        theirs.append(given["tool_name"])
        instead = {"what": "erase"} if given["tool_input"].get("what") == "change" else None
        answer = {"hookEventName": "PreToolUse", "permissionDecision": "allow", "updatedInput": instead}
        return {"hookSpecificOutput": answer} if instead else {}

    def script(request: dict[str, Any]) -> list[Block]:
        said = str(request["messages"][-1]["content"])
        if not request.get("tools") or results(request):
            return [says("done")]
        what = "change" if "second" in said else "it"
        return [uses(f"t-{what}", "mcp__mine__look", what=what)]

    instrumented()
    with model(script) as served:
        given = options(served, hooks={"PreToolUse": [sdk.HookMatcher(hooks=[their_hook])]})
        async with sdk.ClaudeSDKClient(given) as client:
            for prompt in ("the first", "the second"):
                await client.query(prompt)
                async for _ in client.receive_response():
                    pass
    assert theirs == ["mcp__mine__look"] * 2
    assert done == ["look it"], "what their hook made of the second one was not done"
    assert calls(pipeline)[-1] == ("look", "rule")
    assert len(named(pipeline, "invoke_agent claude-agent-sdk")) == 1
    assert any("the second" in span.attributes.get("sentric.messages", "") for span in pipeline.spans)


async def test_an_agent_that_is_shut_down_ends(
    instrumented: Callable[..., None], options: Callable[..., Any], done: Done, pipeline: Pipeline
) -> None:
    """It would go on for ever."""

    def script(request: dict[str, Any]) -> list[Block]:
        return [uses(f"t{len(request['messages'])}", "mcp__mine__erase", what="all")]

    instrumented()
    with model(script) as served:
        await ask("Erase all", options(served))
    assert done == []
    assert len(calls(pipeline)) == 3
    assert len([request for request in served.asked if request.get("tools")]) == 3


@pytest.mark.parametrize("mode", ["observe", "enforce"])
async def test_a_bug_of_ours_refuses_where_enforced_and_else_changes_nothing(
    mode: str,
    instrumented: Callable[..., None],
    options: Callable[..., Any],
    done: Done,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("broken")

    instrumented(mode)
    for place in ("wanted", "blocks", "failure"):
        monkeypatch.setattr(f"sentric.instrumentors._claude_agent_sdk_reading.{place}", broken)
    with model(first(uses("t1", "mcp__mine__look", what="here"))) as served:
        messages = await ask("Look", options(served))
    assert messages[-1].result == "finished"
    assert done == (["look here"] if mode == "observe" else [])
    assert ("could not be decided" in shown(served)["t1"]) is (mode == "enforce")


async def test_who_has_not_answered_when_the_hook_s_time_is_up_has_not_approved(
    instrumented: Callable[..., None], options: Callable[..., Any], done: Done, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That time is stated by us: here a second, else longer than any question is open."""
    given: list[Any] = []

    async def slow(self: Any, run: Any, wanted: Any) -> None:
        given.append(wanted.tool)
        await asyncio.Event().wait()

    instrumented()
    monkeypatch.setattr("sentric.instrumentors._claude_agent_sdk_session.Session._judged", slow)
    monkeypatch.setattr("sentric.instrumentors._claude_agent_sdk_observer.PATIENCE", 1)
    with model(first(uses("t1", "mcp__mine__look", what="here"))) as served:
        messages = await ask("Look", options(served))
    assert messages[-1].result == "finished"
    assert given == ["look"]
    assert done == [], "nobody has answered in time, so it was not done"


@pytest.mark.parametrize("is_approved", [True, False])
async def test_a_person_is_asked_and_the_tool_is_called_once_or_not_at_all(
    is_approved: bool,
    instrumented: Callable[..., None],
    options: Callable[..., Any],
    done: Done,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = Asked(is_approved)
    monkeypatch.setattr(Link, "of", lambda settings: asked)
    instrumented()
    with model(first(uses("t1", "mcp__mine__wire", what="a"), uses("t2", "mcp__mine__look", what="b"))) as served:
        await ask("Wire it", options(served))
    assert sorted(done) == (["look b", "wire a"] if is_approved else ["look b"])
    assert asked.waited == 1
    assert ("did not approve" in shown(served)["t1"]) is not is_approved


async def test_who_interrupts_while_a_person_is_asked_takes_the_question_back(
    instrumented: Callable[..., None], options: Callable[..., Any], done: Done, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked(is_approved=True, answers=False)
    monkeypatch.setattr(Link, "of", lambda settings: asked)
    instrumented()
    with model(first(uses("t1", "mcp__mine__wire", what="a"))) as served:
        async with sdk.ClaudeSDKClient(options(served)) as client:
            await client.query("Wire it")
            await asyncio.to_thread(asked.is_asked.wait, 30)
            await client.interrupt()
            async for _ in client.receive_response():
                pass
    assert done == []
    assert asked.withdrawn == ["q-1"]


async def test_a_tool_that_guards_itself_is_judged_once(
    instrumented: Callable[..., None],
    options: Callable[..., Any],
    pipeline: Pipeline,
    policy: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "settings", lambda: settings(policy))
    monkeypatch.setattr(process, "telemetry", lambda _: pipeline.telemetry)

    @sentric.guard
    def peer(what: str) -> str:
        return f"seen {what}"

    @sdk.tool("peer", "peer at it", {"what": str})
    async def peer_tool(given: dict[str, Any]) -> dict[str, Any]:
        return {"content": [{"type": "text", "text": peer(given["what"])}]}

    instrumented()
    server = sdk.create_sdk_mcp_server("mine", tools=[peer_tool])
    with model(first(uses("t1", "mcp__mine__peer", what="it"))) as served:
        await ask("Peer", options(served, mcp_servers={"mine": server}))
    # The servers of older versions serve in a task of their own, which knows nothing of the action: there it is two.
    times = 1 if metadata.version("mcp") >= "2" else 2
    assert calls(pipeline) == [("peer", "")] * times
    assert "seen it" in shown(served)["t1"]


async def test_a_sub_agent_is_held_to_the_same(
    instrumented: Callable[..., None], options: Callable[..., Any], tmp_path: Path, pipeline: Pipeline
) -> None:
    erased = tmp_path / "erased"

    def script(request: dict[str, Any]) -> list[Block]:
        if not request.get("tools") or results(request):
            return [says("finished")]
        if "the small part" in str(request["messages"][0]["content"]):
            return [uses("s1", "Bash", command=f"touch {erased} # erase")]
        return [uses("t1", "Task", description="do it", prompt="the small part", subagent_type="helper")]

    helper = sdk.AgentDefinition(description="Helps.", prompt="You help.", tools=["Bash"])
    instrumented()
    with model(script) as served:
        await ask("Have it done", options(served, agents={"helper": helper}))
    assert not erased.exists()
    assert ("Bash", "rule") in calls(pipeline)
    assert "block-erase" in shown(served)["s1"]
    assert len(named(pipeline, "invoke_agent claude-agent-sdk")) == 1


async def test_a_permission_callback_may_not_make_another_action_of_it(
    instrumented: Callable[..., None], options: Callable[..., Any], done: Done
) -> None:
    async def allow(tool: str, given: dict[str, Any], context: Any) -> Any:
        return sdk.PermissionResultAllow(updated_input=given | {"what": "erase"})

    async def prompts() -> AsyncIterator[dict[str, Any]]:
        yield {"type": "user", "message": {"role": "user", "content": "Look"}, "parent_tool_use_id": None}

    instrumented()
    with model(first(uses("t1", "mcp__mine__look", what="here"))) as served:
        given = options(served, can_use_tool=allow, permission_mode="default")
        async with sdk.ClaudeSDKClient(given) as client:
            await client.query(prompts())
            async for _ in client.receive_response():
                pass
    assert done == []
    assert "block-erase" in shown(served)["t1"]


async def test_prompts_that_come_one_by_one_and_the_edits_it_may_accept(
    instrumented: Callable[..., None], options: Callable[..., Any], tmp_path: Path
) -> None:
    async def prompts() -> AsyncIterator[dict[str, Any]]:
        yield {"type": "user", "message": {"role": "user", "content": "Write it"}, "parent_tool_use_id": None}

    file = tmp_path / "erase.txt"
    instrumented()
    with model(first(uses("t1", "Write", file_path=str(file), content="x"))) as served:
        await ask(prompts(), options(served, permission_mode="acceptEdits"))
    assert not file.exists()
