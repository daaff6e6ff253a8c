"""One request to an OpenAI-compatible API, bounded in size. The client takes seconds to be imported."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import openai
from pydantic import BaseModel, Field, ValidationError

from sentric_analyzer.models.errors import ModelError

LONGEST_ANSWER = 1 << 18
"""Most bytes of an answer, as it comes."""
_MOST_TOKENS = 1 << 24
"""Most tokens of one call that are counted."""
_NOT_UNDERSTOOD = frozenset({400, 422})
"""Statuses of servers that do not take a request of this form."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a model has said."""

    text: str
    input_tokens: int
    output_tokens: int


class Connection:
    """Asks one model. To be used in one event loop.

    Args:
        url: base URL of the API.
        key: sent as a bearer token; "" for none.
        model: its name there.
    """

    def __init__(self, url: str, key: str, model: str) -> None:
        self._model = model
        self._headers: dict[str, str | openai.Omit] = {
            "Authorization": f"Bearer {key}" if key else openai.omit,
            "Accept-Encoding": "identity",  # so that what comes is as large as what is read
            "OpenAI-Organization": openai.omit,  # which the environment may hold, for somebody else
            "OpenAI-Project": openai.omit,
        }
        self._client = openai.AsyncOpenAI(
            api_key=key or "none",
            base_url=url,
            max_retries=0,
            http_client=openai.DefaultAsyncHttpxClient(
                follow_redirects=False, event_hooks={"response": [_refuse_unless_usable]}
            ),
        )
        self._create = self._client.chat.completions.with_streaming_response.create  # loads what it needs
        self._form = 0

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()

    async def ask(
        self, instructions: str, content: str, name: str, schema: Mapping[str, Any], *, seconds: float, tokens: int
    ) -> Said:
        """What the model says.

        Servers do not take the same forms of a request: the one that was taken last is tried first.

        Raises:
            ModelError: it says nothing that can be used.
        """
        messages = [{"role": "system", "content": instructions}, {"role": "user", "content": content}]
        forms = _forms(name, schema, tokens)
        tried = [*range(self._form, len(forms)), *range(self._form)]
        for number in tried[:-1]:
            try:
                said = await self._asked(messages, forms[number], seconds)
            except _Unusable as error:
                if error.status not in _NOT_UNDERSTOOD:
                    raise ModelError(error.why) from None
            else:
                self._form = number
                return said
        try:
            return await self._asked(messages, forms[tried[-1]], seconds)
        except _Unusable as error:
            raise ModelError(error.why) from None

    async def _asked(self, messages: list[dict[str, str]], form: Mapping[str, Any], seconds: float) -> Said:
        request: Any = {"model": self._model, "messages": messages, **form}
        try:
            async with self._create(**request, extra_headers=self._headers, timeout=seconds) as answer:
                return _said(await _read(answer))
        except openai.APITimeoutError:
            raise ModelError(f"did not answer within {seconds:g} seconds") from None
        except openai.OpenAIError as error:
            if isinstance(error.__cause__, _Unusable):
                raise error.__cause__ from None
            why = type(error.__cause__ or error).__name__
            raise ModelError(f"cannot be reached ({why}): check model_url") from None
        except (ModelError, _Unusable):
            raise
        except Exception as error:  # noqa: BLE001  # of whatever transport the client uses, while the answer is read
            raise ModelError(f"did not answer to the end ({type(error).__name__})") from None


class _Unusable(Exception):  # noqa: N818  # says what the answer is
    """An answer of which nothing more is read."""

    def __init__(self, why: str, status: int) -> None:
        super().__init__(why)
        self.why, self.status = why, status


async def _refuse_unless_usable(answer: Any) -> None:
    """Look at the head of an answer: of one that is no success nothing is read, as nobody knows how much comes."""
    status = int(answer.status_code)
    if status in (401, 403):
        raise _Unusable(f"answered with status {status}: check model_key", status)
    if status == 404:
        raise _Unusable("answered with status 404: check model_url and model", status)
    if 300 <= status < 400:
        raise _Unusable(f"answered with status {status}: redirects are not followed, check model_url", status)
    if not 200 <= status < 300:
        raise _Unusable(f"answered with status {status}", status)
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise _Unusable("answered with a compressed body, which was not asked for", status)


async def _read(answer: Any) -> bytes:
    body = bytearray()
    async for part in answer.iter_bytes():
        body += part
        if len(body) > LONGEST_ANSWER:
            raise ModelError(f"answered with more than {LONGEST_ANSWER} bytes")
    return bytes(body)


class _Message(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Usage(BaseModel):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Completion(BaseModel):
    choices: list[_Choice] = Field(min_length=1)
    usage: _Usage | None = None


def _said(body: bytes) -> Said:
    try:
        completion = _Completion.model_validate_json(body)
    except ValidationError:
        raise ModelError("answered with what is no chat completion: check model_url") from None
    choice, usage = completion.choices[0], completion.usage or _Usage()
    if choice.finish_reason == "length":
        raise ModelError("did not come to an end within the tokens it may write")
    if not choice.message.content:
        raise ModelError("answered with no text")
    return Said(choice.message.content, _tokens(usage.prompt_tokens), _tokens(usage.completion_tokens))


def _tokens(stated: int | None) -> int:
    """How many tokens a server says it took, as far as that can be."""
    return min(max(stated or 0, 0), _MOST_TOKENS)


def _forms(name: str, schema: Mapping[str, Any], tokens: int) -> tuple[dict[str, Any], ...]:
    """The ways to say the same: most servers take the first, old ones the second, models that reason the third."""
    shaped = {"type": "json_schema", "json_schema": {"name": name, "schema": schema, "strict": True}}
    return (
        {"response_format": shaped, "max_tokens": tokens, "temperature": 0},
        {"max_tokens": tokens, "temperature": 0},
        {"response_format": shaped, "max_completion_tokens": tokens},
    )
