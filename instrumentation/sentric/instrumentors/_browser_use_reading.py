"""What browser-use's objects say, in our words. Nothing here changes them, or asks the browser.

Written against 0.9.2 to 0.13.14; names that only some versions have are looked up with a default.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeGuard
from urllib.parse import urljoin

from sentric.errors import SentricError
from sentric.events import Element, Reasoning, Source
from sentric.guard.calls import Asked, Offered, Seen, Wanted
from sentric.guard.live_run import About
from sentric.guard.refusal import Refusal
from sentric.instrumentors._listed import listed

AGENT = "browser-use"
NAVIGATE = "navigate"


class GoneError(SentricError):
    """What a person has approved cannot be done any more."""


_FORM_REACH = 64
"""How many ancestors of an element are looked at for its form."""
_FRAME_REACH = 256
"""How many ancestors of an element are looked at for its frame."""
_PASSWORD_FIELDS = frozenset({"current-password", "new-password"})
_CODE_FIELDS = frozenset({"one-time-code"})
_EMPTY_FRAMES = ("about:", "javascript:")
_PLACEHOLDER = "<secret>"
_EMPTY_PAGES = ("chrome://newtab", "chrome://new-tab-page")
_PAGE = ("<browser_state>", "</browser_state>")
"""Around what the prompt of a step says of the page."""
_CONTENT = ("<webpage_content>", "</webpage_content>")
"""Around the page text in the prompt of `extract`."""


def about(agent: Any, framework: str) -> About:
    """An agent whose run begins."""
    return About(
        agent=AGENT,
        framework=framework,
        agent_id=str(agent.id),
        conversation=str(agent.session_id),
        model=str(getattr(agent.llm, "model", "")),
        task=str(agent.task),
    )


def offered(agent: Any) -> list[Offered]:
    """The tools that were added to those of browser-use, MCP's too: what comes with it says what it always says."""
    return [
        Offered(origin=str(action.name), definition=_definition(action))
        for action in agent.tools.registry.registry.actions.values()
        if not _is_built_in(str(getattr(action.function, "__module__", "")))
    ]


def _is_built_in(module: str) -> bool:
    return module.startswith("browser_use.") and not module.startswith("browser_use.mcp.")


def _function(tool: str, agent: Any) -> Any:
    """What does an action."""
    tools = getattr(agent, "tools", None)
    action = tools.registry.registry.actions.get(tool) if tools is not None else None
    return getattr(action, "function", None)


def _definition(action: Any) -> str:
    stated = {"name": action.name, "description": action.description, "schema": action.param_model.model_json_schema()}
    return json.dumps(stated, ensure_ascii=False, sort_keys=True, default=str)


def models(agent: Any) -> list[Any]:
    """The models an agent may ask, each once."""
    settings = agent.settings
    compaction = getattr(settings, "message_compaction", None)
    found = (
        agent.llm,
        getattr(settings, "page_extraction_llm", None),
        getattr(agent, "judge_llm", None),
        getattr(agent, "_fallback_llm", None),
        getattr(compaction, "compaction_llm", None),
    )
    return list({id(model): model for model in found if model is not None}.values())


def ended(agent: Any) -> dict[str, Any]:
    """How a run that returned has ended, as arguments of `LiveRun.end`."""
    history = agent.history
    if history.is_done():
        return {"success": history.is_successful()}
    errors = [error for error in history.errors() if error]
    return {"error": errors[-1] if errors else "stopped before it was done", "error_type": "not_done"}


def is_done(agent: Any) -> bool:
    """Whether the agent has said that it is done."""
    return bool(agent.history.is_done())


def sensitive(data: Any) -> dict[str, str]:
    """The values of `sensitive_data`, flat or by domain, each with its kind."""
    if not isinstance(data, Mapping):
        return {}
    found: dict[str, str] = {}
    for value in data.values():
        if isinstance(value, Mapping):
            found |= sensitive(value)
        elif isinstance(value, str) and value:
            found[value] = "sensitive"
    return found


def typed_secrets(action: Any, agent: Any, session: Any) -> dict[str, str]:
    """Literal values that this action, or one planned after it, types into fields for secrets; each with its kind."""
    planned = _planned(agent)
    later = planned if planned and planned[0] is action else [action]
    return {value: kind for one in later for value, kind in _typed(one, session)}


