"""What LangChain's and LangGraph's objects say, in our words. Written against langchain-core 0.3.63 to 1.8.3."""

import inspect
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sentric.events import Author, Reasoning, Source
from sentric.guard.calls import Offered, Seen, Wanted
from sentric.guard.live_run import About
from sentric.guard.refusal import Refusal
from sentric.instrumentors._listed import listed

AGENT = "langchain"
MESSAGES_READ = 10_000
"""Messages of one prompt that are read, the last ones."""
PARTS_READ = 1000
"""Parts of one message, tools of one model, and documents of one search that are read."""
_THOUGHT_PARTS = ("thinking", "reasoning", "reasoning_content")
"""Kinds of the parts of an answer that are reasoning."""
_THOUGHT_FIELDS = ("reasoning_content", "reasoning", "thinking")
"""Names under which an answer has its reasoning besides its content."""
_INPUTS = ("input", "question", "query", "task", "prompt")
"""What a graph or executor without messages calls what the user says."""


@dataclass(frozen=True, slots=True)
class Turns:
    """What the user of a run says."""

    now: tuple[str, ...] = ()
    """In its input, in order; in that of a resumed graph their answers."""
    resumed: bool = False
    """Whether they go on with the task they had."""
    earlier: tuple[str, ...] = ()
    """In earlier runs of the same thread."""

    @property
    def all(self) -> tuple[str, ...]:
        """Each once, in order."""
        return tuple(dict.fromkeys((*self.earlier, *self.now)))

    @property
    def task(self) -> str:
        """The last one, or what is gone on with."""
        known = self.earlier if self.earlier and (self.resumed or not self.now) else self.now
        return known[-1] if known else ""

    @property
    def others(self) -> tuple[str, ...]:
        """All but the task."""
        return tuple(turn for turn in self.all if turn != self.task)


def about(graph: Any, config: Any, framework: str) -> About:
    """A graph or executor that begins to run."""
    name = getattr(graph, "name", None) or AGENT
    chosen = config.get("configurable") if isinstance(config, Mapping) else None
    thread = chosen.get("thread_id") if isinstance(chosen, Mapping) else None
    return About(agent=str(name), framework=framework, conversation=str(thread or ""))


def turns(given: Any) -> Turns:
    """What the user says in the input of a graph or of an executor."""
    if hasattr(given, "resume") and hasattr(given, "goto"):  # a Command
        answer = (given.resume,) if isinstance(given.resume, str) else ()
        return Turns((*answer, *_said(given.update)), resumed=True)
    return Turns(tuple(_said(given)))


def prompt(messages: Any) -> list[Any]:
    """The messages that a model is asked with: of several prompts, all of them."""
    return [message for batch in messages for message in batch[-MESSAGES_READ:]]


def author(message: Any) -> Author | None:
    """Who wrote a message of a prompt, as far as its type says; None for a tool's."""
    match getattr(message, "type", ""):
        case "system":
            return Author.SYSTEM
        case "human":
            return Author.USER
        case "tool" | "function":
            return None
        case _:
            return Author.MODEL


def text_of(content: Any) -> str:
    """The text of a message's content, or of what a tool gave back."""
    if isinstance(content, str):
        return content
    if isinstance(content, list | tuple):
        return "\n".join(filter(None, map(_part, islice(content, PARTS_READ))))
    if hasattr(content, "content"):
        return text_of(content.content)
    if hasattr(content, "update") and hasattr(content, "goto"):  # a Command
        return text_of(_field(content.update, "messages") or content.update)
    return "" if content is None else str(content)


def answers(response: Any) -> list[Any]:
    """The messages that a model has answered with."""
    found = (getattr(one, "message", None) for batch in response.generations for one in islice(batch, PARTS_READ))
    return [message for message in found if message is not None]


