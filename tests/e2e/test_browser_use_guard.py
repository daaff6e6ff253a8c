"""A real browser-use agent in a real Chromium that is held to a policy, with the oldest and the newest version."""

from collections.abc import Callable, Generator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from e2e.browser_agent.guarded import CANARY, Site, policy, two_sites
from e2e.browser_agent.program import AGENT, NEWEST, OLDEST, Environment, Finished, kill, until
from e2e.browser_agent.servers import Script, Sink, Turn, index_of, model, receiver, says
from sentric_analyzer.control.store import control_url
from sentric_analyzer.spans import Span
from sentric_analyzer.storage import Store, embedded_url
from support.controlling import Plane, plane

pytestmark = pytest.mark.browser

TASK = "Tidy up the desk"
only_newest = pytest.mark.parametrize("world", [pytest.param(NEWEST, id="newest")], indirect=True)


class World:
    """Two sites, a scripted model and a receiver, and an agent that is held to a policy among them."""

    def __init__(
        self, environment: Environment, desk: Site, away: Site, model_url: str, script: Script, sink: Sink
    ) -> None:
        self.environment, self.desk, self.away, self.script, self.sink = environment, desk, away, script, sink
        self.prompts = list[str]()
        self.variables = {
            "MODEL": model_url,
            "HAS_JUDGE": "1" if environment.bin.parent == NEWEST else "",
            "TASK": TASK,
            "OTEL_EXPORTER_OTLP_ENDPOINT": sink.url,
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            "SENTRIC_MODE": "enforce",
            "SENTRIC_POLICY": str(policy(environment.scratch, away.url)),
            "SENTRIC_GUARD_DIR": str(environment.scratch / "guard"),
        }
        self.command = ("opentelemetry-instrument", "python", str(AGENT))

    def plays(self, *turns: Turn) -> None:
        """What the model says turn by turn; what it is shown is kept."""
        self.script.turns = [self._kept(turn) for turn in turns]

    def _kept(self, turn: Turn) -> Turn:
        def keeping(prompt: str) -> dict[str, Any]:
            self.prompts.append(prompt)
            return turn(prompt)

        return keeping

    def run(self, *command: str, **stated: str) -> Finished:
        return self.environment.run(*(command or self.command), **self.variables, **stated)

    def tools(self) -> list[tuple[str, str]]:
        """The agent's actions, each with why it was refused."""
        found = [span for span in self.sink.named("execute_tool") if _tool(span) != "wait"]
        return [(_tool(span), str(span.attributes.get("sentric.refused", ""))) for span in found]


def _tool(span: Span) -> str:
    return str(span.attributes["gen_ai.tool.name"])


@pytest.fixture(params=[pytest.param(NEWEST, id="newest"), pytest.param(OLDEST, id="oldest")])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[World, None, None]:
    script = Script()
    with two_sites() as (desk, away), model(script) as model_url, receiver() as sink:
        yield World(Environment(request.param, tmp_path), desk, away, model_url, script, sink)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Generator[Plane, None, None]:
    directory = tmp_path_factory.mktemp("service")
    with (
        Store.open(embedded_url(directory / "runs")) as runs,
        plane(directory, control_url(directory), runs) as found,
    ):
        yield found


def opens(url: str) -> Turn:
    return lambda _: says("I go there", "open it", {"navigate": {"url": url, "new_tab": False}})


def clicks(marked: str, sees: str = "") -> Turn:
    """Click an element, once the page says something."""

    def turn(prompt: str) -> dict[str, Any]:
        if sees not in prompt:
            raise LookupError(sees)
        return says("I click", "click it", {"click": {"index": index_of(prompt, marked)}})

    return turn


def types_and_deletes(prompt: str) -> dict[str, Any]:
    typing = {"input": {"index": index_of(prompt, "name=note"), "text": "damn", "clear": True}}
    return says("I write, then delete", "both", typing, {"click": {"index": index_of(prompt, "id=delete")}})


def types(prompt: str) -> dict[str, Any]:
    return says("I write", "write", {"input": {"index": index_of(prompt, "name=note"), "text": "fine", "clear": True}})


def ends(_: str) -> dict[str, Any]:
    return says("It is not allowed", "finish", {"done": {"text": "That is not allowed", "success": False}})


def test_what_is_refused_does_not_happen_and_the_agent_goes_on(world: World) -> None:
    world.plays(opens(f"{world.desk.url}/"), types_and_deletes, opens(f"{world.away.url}/page"), ends)
    finished = world.run()
    assert "DONE True That is not allowed" in finished.out, finished.err[-9000:]
    assert world.desk.asked == ["/"]
    assert world.away.asked == []
    # What follows a refused action in the same step browser-use does not do by itself.
    assert world.tools() == [("navigate", ""), ("input", "rule"), ("navigate", "rule"), ("done", "")]
    assert "input was refused. The security policy does not allow it: The rule no-foul-words" in world.prompts[2]
    assert "navigate was refused." in world.prompts[3]


