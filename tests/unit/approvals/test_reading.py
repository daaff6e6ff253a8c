"""What is stated about asking people is read strictly: all mistakes at once, each with its place and its cure."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentric.errors import SettingError
from sentric.policy.rule import Severity
from sentric.stated import Section
from sentric_analyzer.approvals.configuration import ChannelStated, Configuration, Kind, Route, Step, TelnyxStated
from sentric_analyzer.approvals.reading import configuration

PUBLIC_KEY = base64.b64encode(bytes(32)).decode()


def _number(stated: ChannelStated, telnyx: TelnyxStated | None) -> Iterator[tuple[str, str]]:
    if telnyx and stated.texts["number"] not in telnyx.numbers:
        yield "number", "is none of telnyx.numbers: add it there"


KINDS = {
    "chat": Kind(factory=lambda stated, surroundings: (), secrets=("url",), links=True),
    "phone": Kind(
        factory=lambda stated, surroundings: (),
        needs=("number",),
        knows=("language",),
        telnyx=True,
        mistakes=_number,
    ),
}
TELNYX: dict[str, object] = {
    "api_key": "KEY-secret",
    "public_key": PUBLIC_KEY,
    "connection_id": "1700000000000000001",
    "from": "+12025550100",
    "numbers": ["+4930123456"],
}
GOOD: dict[str, Any] = {
    "public_url": "https://sentric.example.org/",
    "channels": {
        "ops-chat": {"type": "chat", "url": "slack://secret-token", "person": "ops"},
        "duty-phone": {"type": "phone", "number": "+4930123456", "person": "ann", "language": "en-US"},
    },
    "telnyx": TELNYX,
    "routes": [
        {
            "projects": ["shop"],
            "tier": "high",
            "risk": 60,
            "rules": ["payment-*"],
            "steps": [{"channel": "duty-phone", "wait": 45}, {"channel": "ops-chat"}],
        },
        {"steps": [{"channel": "ops-chat"}]},
    ],
}


def read(stated: object, *, patience: float = 300.0, **environ: str) -> Configuration:
    section = Section("sentric.yaml: approvals", stated)
    return configuration(section, patience=patience, kinds=KINDS, environ=environ)


def mistakes(stated: object, **more: Any) -> list[str]:
    with pytest.raises(SettingError) as raised:
        read(stated, **more)
    return str(raised.value).splitlines()


def test_everything_that_is_stated_is_read() -> None:
    found = read(GOOD)
    assert found.public_url == "https://sentric.example.org"
    assert found.channels["ops-chat"] == ChannelStated(
        name="ops-chat",
        kind="chat",
        person="ops",
        where="sentric.yaml: approvals.channels.ops-chat",
        secrets={"url": "slack://secret-token"},
    )
    assert found.channels["duty-phone"].texts == {"number": "+4930123456", "language": "en-US"}
    assert found.telnyx == TelnyxStated(
        api_key="KEY-secret",
        public_key=PUBLIC_KEY,
        connection_id="1700000000000000001",
        from_number="+12025550100",
        numbers=frozenset({"+4930123456"}),
    )
    assert found.routes == (
        Route(
            projects=("shop",),
            tier=Severity.HIGH,
            risk=60,
            rules=("payment-*",),
            steps=(Step("duty-phone", 45.0), Step("ops-chat", None)),
        ),
        Route(steps=(Step("ops-chat", None),)),
    )


def test_nothing_stated_is_nothing() -> None:
    assert configuration(Section(), patience=300.0) == Configuration()


def test_secrets_stand_in_no_repr_and_are_taken_out_of_texts() -> None:
    found = read(GOOD)
    assert "secret" not in repr(found)
    assert found.without_secrets("cannot reach slack://secret-token with KEY-secret") == "cannot reach … with …"


def with_channel(**channel: Any) -> dict[str, Any]:
    return {**GOOD, "channels": {**GOOD["channels"], "ops-chat": {"type": "chat", "person": "ops", **channel}}}


def test_a_secret_may_stand_in_a_file_or_in_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "url"
    path.write_text("slack://from-file\n")
    assert read(with_channel(url_file=str(path))).channels["ops-chat"].secrets == {"url": "slack://from-file"}
    found = read(with_channel(url_env="OPS_URL"), OPS_URL="slack://from-environment")
    assert found.channels["ops-chat"].secrets == {"url": "slack://from-environment"}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "cannot be read"),
        (b"", "must hold"),
        (b"a\nb", "must hold"),
        (b"\xff", "cannot be read"),
        (b"x" * 20_000, "must hold"),
    ],
)
def test_a_file_that_holds_no_secret(tmp_path: Path, content: bytes | None, why: str) -> None:
    path = tmp_path / "url"
    if content is not None:
        path.write_bytes(content)
    (mistake,) = mistakes(with_channel(url_file=str(path)))
    assert mistake.startswith(f"sentric.yaml: approvals.channels.ops-chat.url_file: the file {why}")
    assert str(path) not in mistake  # somebody may have put the secret itself there


OPS = "sentric.yaml: approvals.channels.ops-chat"


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (with_channel(), f"{OPS}: needs one of url, url_file and url_env"),
        (with_channel(url="s3cret", url_env="X"), f"{OPS}: states url and url_env: leave one"),
        (
            with_channel(url_env="OPS_URL"),
            f"{OPS}.url_env: the environment has no such variable, or it is empty: set it where the service starts",
        ),
        (with_channel(url=["s3cret"]), f"{OPS}.url: must be a text in one line: put it in quotes"),
        (with_channel(url="s3cret", persn="x"), f"{OPS}: unknown key 'persn': do you mean 'person'?"),
        (with_channel(url="s3cret", person=7), f"{OPS}.person: must be a text in one line: put it in quotes"),
        (with_channel(url="s3cret", type="pigeon"), f"{OPS}: type is 'pigeon': use one of chat, phone"),
        (with_channel(url="s3cret", type=None), f"{OPS}: needs 'type': use one of chat, phone"),
        (
            {**GOOD, "public_url": "http://sentric.example.org"},
            "sentric.yaml: approvals.public_url: must be where people reach this service, as https://HOST or "
            "https://HOST/PATH; http alone for this machine's own addresses",
        ),
        (
            {**GOOD, "telnyx": {**TELNYX, "from": 49301234567}},
            "sentric.yaml: approvals.telnyx.from: must be a text in one line: put it in quotes",
        ),
        (
            {**GOOD, "telnyx": {**TELNYX, "from": "030 123"}},
            'sentric.yaml: approvals.telnyx.from: is no number: write + and the digits, in quotes, like "+4930123456"',
        ),
        (
            {**GOOD, "telnyx": {**TELNYX, "numbers": ["+4930999999"]}},
            "sentric.yaml: approvals.channels.duty-phone.number: is none of telnyx.numbers: add it there",
        ),
        (
            {**GOOD, "telnyx": {**TELNYX, "public_key": "c2hvcnQ="}},
            "sentric.yaml: approvals.telnyx.public_key: must be the base64 of an Ed25519 public key, as the portal of "
            "Telnyx shows it",
        ),
        ({**GOOD, "routes": []}, "sentric.yaml: approvals.routes: must be a list with at least one entry"),
        ({**GOOD, "routes": {}}, "sentric.yaml: approvals.routes: must be a list with at least one entry"),
        (
            {**GOOD, "routes": [{"steps": [{"channel": "opschat"}]}]},
            "sentric.yaml: approvals.routes[0].steps[0].channel: there is no channel 'opschat': use one of ops-chat, "
            "duty-phone",
        ),
        (
            {**GOOD, "routes": [{"steps": [{"channel": "ops-chat"}, {"channel": "duty-phone"}]}]},
            "sentric.yaml: approvals.routes[0].steps[0]: needs 'wait': the seconds until it is the next step's turn",
        ),
        (
            {**GOOD, "routes": [{"steps": [{"channel": "ops-chat", "wait": 60}]}]},
            "sentric.yaml: approvals.routes[0].steps[0].wait: the last step waits until the approval expires: leave it "
            "out",
        ),
        (
            {**GOOD, "routes": [{"steps": [{"channel": "ops-chat", "wait": 0}, {"channel": "duty-phone"}]}]},
            "sentric.yaml: approvals.routes[0].steps[0].wait: must be a number from 1 to 86400",
        ),
        (
            {**GOOD, "routes": [{"steps": [{"channel": "ops-chat", "wait": 300}, {"channel": "duty-phone"}]}]},
            "sentric.yaml: approvals.routes[0].steps[1]: never comes: the steps before it take 300 s, and approvals "
            "expire after 300 s: make those shorter, or approval_timeout longer",
        ),
        (
            {**GOOD, "routes": [{"steps": [{"channel": "ops-chat"}]}] * 2},
            "sentric.yaml: approvals.routes[1]: is never taken: sentric.yaml: approvals.routes[0] is for every "
            "approval, and stands before it: put that last",
        ),
        (
            {**GOOD, "routes": [{"tier": "huge", "steps": [{"channel": "ops-chat"}]}]},
            "sentric.yaml: approvals.routes[0].tier: is no tier: use one of low, medium, high, critical",
        ),
        (
            {**GOOD, "routes": [{"risk": True, "steps": [{"channel": "ops-chat"}]}]},
            "sentric.yaml: approvals.routes[0].risk: must be a whole number from 1 to 1000",
        ),
        ("everybody", "sentric.yaml: approvals: must be a mapping of names to values"),
    ],
)
def test_a_mistake_has_its_place_and_its_cure(stated: object, expected: str) -> None:
    found = mistakes(stated)
    assert found == [expected]
    assert "s3cret" not in found[0]


SECRET = "json://ops:s3cret@chat.example.org/a"


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (with_channel(type=SECRET), f"{OPS}: type is (not repeated here): use one of chat, phone"),
        (
            with_channel(**{f"url:{SECRET}": None}, url="x"),
            f"{OPS}: unknown key (not repeated here): use some of type, person, url, url_file, url_env",
        ),
        (
            {**GOOD, "channels": {**GOOD["channels"], SECRET: {"type": "chat"}}},
            "sentric.yaml: approvals.channels: entry 3 has no name that can be used: up to 64 of A-Z a-z 0-9 _ . -, "
            "beginning with a letter or digit",
        ),
        (
            {**GOOD, "routes": [{"steps": [{"channel": SECRET}]}]},
            "sentric.yaml: approvals.routes[0].steps[0].channel: there is no channel (not repeated here): use one of "
            "ops-chat, duty-phone",
        ),
        (
            {**GOOD, "telnyx": {**TELNYX, "from": "KEYs3cret"}},
            'sentric.yaml: approvals.telnyx.from: is no number: write + and the digits, in quotes, like "+4930123456"',
        ),
    ],
)
def test_a_secret_that_stands_where_it_does_not_belong_is_not_repeated(stated: object, expected: str) -> None:
    assert mistakes(stated) == [expected]
    assert "s3cret" not in expected


def test_what_a_kind_needs_beside_its_channels() -> None:
    without = {key: value for key, value in GOOD.items() if key not in ("public_url", "telnyx")}
    assert mistakes(without) == [
        f"{OPS}: a channel of type chat needs `public_url` beside `channels`",
        "sentric.yaml: approvals.channels.duty-phone: a channel of type phone needs `telnyx` beside `channels`",
    ]


def test_all_mistakes_are_told_at_once() -> None:
    stated = {
        "chanels": {},
        "channels": {"a b": {}, "ops": {"type": "chat"}, 7: {}},
        "telnyx": {"api_key_env": "NOT_THERE"},
        "routes": [{"step": []}, {"steps": [{"chanel": "x"}]}],
    }
    found = mistakes(stated)
    assert len(found) == 15
    assert all(line.startswith("sentric.yaml: approvals") for line in found)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.integers(), inner, max_size=3),
    max_leaves=12,
)
ODD = st.recursive(
    VALUES,
    lambda inner: (
        st.dictionaries(
            st.sampled_from(
                [*GOOD, *TELNYX, "type", "url", "url_file", "url_env", "person", "number", "steps", "channel", "wait"]
            ),
            inner | st.sampled_from(["chat", "phone", "ops-chat", "high", "https://[", "https://h:99999", "/dev/null"]),
            max_size=5,
        )
        | st.lists(inner, max_size=3)
    ),
    max_leaves=20,
)


@given(ODD)
def test_nothing_that_is_stated_breaks_the_reading(stated: object) -> None:
    error = _error_of(stated)
    assert all(line.startswith("sentric.yaml: approvals") for line in error.splitlines())


def _error_of(stated: object) -> str:
    try:
        read(stated)
    except SettingError as error:
        return str(error)
    return ""
