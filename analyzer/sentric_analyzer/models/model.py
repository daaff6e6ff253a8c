import asyncio
import concurrent.futures
import json
import re
import threading
import time
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

import can_ada
from pydantic import BaseModel

from sentric.errors import SettingError
from sentric.settings import Settings
from sentric_analyzer.models.errors import ModelError

if TYPE_CHECKING:
    from sentric_analyzer.models.connection import Connection, Said

P = TypeVar("P", bound=BaseModel)

_FENCED = re.compile(r"\s*```(?:json|JSON)?[ \t]*\n(.*)\n[ \t]*```\s*", re.DOTALL)
_SHAPE = "Answer with one JSON object of this schema, and with nothing else: {schema}"
_CLOSED = "is not asked any more: the service ends"
_CLOSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Reply(Generic[P]):
    """What a model has answered."""

    value: P
    model: str
    """Its name."""
    input_tokens: int
    """0 where the server does not say."""
    output_tokens: int
    seconds: float
    """How long the call took."""


class Model:
    """A model that answers in a given shape. Any thread may ask it, and several at once.

    The client is loaded by a thread of its own, since that takes seconds, and all calls are made there.

    Args:
        url: base URL of an OpenAI-compatible API.
        name: of the model there.
        key: sent as a bearer token; "" for none.
    """

    def __init__(self, url: str, name: str, key: str = "") -> None:
        self.name = name
        self._url, self._key = url, key
        self._connection: Connection | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="sentric-model", daemon=True)
        self._thread.start()

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """The model that the settings name; None where they name none.

        Raises:
            SettingError: what they say of it cannot be used.
        """
        if not settings.model_url:
            return None
        _check_url(settings.model_url)
        if not settings.model:
            raise SettingError("model_url is given and model is empty: name the model with SENTRIC_MODEL")
        if settings.model_key and not (settings.model_key.isascii() and settings.model_key.isprintable()):
            raise SettingError("model_key: must be printable ASCII characters, as it is sent in a header")
        if find_spec("openai") is None:
            raise SettingError("model_url needs a client: pip install 'sentric[models]'")
        return cls(settings.model_url, settings.model, settings.model_key)

    def ask(self, instructions: str, content: str, shape: type[P], *, seconds: float, tokens: int = 512) -> Reply[P]:
        """Ask for an answer of a shape.

        Args:
            instructions: what the model is to do, in our own words.
            content: what it is to look at; what others wrote belongs into it, `quoted`.
            shape: what the answer must be: anything else is no answer.
            seconds: most that the whole call may take.
            tokens: most that the model may write.

        Raises:
            ModelError: there is no answer of that shape.
        """
        began = time.perf_counter()
        said = self._said(self._asked(instructions, content, shape, seconds, tokens), seconds)
        value = _read(said.text, shape)
        if value is None:
            raise self._error("answered in another shape than it was asked for")
        return Reply(value, self.name, said.input_tokens, said.output_tokens, time.perf_counter() - began)

    def close(self) -> None:
        """End all calls."""
        if self._loop.is_closed():
            return
        with suppress(TimeoutError, concurrent.futures.CancelledError):
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(_CLOSE_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_CLOSE_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _said(self, call: Coroutine[Any, Any, "Said"], seconds: float) -> "Said":
        try:
            asked = asyncio.run_coroutine_threadsafe(call, self._loop)
        except RuntimeError:
            call.close()
            raise self._error(_CLOSED) from None
        try:
            return asked.result(seconds)
        except TimeoutError:
            asked.cancel()
            raise self._error(f"did not answer within {seconds:g} seconds") from None
        except concurrent.futures.CancelledError:
            raise self._error(_CLOSED) from None
        except ModelError as error:
            raise self._error(str(error)) from None

    def _error(self, why: str) -> ModelError:
        return ModelError(f"the model {' '.join(self.name.split())} {why}")

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.call_soon(self._load)
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()

    def _load(self) -> None:
        with suppress(ImportError):  # which whoever asks is told
            self._connected()

    def _connected(self) -> "Connection":
        if self._connection is None:
            from sentric_analyzer.models.connection import Connection

            self._connection = Connection(self._url, self._key, self.name)
        return self._connection

    async def _asked(
        self, instructions: str, content: str, shape: type[BaseModel], seconds: float, tokens: int
    ) -> "Said":
        try:
            connection = self._connected()
        except ImportError as error:
            raise ModelError(f"cannot be asked, as the client cannot be loaded ({type(error).__name__})") from None
        schema = shape.model_json_schema()
        told = f"{instructions}\n\n{_SHAPE.format(schema=json.dumps(schema))}"
        return await connection.ask(
            _sendable(told), _sendable(content), shape.__name__.strip("_"), schema, seconds=seconds, tokens=tokens
        )

    async def _end(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        if self._connection is not None:
            await self._connection.close()


def _check_url(url: str) -> None:
    try:
        parsed = can_ada.parse(url)
    except ValueError:
        parsed = None
    if parsed is None or parsed.protocol not in ("http:", "https:"):
        raise SettingError("model_url: must be the base URL of an API, as https://HOST/v1")
    if parsed.username or parsed.password:
        raise SettingError("model_url: must not hold a password: give the key as model_key")


def _sendable(text: str) -> str:
    """The text without halves of characters, which cannot be sent."""
    return text.encode("utf-8", "replace").decode()


def _read(text: str, shape: type[P]) -> P | None:
    """The answer; None where it is of another shape. Models like to put JSON into a fence of Markdown."""
    fenced = _FENCED.fullmatch(text)
    stated = fenced[1] if fenced else text
    with suppress(ValueError, RecursionError):
        json.loads(stated, object_pairs_hook=_once)
        return shape.model_validate_json(stated, strict=True)
    return None


def _once(pairs: Sequence[tuple[str, Any]]) -> None:
    """Refuse what says the same twice: nobody knows which of it is meant."""
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a name stands twice")