def thoughts(message: Any) -> str:
    """What a model says of why it calls tools: its reasoning, as far as it is shown, and the text beside the calls."""
    extra = getattr(message, "additional_kwargs", None) or {}
    stated = [text for name in _THOUGHT_FIELDS if (text := _stated(extra.get(name)))][:1]
    content = message.content
    if isinstance(content, list):
        parts = (part for part in islice(content, PARTS_READ) if isinstance(part, Mapping))
        stated += [text for part in parts if part.get("type") in _THOUGHT_PARTS and (text := _thought(part))]
    return "\n".join(dict.fromkeys(filter(None, (*stated, text_of(content)))))


def call_ids(message: Any) -> list[str]:
    """Ids of the calls that a model has answered with."""
    return [str(call.get("id") or "") for call in getattr(message, "tool_calls", None) or ()]


def tool_result(message: Any) -> Seen:
    """The result of a tool that nobody has heard of when it was called."""
    origin = str(getattr(message, "name", None) or "tool")
    return Seen(source=Source.TOOL_RESULT, origin=origin, text=text_of(message.content))


def documents(found: Any) -> list[Seen]:
    """What a retriever has found."""
    return [
        Seen(source=Source.RESOURCE, origin=str(one.metadata.get("source") or "document"), text=one.page_content)
        for one in islice(found, PARTS_READ)
    ]


def offered(parameters: Any) -> list[Offered]:
    """The tools that a model may call, as its provider's form states them; a server's as the server has."""
    tools = (_field(parameters, "tools") or _field(parameters, "functions")) if parameters else None
    found: list[Offered] = []
    for tool in islice(tools if isinstance(tools, list | tuple) else (), PARTS_READ):
        inner = _field(tool, "function") or tool
        if name := _field(inner, "name"):
            by_server = listed.described(str(name), str(_field(inner, "description") or ""))
            found += by_server or [_definition(str(name), inner)]
    return found


def wanted(tool: Any, given: Any, call_id: str, reasoning: str) -> Wanted:
    """A tool that is about to be run."""
    function = getattr(tool, "coroutine", None) or getattr(tool, "func", None)
    server, name = listed.called_by(function) or ("", str(tool.name))
    return Wanted(
        tool=name,
        arguments=_arguments(tool, given, call_id),
        server=server,
        call_id=call_id,
        reasoning=Reasoning(thinking=reasoning),
    )


def outcome(result: Any) -> dict[str, str]:
    """What a tool gave back, as arguments of `GuardedAction.finished`."""
    text = text_of(result)
    return {"error": text or "error"} if getattr(result, "status", "") == "error" else {"result": text}


def is_interrupt(error: Exception) -> bool:
    """Whether this is how a graph is told to wait, or to go on elsewhere."""
    return any(kind.__name__ == "GraphBubbleUp" for kind in type(error).__mro__)


def refused(refusal: Refusal, tool: Any, call_id: str) -> Any:
    """What a tool gives back that was not run."""
    if not call_id:
        return refusal.text
    from langchain_core.messages import ToolMessage

    return ToolMessage(content=refusal.text, name=tool.name, tool_call_id=call_id, status="error")


def tool_call(given: Any) -> tuple[Any, str]:
    """The arguments, and the id, of what a tool is invoked with."""
    if isinstance(given, Mapping) and given.get("type") == "tool_call":
        return given.get("args"), str(given.get("id") or "")
    return given, ""


def _arguments(tool: Any, given: Any, call_id: str) -> Mapping[str, object]:
    """What the tool is called with: what was stated, and the defaults of the rest.

    What a graph adds is left out, such as its state, a store, a runtime, the id of the call: but only what no model can
    have stated, since whoever calls a tool may pass on what a model has added.
    """
    if not isinstance(given, Mapping):
        return {"input": given}
    stated = _stated_arguments(tool, given)
    added = {str(name): value for name, value in given.items() if name not in stated}
    data = {name: value for name, value in added.items() if _is_data(value) and value != call_id}
    known = {**stated, **data}
    return known | {name: value for name, value in _defaults(tool, given) if name not in added and _is_data(value)}


