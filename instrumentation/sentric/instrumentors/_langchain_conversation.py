"""What was said in each run of LangChain: which messages of a prompt are new, whose they are, what led to a call."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any
from weakref import WeakKeyDictionary

from sentric.events import Author
from sentric.forks import process_lock
from sentric.guard.live_run import LiveRun
from sentric.guard.refusal import Refusal
from sentric.instrumentors import _langchain_reading as reading

HEARD_LIMIT = 10_000
"""Most messages of a run that are known again."""
CALLS_LIMIT = 1024
"""Most calls of a run of which the reasoning is remembered."""


class Conversation:
    """Of one run. Any thread may use it."""

    def __init__(self) -> None:
        self._heard: OrderedDict[tuple[str, int], None] = OrderedDict()
        self._thoughts: OrderedDict[str, str] = OrderedDict()
        self._run_calls: OrderedDict[str, None] = OrderedDict()
        self._last = ""
        self._refusal: Refusal | None = None
        self._has_spoken = False
        self._lock = process_lock()

    def said(self, turns: Iterable[str]) -> None:
        """The user has said this; the run knows it already."""
        for turn in turns:
            self._is_new("human", hash(turn))

    def called(self, call_id: str) -> str:
        """What the model said of why it makes a call, which is run now."""
        with self._lock:
            if not call_id:
                return self._last
            _keep(self._run_calls, call_id, None, HEARD_LIMIT)
            return self._thoughts.get(call_id, "")

    def shown(self, run: LiveRun, messages: list[Any]) -> None:
        """A model is shown these: hear what is new.

        Only what the graph was given by its caller is the user's: a message of that type that a node has made may be
        a model's words, or a document's.
        """
        for message in messages:
            author = reading.author(message)
            if author is Author.MODEL or self._is_of_a_call(message):
                continue
            text = reading.text_of(message.content)
            if not self._is_new(str(message.type), hash(text)):
                continue
            if author is None:
                run.observe(reading.tool_result(message))
            else:
                run.message(Author.MODEL if author is Author.USER else author, text)

    def answered(self, run: LiveRun, message: Any) -> None:
        """A model has answered: of calls it is the reasoning; else it is heard as its words."""
        text, ids = reading.thoughts(message), reading.call_ids(message)
        with self._lock:
            self._last = text
            for call_id in filter(None, ids):
                _keep(self._thoughts, call_id, text, CALLS_LIMIT)
        if not ids:
            run.message(Author.MODEL, text)

    def stop(self, refusal: Refusal) -> None:
        """The agent was stopped or shut down."""
        self._refusal = self._refusal or refusal

    def let_speak(self) -> None:
        """Let a model be asked; that of a stopped agent once, to say so.

        Raises:
            ActionBlocked: it has been.
        """
        if self._refusal is None:
            return
        if self._has_spoken:
            raise self._refusal.error()
        self._has_spoken = True

    def gave(self, text: str) -> None:
        """A tool that was called without an id gave this back, and was heard."""
        self._is_new("tool", hash(text))

    def _is_of_a_call(self, message: Any) -> bool:
        """Whether it is the result of a call that was heard when it was made."""
        with self._lock:
            return getattr(message, "tool_call_id", None) in self._run_calls

    def _is_new(self, kind: str, key: int) -> bool:
        with self._lock:
            if (kind, key) in self._heard:
                return False
            _keep(self._heard, (kind, key), None, HEARD_LIMIT)
            return True


class Conversations:
    """Those of all runs."""

    def __init__(self) -> None:
        self._of: WeakKeyDictionary[LiveRun, Conversation] = WeakKeyDictionary()
        self._lock = process_lock()

    def of(self, run: LiveRun) -> Conversation:
        """That of a run."""
        with self._lock:
            return self._of.setdefault(run, Conversation())


def _keep(kept: "OrderedDict[Any, Any]", key: object, value: object, limit: int) -> None:
    kept[key] = value
    if len(kept) > limit:
        kept.popitem(last=False)
