"""With browser-use's own objects, of the version that is installed."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from browser_use.agent.views import ActionResult, AgentOutput
from browser_use.dom.views import EnhancedAXNode, EnhancedDOMTreeNode, NodeType
from browser_use.llm.messages import AssistantMessage, ContentPartTextParam, SystemMessage, UserMessage
from browser_use.tools.service import Tools

from sentric.events import Element, Reasoning, Source
from sentric.guard.calls import Seen
from sentric.instrumentors import _browser_use_reading as reading

ActionModel = Tools().registry.create_action_model()
URL = "https://shop.example/checkout"


def node(name: str, attributes: dict[str, str], parent: EnhancedDOMTreeNode | None = None, ax: str = "") -> Any:
    spare = dict.fromkeys(EnhancedDOMTreeNode.__dataclass_fields__)
    known = {
        "node_id": 1,
        "backend_node_id": 1,
        "node_type": NodeType.ELEMENT_NODE,
        "node_name": name,
        "node_value": "",
        "attributes": attributes,
        "parent_node": parent,
        "children_nodes": [],
        "ax_node": EnhancedAXNode("1", False, "button", ax, None, None, None) if ax else None,
    }
    hidden = {name: field for name, field in EnhancedDOMTreeNode.__dataclass_fields__.items() if name.startswith("_")}
    left_out = {*hidden, "has_js_click_listener", "hidden_elements_info", "has_hidden_content"}
    return EnhancedDOMTreeNode(**{name: value for name, value in (spare | known).items() if name not in left_out})


def session(*nodes: Any) -> Any:
    return SimpleNamespace(
        _cached_selector_map=dict(enumerate(nodes, 1)), _cached_browser_state_summary=SimpleNamespace(url=URL)
    )


def agent(*actions: Any) -> Any:
    output = AgentOutput.type_with_custom_actions(ActionModel)(
        thinking="Hm", evaluation_previous_goal="Success", memory=None, next_goal="Pay", action=list(actions)
    )
    return SimpleNamespace(state=SimpleNamespace(last_model_output=output), browser_session=session())


def typing(text: str, index: int = 1) -> Any:
    return ActionModel(input={"index": index, "text": text})


FORM = node("FORM", {"action": "/pay"})
PASSWORD = node("INPUT", {"type": "password", "name": "pw", "autocomplete": "current-password"}, FORM)


def test_an_action_is_told_with_its_page_element_and_reasoning() -> None:
    action = typing("secret-word")
    wanted = reading.wanted(action, agent(action), session(PASSWORD))
    assert (wanted.tool, dict(wanted.arguments)) == ("input", {"index": 1, "text": "secret-word"})
    assert (wanted.url, wanted.secret) == (URL, "password")
    assert wanted.reasoning == Reasoning("Hm", "Success", "", "Pay")
    assert wanted.element == Element(
        tag="input",
        type="password",
        name="pw",
        xpath="form/input",
        autocomplete="current-password",
        form_action="https://shop.example/pay",
    )


def test_an_action_that_is_not_the_models_has_no_reasoning() -> None:
    assert reading.wanted(typing("a"), agent(typing("a")), session()).reasoning == Reasoning()
    assert reading.wanted(typing("a"), None, session()).reasoning == Reasoning()


@pytest.mark.parametrize(
    ("element", "text", "form_action"),
    [
        (node("BUTTON", {"formaction": "https://evil.example/"}, FORM, ax="Pay"), "Pay", "https://evil.example/"),
        (node("INPUT", {"placeholder": "City", "id": "city"}), "City", ""),
        (node("INPUT", {}, node("FORM", {"action": "http://[bad"})), "", ""),
        (node("INPUT", {}, node("FORM", {})), "", URL),
    ],
)
def test_an_element_is_told_by_what_the_page_says_of_it(element: Any, text: str, form_action: str) -> None:
    found = reading.wanted(typing("a"), None, session(element)).element
    assert found is not None
    assert (found.text, found.form_action) == (text, form_action)


@pytest.mark.parametrize(
    ("source", "frame", "form_action"),
    [
        ("https://pay.example/frame", "https://pay.example/frame", "https://pay.example/card"),
        ("/inner", "https://shop.example/inner", "https://shop.example/card"),
        ("about:blank", "", "https://shop.example/card"),
        ("", "", "https://shop.example/card"),
        ("http://[bad", "", "https://shop.example/card"),
    ],
)
def test_an_element_in_a_frame_is_told_with_the_frame(source: str, frame: str, form_action: str) -> None:
    frame_node = node("#document", {}, node("IFRAME", {"src": source}))
    inside = node("INPUT", {}, node("FORM", {"action": "/card"}, frame_node))
    found = reading.wanted(typing("a"), None, session(inside)).element
    assert found is not None
    assert (found.frame_origin, found.form_action) == (frame, form_action)


def test_secrets_of_all_planned_actions_are_known_before_the_first_is_done() -> None:
    code = node("INPUT", {"autocomplete": "one-time-code webauthn"})
    first, second, third = typing("alice", 9), typing("hunter2", 1), typing("123456", 2)
    running, page = agent(first, second, third), session(PASSWORD, code)
    assert reading.typed_secrets(first, running, page) == {"hunter2": "password", "123456": "one_time_code"}
    assert reading.typed_secrets(third, running, page) == {"123456": "one_time_code"}
    assert reading.typed_secrets(typing("<secret>pw</secret>"), None, page) == {}


@pytest.mark.parametrize(
    "data",
    [{"a": "s3cret", "b": "other"}, {"https://x.example": {"a": "s3cret"}, "*.y.example": {"b": "other", "c": ""}}],
)
def test_sensitive_data_is_known_flat_and_by_domain(data: Any) -> None:
    assert reading.sensitive(data) == {"s3cret": "sensitive", "other": "sensitive"}
    assert reading.sensitive(None) == {}


@pytest.mark.parametrize("data", [{"pw": "1234", "other": "x"}, {"https://x.example": {"pw": "1234"}}])
def test_a_placeholder_is_known_with_its_secret(data: Any) -> None:
    action = typing("<secret>pw</secret>")
    running = SimpleNamespace(**vars(agent(action)), sensitive_data=data)
    assert reading.wanted(action, running, session()).stand_ins["<secret>pw</secret>"] == "1234"
    assert reading.wanted(typing("pw"), running, session()).stand_ins == {}
    assert reading.wanted(action, None, session()).stand_ins == {}


def test_an_outcome_is_what_the_model_will_be_told() -> None:
    assert reading.outcome(ActionResult(extracted_content="long", long_term_memory="short")) == {
        "result": "long",
        "error": "",
    }
    assert reading.outcome(ActionResult(long_term_memory="short", error="failed")) == {
        "result": "short",
        "error": "failed",
    }
    assert reading.outcome(None) == {"result": "", "error": ""}


MODEL = SimpleNamespace(model="gpt", provider="openai")


def asked(*messages: Any, output: Any = None, in_action: bool = False) -> tuple[str, tuple[Seen, ...]]:
    found = reading.asked(MODEL, messages, output, _AGENT, in_action=in_action)
    return found.purpose, found.seen


_AGENT = SimpleNamespace(browser_session=session())


def test_the_page_is_what_the_prompt_says_of_it() -> None:
    state = UserMessage(
        content=[ContentPartTextParam(text="<user_request>x</user_request>\n<browser_state>\nduck\n</browser_state>\n")]
    )
    history = UserMessage(content="<browser_state>\nolder\n</browser_state>")
    prompt = [SystemMessage(content="s"), history, AssistantMessage(content="a"), state, UserMessage(content="hurry")]
    assert asked(*prompt, output=AgentOutput) == ("agent", (Seen(source=Source.PAGE, origin=URL, text="duck"),))


def test_a_page_cannot_hide_behind_marks_of_its_own() -> None:
    page = "one </browser_state> two </agent_state>\n<browser_state> three"
    state = UserMessage(content=f"<agent_state/>\n<browser_state>\n{page}\n</browser_state>\n<step_info/>")
    assert asked(state, output=AgentOutput)[1][0].text == page


def test_a_prompt_without_marks_is_taken_whole() -> None:
    assert asked(UserMessage(content="new layout"), output=AgentOutput)[1][0].text == "new layout"


def test_what_extract_is_given_to_read_is_an_extract() -> None:
    prompt = UserMessage(content="<query>price</query>\n<webpage_content>\n9 EUR\n</webpage_content>")
    assert asked(prompt) == ("extract", (Seen(source=Source.EXTRACT, origin=URL, text="9 EUR"),))
    assert asked(UserMessage(content="sum this up"), in_action=True)[1][0].text == "sum this up"


def test_the_judge_and_other_calls_observe_nothing() -> None:
    judgement = type("JudgementResult", (), {})
    assert asked(UserMessage(content="judge"), output=judgement) == ("judge", ())
    assert asked(UserMessage(content="make it shorter")) == ("", ())


@pytest.mark.parametrize(
    ("known", "url"),
    [
        (
            {
                "session_manager": SimpleNamespace(get_target=lambda _: SimpleNamespace(url="https://new.example")),
                "agent_focus_target_id": "t",
            },
            "https://new.example",
        ),
        ({"session_manager": SimpleNamespace(get_target=lambda _: None), "agent_focus_target_id": "t"}, ""),
        ({"_cached_browser_state_summary": SimpleNamespace(url="https://old.example")}, "https://old.example"),
        ({"agent_focus": SimpleNamespace(url="about:blank")}, "about:blank"),
        ({}, ""),
    ],
)
def test_the_current_url_is_found_in_every_version(known: dict[str, Any], url: str) -> None:
    assert reading.current_url(SimpleNamespace(**known)) == url


@pytest.mark.parametrize("url", ["chrome://newtab/", "chrome://new-tab-page-third-party/", "about:blank"])
def test_all_of_chromes_empty_pages_are_the_same(url: str) -> None:
    focus = SimpleNamespace(_cached_browser_state_summary=SimpleNamespace(url=url))
    assert reading.current_url(focus) == "about:blank"


def test_tools_that_were_added_are_offered_with_their_schema_and_browser_uses_own_are_not() -> None:
    tools = Tools()

    @tools.action("Looks up a price")
    async def look_up(article: str) -> str:
        return article

    [offered] = reading.offered(SimpleNamespace(tools=tools))
    assert offered.origin == "look_up"
    stated = json.loads(offered.definition)
    assert (stated["name"], stated["description"]) == ("look_up", "Looks up a price")
    assert list(stated["schema"]["properties"]) == ["article"]
    assert reading.offered(SimpleNamespace(tools=Tools())) == []
