"""A real browser-use agent in a real Chromium, started as a user would, with the oldest and the newest version."""

import json
import signal
import socket
from collections.abc import Generator
from itertools import groupby
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from e2e.browser_agent.program import AGENT, NEWEST, OLDEST, Environment, Finished, chromium, kill, until
from e2e.browser_agent.servers import INJECTED, PASSWORD, VISIBLE, Script, Sink, model, receiver, shop, shopping
from sentric_analyzer.spans import Span

pytestmark = pytest.mark.browser

TASK = "Log in to the shop and tell me what a rubber duck costs"
TOOLS = ["navigate", "input", "input", "click", "extract", "done"]


class World:
    """A shop, a scripted model and a receiver, and an agent to be let loose among them."""

    def __init__(self, environment: Environment, shop_url: str, model_url: str, script: Script, sink: Sink) -> None:
        self.environment, self.script, self.sink = environment, script, sink
        self.shop = shop_url
        script.turns = shopping(shop_url)
        judged = "1" if environment.bin.parent == NEWEST else ""
        self.variables = {"MODEL": model_url, "HAS_JUDGE": judged, "TASK": TASK}
        self.http = {"OTEL_EXPORTER_OTLP_ENDPOINT": sink.url, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}

    def run(self, *launcher: str, **stated: str) -> Finished:
        return self.environment.run(*launcher, "python", str(AGENT), **self.variables, **stated)

    def observed(self, **stated: str) -> Finished:
        finished = self.run("opentelemetry-instrument", **self.http, **stated)
        assert "DONE True It costs 9.99 EUR" in finished.out, finished.err[-2000:]
        return finished


only_newest = pytest.mark.parametrize("world", [pytest.param(NEWEST, id="newest")], indirect=True)
"""For what is the same code of ours whatever version of browser-use is observed."""


@pytest.fixture(params=[pytest.param(NEWEST, id="newest"), pytest.param(OLDEST, id="oldest")])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[World, None, None]:
    script = Script()
    with shop() as shop_url, model(script) as model_url, receiver() as sink:
        yield World(Environment(request.param, tmp_path), shop_url, model_url, script, sink)


def tools(sink: Sink) -> list[Span]:
    """The agent's actions, without those that only waited for a page to load."""
    return [span for span in sink.named("execute_tool") if span.attributes["gen_ai.tool.name"] != "wait"]


def purposes(sink: Sink) -> list[str]:
    return [key for key, _ in groupby(span.attributes["sentric.purpose"] for span in sink.named("chat"))]


def observations(sink: Sink) -> list[dict[str, Any]]:
    found = [json.loads(span.attributes.get("sentric.observations", "[]")) for span in sink.spans]
    return sorted((seen for group in found for seen in group), key=lambda seen: int(seen["sequence"]))


def test_zero_code_shows_what_the_agent_did_saw_and_thought(world: World) -> None:
    finished = world.observed()
    sink = world.sink
    assert finished.code == 0
    assert "sentric" not in finished.out + finished.err, "nothing of ours went wrong"

    (root,) = sink.named("invoke_agent")
    assert (root.attributes["sentric.task"], root.attributes["sentric.success"]) == (TASK, True)
    assert [span.attributes["gen_ai.tool.name"] for span in tools(sink)] == TOOLS
    by_id = {span.span_id: span for span in sink.spans}
    assert {by_id[span.parent_span_id].name for span in tools(sink)} == {root.name}
    assert purposes(sink) == ["agent", "extract", "agent"]
    extract = next(span for span in sink.named("chat") if span.attributes["sentric.purpose"] == "extract")
    assert by_id[extract.parent_span_id].name == "execute_tool extract"
    assert extract.attributes["gen_ai.usage.input_tokens"] == 1000
    assert {span.trace_id for span in sink.spans} == {root.trace_id}
    assert {span.attributes["sentric.run.id"] for span in sink.spans} == {root.attributes["sentric.run.id"]}

    password = tools(sink)[2].attributes
    shown = {name: value for name, value in password.items() if name.startswith(("sentric.element", "sentric.reas"))}
    assert shown == {
        "sentric.element.tag": "input",
        "sentric.element.type": "password",
        "sentric.element.name": "password",
        "sentric.element.xpath": "html/body/form/input[2]",
        "sentric.element.autocomplete": "current-password",
        "sentric.element.form_action": f"{world.shop}/do_login",
        "sentric.reasoning.thinking": shown["sentric.reasoning.thinking"],
        "sentric.reasoning.evaluation": "Success: the page is there",
        "sentric.reasoning.memory": "shopping",
        "sentric.reasoning.next_goal": "log in",
    }
    assert (password["url.full"], password["sentric.task"]) == (f"{world.shop}/login", TASK)
    assert "credential-over-http" in password["sentric.verdict.rules"]

    pages = [key for key, _ in groupby((seen["source"], seen["origin"]) for seen in observations(sink))]
    assert pages[-4:] == [
        ("page", f"{world.shop}/login"),
        ("page", f"{world.shop}/shop"),
        ("extract", f"{world.shop}/shop"),
        ("page", f"{world.shop}/shop"),
    ]
    *_, page, extracted, _ = (seen["text"] for seen in observations(sink))
    assert VISIBLE in page
    assert INJECTED not in page
    assert INJECTED in extracted

    events = [log.event_name for log in sink.logs]
    assert (events[0], events[-1]) == ("sentric.run.started", "sentric.run.ended")
    rules = [rule for log in sink.logs for rule in log.attributes.get("sentric.verdict.rules", ())]
    assert {"credential-over-http", "injected-instructions-shown"} <= set(rules)