def wanted(action: Any, agent: Any, session: Any) -> Wanted:
    """An action that is about to be done."""
    tool, arguments = _call(action)
    url = current_url(session)
    node = _node(action, session)
    server, name = listed.called_by(_function(tool, agent)) or ("", tool)
    return Wanted(
        tool=name,
        # Servers are sent no arguments that are null.
        arguments={key: value for key, value in arguments.items() if value is not None} if server else arguments,
        server=server,
        url=url,
        element=None if node is None else _element(node, url),
        reasoning=_reasoning(action, agent),
        secret="" if node is None else _secret_field(node.attributes or {}),
        stand_ins=_stand_ins(getattr(agent, "sensitive_data", None), arguments),
    )


def aim(action: Any) -> str:
    """Where an action navigates to, "" where it does something else."""
    tool, arguments = _call(action)
    url = arguments.get("url")
    return url if tool == NAVIGATE and isinstance(url, str) else ""


def outcome(result: Any) -> dict[str, str]:
    """An action's result, as arguments of `GuardedAction.finished`."""
    text = getattr(result, "extracted_content", None) or getattr(result, "long_term_memory", None) or ""
    return {"result": str(text), "error": str(getattr(result, "error", None) or "")}


def refused(refusal: Refusal, agent: Any) -> Any:
    """What an action gives back that was not done: the model is shown the error in its next step, if there is one."""
    from browser_use.agent.views import ActionResult

    if refusal.final and agent is not None:
        agent.stop()
    return ActionResult(error=refusal.text)


def tell(refusal: Refusal, agent: Any) -> None:
    """Let the model be shown a refusal beside the result of its last action."""
    if agent is None:
        return
    agent.state.last_result = [*(agent.state.last_result or ()), refused(refusal, agent)]


def focus(session: Any) -> Any:
    """The tab the agent stands on, None where there is none."""
    known = getattr(session, "agent_focus_target_id", None)
    return known or getattr(getattr(session, "agent_focus", None), "target_id", None)


async def renew(action: Any, session: Any) -> None:
    """Look at the page anew, so that an action is seen as it would be now.

    Raises:
        GoneError: its element is not there any more.
    """
    await session.get_browser_state_summary(include_screenshot=False)
    if action.get_index() is not None and _node(action, session) is None:
        raise GoneError("the element of an action that was approved is not on the page any more")


def asked(model: Any, messages: Sequence[Any], output: Any, agent: Any, *, in_action: bool) -> Asked:
    """A model that is about to be asked.

    Args:
        model: browser-use's chat model.
        messages: the prompt.
        output: the type of the answer, None for text.
        agent: the agent that asks, None where it is not known.
        in_action: whether an action of the agent asks.
    """
    session = getattr(agent, "browser_session", None)
    purpose: str = ""
    seen: tuple[Seen, ...] = ()
    if getattr(output, "__name__", "") == "JudgementResult":
        purpose = "judge"
    elif "action" in getattr(output, "model_fields", ()):
        purpose, seen = "agent", _seen(Source.PAGE, _shown_url(session), messages, _PAGE)
    elif in_action or _last_with(messages, _CONTENT):
        purpose, seen = "extract", _seen(Source.EXTRACT, current_url(session), messages, _CONTENT)
    return Asked(
        model=str(getattr(model, "model", "")),
        provider=str(getattr(model, "provider", "")),
        purpose=purpose,
        seen=seen,
    )


def current_url(session: Any) -> str:
    """URL of the page the agent stands on, "" where it is not known."""
    manager = getattr(session, "session_manager", None)
    target_id = getattr(session, "agent_focus_target_id", None)
    target = manager.get_target(target_id) if manager is not None and target_id else None
    return _page(target.url) if target is not None else _shown_url(session)


def _shown_url(session: Any) -> str:
    """URL of the page whose state the model was shown last."""
    summary = getattr(session, "_cached_browser_state_summary", None)
    if summary is not None:
        return _page(summary.url)
    return _page(getattr(getattr(session, "agent_focus", None), "url", "") or "")


def _page(url: object) -> str:
    """A page's URL. Which of its empty pages Chrome shows first is a matter of milliseconds."""
    return "about:blank" if str(url).startswith(_EMPTY_PAGES) else str(url)


def _call(action: Any) -> tuple[str, Mapping[str, object]]:
    for name, parameters in action.model_dump(exclude_unset=True).items():
        if parameters is not None:
            return str(name), parameters if isinstance(parameters, Mapping) else {"value": parameters}
    return "none", {}


def _planned(agent: Any) -> Sequence[Any]:
    output = getattr(getattr(agent, "state", None), "last_model_output", None)
    return getattr(output, "action", None) or ()


