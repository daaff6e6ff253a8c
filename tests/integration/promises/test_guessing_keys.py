"""Guessing keys gets nowhere: it is slowed down, shuts no good key out, and no key is told to anybody."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import grpc
import httpx
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from sentric_analyzer.api import ApiServer, create_app
from sentric_analyzer.api.access import Access
from sentric_analyzer.api.failures import FREE, Failures
from sentric_analyzer.control import KeyRing, Scope
from sentric_analyzer.control.keys import new_secret
from sentric_analyzer.metrics import Metrics
from sentric_analyzer.receiver import Counter
from sentric_analyzer.storage import Store, embedded_url
from support.receiving import EXPORT, Receiving, answer_from, head_of, message_of, receiving, request_of, ring

GUESSES = 1000
FREE_GUESSES = 10
"""From one address at once, before it is told to wait."""


class Secret(str):
    """A key that nobody may compare with another: by the time that takes it could be found out."""

    __slots__ = ()

    def __eq__(self, other: object) -> NoReturn:
        raise AssertionError("the key itself was compared")

    def __hash__(self) -> NoReturn:
        raise AssertionError("the key itself was looked up")


def test_keys_are_found_by_their_hash_alone() -> None:
    key = new_secret()
    keys = ring(**{key: Scope.READ})
    assert keys.find(Secret(key), 0)
    for guess in (key[:-1], key + "x", key.upper(), key.swapcase(), ""):
        assert keys.find(Secret(guess), 0) is None


# The receiver


def call(service: Receiving, key: str) -> bytes:
    with grpc.insecure_channel(service.grpc) as channel:
        metadata = (("authorization", f"Bearer {key}"),)
        return bytes(channel.unary_unary(EXPORT)(request_of("a"), timeout=20, metadata=metadata))


def guess(service: Receiving, key: str) -> bytes:
    with service.connect() as connection:
        connection.sendall(head_of(9, f"Authorization: Bearer {key}"))
        return answer_from(connection)


def send(service: Receiving, key: str) -> bytes:
    with service.connect() as connection:
        connection.sendall(message_of("a", extra=(f"Authorization: Bearer {key}",)))
        return answer_from(connection)


def test_a_thousand_guesses_are_told_to_wait_and_a_good_key_from_there_is_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    good = new_secret()
    with receiving(tmp_path, keys=ring(**{good: Scope.INGEST}), ingest_keys="required") as service:
        answers = [guess(service, f"canary-{number}") for number in range(GUESSES // 2)]
        assert send(service, good).startswith(b"HTTP/1.1 200 ")
        answers += [guess(service, f"canary-{number}") for number in range(GUESSES // 2, GUESSES)]
        statuses = [int(answer[9:12]) for answer in answers]
        assert statuses[:FREE_GUESSES] == [401] * FREE_GUESSES
        assert statuses.count(429) > GUESSES * 0.9
        assert set(statuses) == {401, 429}
        assert re.search(rb"retry-after: \d+\r\n", answers[-1])

        with pytest.raises(grpc.RpcError) as caught:
            call(service, "canary-x")
        refusal: Any = caught.value
        details, info = dict(refusal.trailing_metadata())["grpc-status-details-bin"], RetryInfo()
        assert refusal.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert Status.FromString(details).details[0].Unpack(info)
        assert info.retry_delay.seconds > 0

        assert send(service, good).startswith(b"HTTP/1.1 200 ")
        assert call(service, good) == b""
        assert service.counts[Counter.REFUSED, "unauthenticated"] == statuses.count(401)
        assert service.counts[Counter.REFUSED, "attempts"] == statuses.count(429) + 1

        metrics = Metrics()
        for (name, value), amount in service.counts.items():
            metrics.count(name, value, amount)
        told = [
            caplog.text,
            *capfd.readouterr(),
            metrics.text().decode(),
            b"".join(answers).decode(),
            details.decode("latin-1"),
        ]
    assert not [text for text in told if "canary" in text or good in text]


# The API


class Api:
    """The API, with one good key."""

    def __init__(self) -> None:
        self.good = new_secret()
        self.metrics = Metrics()
        self.access = Access(self._ring, key_needed=True, on_count=self.metrics.count)
        self.address = ""

    def _ring(self) -> KeyRing:
        return ring(**{self.good: Scope.READ})

    def ask(self, key: str, **headers: str) -> httpx.Response:
        stated = {"Authorization": f"Bearer {key}", **headers}
        return httpx.get(f"http://{self.address}/v1/runs", headers=stated, trust_env=False)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    api = Api()
    with Store.open(embedded_url(tmp_path_factory.mktemp("data"))) as store:
        app = create_app(store, str, access=api.access)
        with ApiServer(app, "127.0.0.1:0") as server:
            api.address = server.address
            yield api


@pytest.fixture(params=[True, False], ids=["everything takes a key", "as on loopback"])
def api(served: Api, request: pytest.FixtureRequest) -> Api:
    served.access.key_needed = request.param
    served.metrics = Metrics()
    served.access.on_count = served.metrics.count
    served.access.failures = Failures(lambda: 0.0)  # time stands still
    return served


def test_who_tries_keys_at_the_api_is_slowed_down_and_who_has_one_is_not(
    api: Api, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    answers = [api.ask(f"canary-{number}") for number in range(FREE)]
    assert [answer.status_code for answer in answers] == [401] * FREE
    slowed = api.ask("canary-x")
    assert (slowed.status_code, slowed.headers["retry-after"]) == (429, "1")
    assert api.ask(api.good).status_code == 200
    metrics = api.metrics.text().decode()
    assert 'sentric_api_refused_total{reason="slowed"} 1.0' in metrics
    told = [caplog.text, *capfd.readouterr(), metrics, *(answer.text for answer in (*answers, slowed))]
    assert not [text for text in told if "canary" in text or api.good in text]


def test_a_sender_cannot_choose_the_address_that_is_counted(api: Api) -> None:
    statuses = [api.ask(new_secret(), **{"X-Forwarded-For": f"192.0.2.{n}"}).status_code for n in range(FREE + 1)]
    assert statuses == [401] * FREE + [429]