@only_newest
def test_a_password_leaves_the_process_in_no_form(world: World) -> None:
    world.observed(SENSITIVE="Heron-Card-4471x")
    everything = b"".join(world.sink.bodies)
    assert PASSWORD.encode() not in everything
    assert b"Heron-Card-4471x" not in everything
    typed = json.loads(tools(world.sink)[2].attributes["gen_ai.tool.call.arguments"])["text"]
    assert typed.startswith("‹secret:password:")
    thought = tools(world.sink)[1].attributes["sentric.reasoning.thinking"]
    assert typed in thought, "it was thought of before it was typed"


@pytest.mark.parametrize("launcher", [("opentelemetry-instrument",), ()], ids=["and zero-code", "alone"])
def test_a_wrapped_agent_gives_one_span_for_each_call(world: World, launcher: tuple[str, ...]) -> None:
    ways = world.http if launcher else {"ENDPOINT": world.sink.url}
    finished = world.run(*launcher, **ways, WRAP="1")
    assert "DONE True" in finished.out, finished.err[-2000:]
    sink = world.sink
    assert [span.attributes["gen_ai.tool.name"] for span in tools(sink)] == TOOLS
    assert purposes(sink) == ["agent", "extract", "agent"]
    asked = [span.start for span in sink.named("chat")]
    assert len(asked) == len(set(asked)) >= 5
    (root,) = sink.named("invoke_agent")
    assert root.attributes["sentric.project"] == "wrapped"
    assert tools(sink)[0].attributes["sentric.reasoning.thinking"] == "I must open the shop\nThe user wants a price"
    messages = [json.loads(text) for span in sink.spans if (text := span.attributes.get("sentric.messages"))]
    said = [(message["sequence"], message["author"], message["text"]) for group in messages for message in group]
    assert said == [(1, "user", "Only rubber ducks, please")]


def test_an_agent_attached_to_a_running_chrome_is_seen_all_the_same(world: World, tmp_path: Path) -> None:
    with chromium(tmp_path) as url:
        world.observed(CDP_URL=url)
    assert [span.attributes["gen_ai.tool.name"] for span in tools(world.sink)] == TOOLS
    assert tools(world.sink)[2].attributes["sentric.element.type"] == "password"
    assert VISIBLE in observations(world.sink)[-1]["text"]


def test_initial_actions_and_flash_mode_are_seen(world: World) -> None:
    world.observed(START=f"{world.shop}/login", FLASH="1")
    first, second, *_ = tools(world.sink)
    assert json.loads(first.attributes["gen_ai.tool.call.arguments"])["url"] == f"{world.shop}/login"
    assert not [name for name in first.attributes if name.startswith("sentric.reasoning")], "no model asked for it"
    assert second.attributes["sentric.reasoning.memory"] == "shopping"


def test_steps_that_a_program_makes_itself_are_one_run(world: World) -> None:
    world.observed(STEPS="1")
    assert [span.attributes["gen_ai.tool.name"] for span in tools(world.sink)] == TOOLS
    (root,) = world.sink.named("invoke_agent")
    assert root.attributes["sentric.success"] is True


@only_newest
def test_without_content_nothing_of_it_leaves_the_process(world: World) -> None:
    world.observed(SENTRIC_CAPTURE="metadata")
    everything = b"".join(world.sink.bodies)
    for content in (TASK, "alice", VISIBLE, "I must open the shop", "9.99", "/login"):
        assert content.encode() not in everything
    assert "credential-over-http" in tools(world.sink)[2].attributes["sentric.verdict.rules"]


def test_sigterm_loses_nothing_that_has_ended(world: World) -> None:
    gate = world.script.held
    gate[2] = Event()
    command = ("opentelemetry-instrument", "python", str(AGENT))
    # A delay that the test would not survive: only what is sent because of the signal can arrive.
    slow = {"OTEL_BSP_SCHEDULE_DELAY": "60000", "OTEL_BLRP_SCHEDULE_DELAY": "60000"}
    process = world.environment.start(*command, **world.variables, **world.http, **slow)
    try:
        until(world.script.asked.is_set, "the third model call", 60)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    finally:
        gate[2].set()
        kill(process)
        process.wait()
    assert [span.attributes["gen_ai.tool.name"] for span in tools(world.sink)] == TOOLS[:4]
    (root,) = world.sink.named("invoke_agent")
    assert root.attributes["error.type"] == "process_ended"
    assert world.sink.logs[-1].event_name == "sentric.run.ended"


@only_newest
def test_a_hanging_analyzer_does_not_hold_the_agent_up(world: World) -> None:
    # A wait for one answer would outlive the agent, which has two minutes.
    slow = {"OTEL_EXPORTER_OTLP_TIMEOUT": "600", "OTEL_BSP_SCHEDULE_DELAY": "100", "OTEL_BLRP_SCHEDULE_DELAY": "100"}
    with socket.create_server(("127.0.0.1", 0), backlog=50) as hanging:
        url = f"http://127.0.0.1:{hanging.getsockname()[1]}"
        world.http = {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}
        assert world.observed(**slow).code == 0
        hanging.setblocking(False)
        connection, _ = hanging.accept()
        with connection:
            assert connection.recv(4) == b"POST", "it was asked, and did not answer"