def _reasoning(action: Any, agent: Any) -> Reasoning:
    """The reasoning of the model output that this action is of: initial and repeated actions have none."""
    if not any(planned is action for planned in _planned(agent)):
        return Reasoning()
    output = agent.state.last_model_output
    return Reasoning(
        thinking=output.thinking or "",
        evaluation=output.evaluation_previous_goal or "",
        memory=output.memory or "",
        next_goal=output.next_goal or "",
    )


def _node(action: Any, session: Any) -> Any:
    index = action.get_index()
    return None if index is None else (getattr(session, "_cached_selector_map", None) or {}).get(index)


def _typed(action: Any, session: Any) -> Iterator[tuple[str, str]]:
    node = _node(action, session)
    kind = _secret_field(node.attributes or {}) if node is not None else ""
    if not kind:
        return
    for value in _call(action)[1].values():
        if isinstance(value, str) and value and _PLACEHOLDER not in value:
            yield value, kind


def _stand_ins(data: Any, arguments: Mapping[str, object]) -> dict[str, str]:
    """The `<secret>name</secret>` placeholders that arguments hold, each with the value of that name."""
    if not isinstance(data, Mapping) or not any(_is_text(text) and _PLACEHOLDER in text for text in arguments.values()):
        return {}
    found: dict[str, str] = {}
    for name, value in data.items():
        if isinstance(value, Mapping):
            found |= _stand_ins(value, arguments)
        elif _is_text(value) and value:
            found[f"{_PLACEHOLDER}{name}</secret>"] = value
    return found


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str)


def _secret_field(found: Mapping[str, str]) -> str:
    """The kind of secret a field takes, "" for an ordinary field."""
    purpose = set(found.get("autocomplete", "").lower().split())
    if found.get("type", "").lower() == "password" or purpose & _PASSWORD_FIELDS:
        return "password"
    return "one_time_code" if purpose & _CODE_FIELDS else ""


def _element(node: Any, url: str) -> Element:
    found = node.attributes or {}
    name = node.ax_node.name if node.ax_node is not None else ""
    frame = _frame_origin(node, url)
    text = node.get_all_children_text(max_depth=2) or name or found.get("aria-label") or found.get("placeholder")
    return Element(
        tag=str(node.node_name).lower(),
        type=found.get("type", ""),
        name=found.get("name") or found.get("id", ""),
        xpath=str(node.xpath),
        text=text or "",
        autocomplete=found.get("autocomplete", ""),
        form_action=_form_action(node, frame or url),
        frame_origin=frame,
    )


def _frame_origin(node: Any, url: str) -> str:
    """The URL of the frame an element is in, "" where it is the page itself or a frame without a URL of its own."""
    for _ in range(_FRAME_REACH):
        node = node.parent_node
        if node is None:
            return ""
        if str(node.node_name).lower() in {"iframe", "frame"}:
            source = str((node.attributes or {}).get("src") or "")
            try:
                return urljoin(url, source) if source and not source.startswith(_EMPTY_FRAMES) else ""
            except ValueError:
                return ""
    return ""


def _form_action(node: Any, url: str) -> str:
    stated = (node.attributes or {}).get("formaction")
    for _ in range(_FORM_REACH):
        if node is None or str(node.node_name).lower() == "form":
            break
        node = node.parent_node
    else:
        return ""
    if node is None:
        return ""
    try:
        return urljoin(url, str(stated or (node.attributes or {}).get("action") or ""))
    except ValueError:
        return ""


def _seen(source: Source, origin: str, messages: Sequence[Any], marks: tuple[str, str]) -> tuple[Seen, ...]:
    """What the last marked user message shows of a page; without marks, all of the last one.

    The page may hold the marks too: what is taken reaches from the first to the last of them, so that a page can add
    to it, but not hide in front of a false beginning or behind a false end.
    """
    text = _last_with(messages, marks) or (_user_texts(messages) or [""])[-1]
    start, end = text.find(marks[0]), text.rfind(marks[1])
    if 0 <= start < end:
        text = text[start + len(marks[0]) : end].strip("\n")
    return (Seen(source=source, origin=origin, text=text),) if text else ()


def _last_with(messages: Sequence[Any], marks: tuple[str, str]) -> str:
    return next((text for text in reversed(_user_texts(messages)) if marks[0] in text), "")


def _user_texts(messages: Sequence[Any]) -> list[str]:
    return [str(message.text) for message in messages if getattr(message, "role", "") == "user"]