def _stated_arguments(tool: Any, given: Mapping[Any, Any]) -> Mapping[str, object]:
    """Those that the model is shown."""
    own: Any = getattr(tool, "_filter_injected_args", None)
    if own is not None:
        kept: Mapping[str, object] = own(given)
        return kept
    everything = set(getattr(tool.get_input_schema(), "model_fields", ()))
    shown = set(getattr(tool.tool_call_schema, "model_fields", everything))
    return {str(name): value for name, value in given.items() if name not in everything - shown}


def _defaults(tool: Any, given: Mapping[Any, Any]) -> Iterator[tuple[str, object]]:
    """What a tool takes for what it is not given, by its schema, or else by its function. What is made anew is not."""
    schema = tool.args_schema
    if schema is None:
        for name, parameter in inspect.signature(tool._run).parameters.items():
            if name not in given and parameter.default is not parameter.empty and parameter.default is not None:
                yield name, parameter.default
        return
    fields: Mapping[str, Any] = getattr(schema, "model_fields" if hasattr(schema, "model_fields") else "__fields__", {})
    for name, entry in fields.items():
        names = (name, entry.alias, getattr(entry, "validation_alias", None))
        if entry.default is not None and not any(isinstance(one, str) and one in given for one in names):
            yield name, entry.default


def _is_data(value: object) -> bool:
    """Whether a model could have stated it; what is too large to tell counts as that."""
    waiting = [value]
    for _ in range(PARTS_READ):
        if not waiting:
            return True
        one = waiting.pop()
        if isinstance(one, Mapping):
            waiting += islice(one.values(), PARTS_READ)
        elif isinstance(one, list | tuple):
            waiting += one[:PARTS_READ]
        elif not isinstance(one, str | int | float | None):
            return False
    return True


def _definition(name: str, stated: Any) -> Offered:
    schema = _field(stated, "parameters") or _field(stated, "input_schema") or _field(stated, "inputSchema")
    said = {"name": name, "description": _field(stated, "description"), "schema": schema}
    return Offered(origin=name, definition=json.dumps(said, ensure_ascii=False, sort_keys=True, default=str))


def _said(given: Any) -> Iterator[str]:
    if isinstance(given, str):
        yield given
        return
    messages = given if isinstance(given, list) else _field(given, "messages") or _field(given, "chat_history") or ()
    entries = messages if isinstance(messages, list) else [messages]
    yield from filter(None, map(_users, entries[-MESSAGES_READ:]))
    texts = (_field(given, name) for name in _INPUTS)
    yield from islice((text for text in texts if isinstance(text, str) and text), 1)


def _users(entry: Any) -> str:
    """What a user says in one entry of the messages of an input; "" where somebody else does."""
    if isinstance(entry, str):
        return entry
    if isinstance(entry, tuple) and len(entry) == 2:
        speaker, content = entry
    elif isinstance(entry, Mapping):
        speaker, content = entry.get("role") or entry.get("type"), entry.get("content")
    else:
        speaker, content = getattr(entry, "type", ""), getattr(entry, "content", "")
    return text_of(content) if speaker in ("human", "user") else ""


def _part(part: Any) -> str:
    if isinstance(part, Mapping):
        text = part.get("text") if part.get("type", "text") in ("text", "input_text", "output_text") else ""
        return text if isinstance(text, str) else ""
    return text_of(part) if not isinstance(part, list | tuple) else ""


def _thought(part: Mapping[str, Any]) -> str:
    for name in ("thinking", "reasoning", "text", "summary", "reasoning_content"):
        if text := _stated(part.get(name)):
            return text
    return ""


def _stated(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return _stated(value.get("summary") or value.get("text"))
    if isinstance(value, list):
        return "\n".join(_texts(value))
    return ""


def _texts(parts: Iterable[Any]) -> Iterator[str]:
    for part in islice(parts, PARTS_READ):
        text = part.get("text") if isinstance(part, Mapping) else part
        if isinstance(text, str) and text:
            yield text


def _field(holder: Any, name: str) -> Any:
    return holder.get(name) if isinstance(holder, Mapping) else getattr(holder, name, None)