@only_newest
def test_the_third_refusal_ends_the_run(world: World) -> None:
    deletes = clicks("id=delete")
    world.plays(opens(f"{world.desk.url}/"), deletes, deletes, deletes, ends)
    finished = world.run()
    assert "DONE False" in finished.out, finished.err[-9000:]
    assert world.desk.asked == ["/"]
    assert world.tools() == [("navigate", ""), *[("click", "rule")] * 3]
    assert len(world.prompts) == 4, "the model is not asked again"


@pytest.mark.parametrize(
    ("world", "stated"),
    [
        pytest.param(NEWEST, {}, id="newest"),
        pytest.param(OLDEST, {}, id="oldest"),
        pytest.param(NEWEST, {"WRAP": "1"}, id="newest, wrapped"),
        pytest.param(OLDEST, {"WRAP": "1"}, id="oldest, wrapped"),
    ],
    indirect=["world"],
)
def test_a_model_is_not_shown_a_page_it_may_not_go_to_however_it_came_there(
    world: World, stated: dict[str, str]
) -> None:
    desk = world.desk.url
    world.plays(opens(f"{desk}/jump"), opens(f"{desk}/"), clicks("id=leave"), ends)
    finished = world.run(*(world.command[1:] if stated else world.command), **stated, ENDPOINT=world.sink.url)
    assert "DONE True That is not allowed" in finished.out, finished.err[-9000:]
    assert world.desk.asked == ["/jump", "/"]
    assert world.away.asked == ["/page", "/page"], "the browser has asked for it by then"
    assert not [prompt for prompt in world.prompts if CANARY in prompt]
    assert [CANARY.encode() in body for body in world.sink.bodies].count(True) == 0
    for shown in (world.prompts[1], world.prompts[3]):
        assert "navigate was refused. The security policy does not allow it: The rule not-there" in shown
    visits = [("navigate", ""), ("navigate", "rule")]
    assert world.tools() == [*visits, ("navigate", ""), ("click", ""), ("navigate", "rule"), ("done", "")]


def asked_of(service: Plane) -> Callable[[], list[dict[str, Any]]]:
    """The pending approvals."""
    return lambda: list(service.got("/v1/approvals?state=pending", "ann")["approvals"])


def answer(service: Plane, how: str) -> str:
    """Answer the next question; the text of the button it is about."""
    pending = asked_of(service)
    until(lambda: bool(pending()), "a question", 60)
    (approval,) = pending()
    assert service.post(f"/v1/approvals/{approval['approval_id']}/{how}", "ann", note="").status_code == 200
    return str(approval["request"])


def linked(service: Plane) -> dict[str, str]:
    return {
        "SENTRIC_URL": f"http://{service.address}",
        "SENTRIC_API_KEY": service.keys["agent"],
        "SENTRIC_PROJECT": "shop",
    }


def test_a_person_is_asked_and_what_has_changed_meanwhile_is_asked_about_anew(world: World, service: Plane) -> None:
    pays = clicks("id=pay", "Pay 9 EUR")
    world.plays(opens(f"{world.desk.url}/"), pays, pays, pays, ends)
    with world.environment.start(*world.command, **world.variables, **linked(service)) as process:
        try:
            assert "Pay 9 EUR" in answer(service, "approve")
            until(lambda: "/paid?Pay 9 EUR" in world.desk.asked, "the approved payment", 60)
            assert "Pay 9 EUR" in answer(service, "deny")
            pending = asked_of(service)
            until(lambda: bool(pending()), "the third question", 60)
            world.desk.price = "Pay 999 EUR"
            until(lambda: "/shows?Pay 999 EUR" in world.desk.asked, "another price", 60)
            assert "Pay 9 EUR" in answer(service, "approve")
            assert "Pay 999 EUR" in answer(service, "deny")
            out, err = process.communicate(timeout=60)
        finally:
            kill(process)
    assert "DONE True That is not allowed" in out, err[-9000:]
    assert [path for path in world.desk.asked if path.startswith("/paid")] == ["/paid?Pay 9 EUR"]
    clicked = [refused for tool, refused in world.tools() if tool == "click"]
    assert clicked == ["", "denied", "changed", "denied"]
    assert "A person was asked, and did not approve it." in world.prompts[3]


@only_newest
def test_an_agent_that_is_stopped_does_nothing_more(world: World, service: Plane) -> None:
    world.plays(opens(f"{world.desk.url}/"), types)  # again and again
    gate = world.script.held[1] = Event()
    stated = {**linked(service), "SENTRIC_AGENT_ID": "desk-1"}
    with world.environment.start(*world.command, **world.variables, **stated) as process:
        try:
            until(world.script.asked.is_set, "the second model call", 60)
            stopped = service.post("/v1/agents/desk-1/stop", "olga", reason="enough", by="id")
            assert stopped.status_code == 200, stopped.text
            gate.set()
            out, err = process.communicate(timeout=60)
        finally:
            gate.set()
            kill(process)
    assert "DONE False" in out, err[-9000:]
    *done, last = world.tools()
    assert last == ("input", "stopped")
    assert not [refused for _, refused in done if refused]
    assert len(world.prompts) == len(world.tools()), "the model is not asked again"
