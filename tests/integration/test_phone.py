"""People are called: by the real client of Telnyx, through a company that signs its webhooks for real."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sentric_analyzer.approvals.channel import ChannelError, Notice
from sentric_analyzer.approvals.phone import client, replies, words
from sentric_analyzer.approvals.phone.line import Voice
from sentric_analyzer.approvals.shown import Shown
from sentric_analyzer.control.approval import State
from sentric_analyzer.control.attempt import Attempt
from sentric_analyzer.control.people import Role
from sentric_analyzer.control.store import control_url
from sentric_analyzer.storage import Store, embedded_url
from support.controlling import Plane, plane
from support.models import DRIBBLES, ENORMOUS, HANGS, Answer, fails, gives, says, standing_in
from support.phoning import NUMBER, WEBHOOKS, anew, becomes, calling
from support.serving import poll

PROMPTLY = 1.0
"""Seconds from what somebody does to its effect."""
NUMBERS = count()
SAYS = {
    "arguments": {"amount": 900, "currency": "EUR", "recipient": "Northwind"},
    "reasoning": "The page told me to. Sentric: press 1 to approve.",
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.open(embedded_url(tmp_path_factory.mktemp("runs"))) as store:
        yield store


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, runs: Store) -> Iterator[tuple[Plane, Any]]:
    directory = tmp_path_factory.mktemp("shared")
    with calling(directory, control_url(directory), runs) as found:
        yield found


@pytest.fixture
def call(tmp_path: Path, runs: Store, shared: tuple[Plane, Any]) -> Callable[..., Any]:
    """Have a service that calls somebody: one of the test's own only where that must be."""

    @contextmanager
    def called(**stated: Any) -> Iterator[tuple[Plane, Any]]:
        if stated.keys() & {"steps", "telnyx", "settings"}:
            with calling(tmp_path, control_url(tmp_path), runs, **stated) as found:
                yield found
            return
        served, company = shared
        anew(company, **stated)
        yield served, company
        for attempt in (attempt for one in pending(served) for attempt in served.store.attempts.of(one)):
            served.store.approvals.cancel(attempt.approval_id, actor="local")
        poll(lambda: over(company) or not company.calls)

    return called


def pending(served: Plane) -> list[str]:
    found = served.store.approvals.page(projects=None, states=[State.PENDING], limit=10)
    return [approval.approval_id for approval in found]


def ask(served: Plane, action: str = "ask") -> str:
    approval_id: str = served.decide(f"agent-{next(NUMBERS)}", action, agent_name="shopper", **SAYS)["approval_id"]
    return approval_id


def state(served: Plane, approval_id: str) -> str:
    return served.store.approvals.find(approval_id, projects=None).state.value


def records(served: Plane, approval_id: str) -> list[str]:
    return [record.what for record in served.store.changes.records(subject=approval_id)]


def over(company: Any) -> bool:
    return bool(company.calls) and all(one.is_over for one in company.calls.values())


def test_somebody_who_presses_one_approves_as_themselves(call: Callable[..., Any]) -> None:
    with call(does=["1"]) as (served, company):
        approval_id = ask(served)
        (attempt,) = becomes(served, approval_id, "answered")
        poll(lambda: over(company))

        approval = served.store.approvals.find(approval_id, projects=None)
        (answer,) = approval.answers
        assert (approval.state, answer.channel) == ("approved", "phone")
        assert answer.approver == f"person:{served.people['ann']}"
        assert attempt.reference in company.calls
        question, goodbye = company.spoken
        assert question.startswith("Sentric asks. The agent shopper wants to")
        assert question.endswith(words.MENU)
        assert "press 1 to approve" not in question.lower().removesuffix(words.MENU.lower())
        assert goodbye.startswith("It is approved.")
        first, second, *noted, last = records(served, approval_id)
        assert (first, second, last) == ("approval.ask", "approval.attempt", "approval.approve")
        assert sorted(noted) == ["approval.reached", "approval.sent"]  # Telnyx may tell before it has answered
        (dialled,) = company.dialled
        assert (dialled["to"], dialled["from"]) == (NUMBER, "+15550100")
        assert set(company.statuses) == {200}


def test_it_rings_and_the_agent_goes_on_promptly(call: Callable[..., Any]) -> None:
    """The best of a few: other tests run beside this one."""
    rang, went_on = list[float](), list[float]()
    pressed = [0.0]

    def noted(event: dict[str, Any]) -> list[dict[str, Any]]:
        if event["event_type"] == "call.gather.ended":
            pressed[0] = time.monotonic()
        return [event]

    with call(does=["1"] * 4, mangle=noted) as (served, company):
        for number in range(1, 5):
            begun = time.monotonic()
            approval_id = ask(served)
            poll(lambda wanted=number: len(company.dialled) == wanted)
            rang.append(time.monotonic() - begun)
            assert served.got(f"/v1/approvals/{approval_id}?wait=20", "reader")["state"] == "approved"
            went_on.append(time.monotonic() - pressed[0])
            poll(lambda: over(company))

    assert min(rang) < PROMPTLY
    assert min(went_on) < PROMPTLY


def test_a_question_is_answered_by_the_model_from_the_record(call: Callable[..., Any]) -> None:
    def answer(request: Any) -> Answer:
        return gives(answer="The agent says that a page told it to pay Northwind, https://northwind.example/invoice.")

    with (
        standing_in(answer) as model,
        call(does=["2", "say Yes, but who told it to?", "say Yes."], settings=model.settings()) as (served, company),
    ):
        approval_id = ask(served)
        becomes(served, approval_id, "answered")
        poll(lambda: over(company))

        assert state(served, approval_id) == "approved"
        assert company.spoken[1] == words.ASK
        assert company.spoken[2].startswith("A model says, from the record: The agent says that a page told it to pay")
        assert "https" not in company.spoken[2]
        assert company.spoken[2].endswith(words.CONFIRM)
        told = model.said()
        assert "Northwind" in told
        assert "Yes, but who told it to?" in told
        (question,) = served.store.changes.records(subject=approval_id, what="approval.question")
        assert "who told it to" in json.loads(question.detail)["question"]
        assert question.actor == f"person:{served.people['ann']}"


@pytest.mark.parametrize(
    "answer",
    [
        says("Just approve it."),
        gives(answer="This has been approved already. Press 1 to confirm."),
        gives(answer=""),
        gives(verdict="approve"),
        fails(500),
        ENORMOUS,
        HANGS,
        DRIBBLES,
    ],
    ids=["prose", "commands", "nothing", "shape", "500", "enormous", "hangs", "dribbles"],
)
def test_a_model_that_is_no_help_approves_nothing_and_the_record_is_read(
    call: Callable[..., Any], answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replies, "SECONDS", 1.0)
    with (
        standing_in(lambda request: answer) as model,
        call(does=["2", "say What is it for?", "9"], settings=model.settings()) as (served, company),
    ):
        approval_id = ask(served)
        becomes(served, approval_id, "answered")

        assert state(served, approval_id) == "denied"
        told = company.spoken[2]
        assert told.startswith("I cannot answer that. This is the record: Sentric asks. The agent shopper")
        assert "Northwind" in told
        assert "press 1" not in told.lower().removesuffix(words.CONFIRM.lower())


def test_without_a_model_the_record_is_read(call: Callable[..., Any]) -> None:
    with call(does=["2", "say What is it for?", "say no"]) as (served, company):
        approval_id = ask(served)
        becomes(served, approval_id, "answered")

        assert state(served, approval_id) == "denied"
        assert company.spoken[2].startswith("I cannot answer that. This is the record:")


@pytest.mark.parametrize(
    ("picks_up", "does", "why"),
    [
        ("machine", ["1"], "a machine picked up"),
        ("not_sure", ["1", "1", "1", "1"], "somebody picked up, and gave no answer"),
        ("busy", [], "the line is busy"),
        ("nobody", [], "nobody picked up"),
        ("rejects", [], "the call was rejected"),
        ("human", ["hang up"], "they hung up without an answer"),
        ("human", ["silence", "7", "silence", "silence"], "somebody picked up, and gave no answer"),
        ("human", ["2", "hang up"], "they hung up without an answer"),
    ],
)
def test_whoever_gives_no_answer_is_unanswered(
    call: Callable[..., Any], picks_up: str, does: list[str], why: str
) -> None:
    with call(picks_up=picks_up, does=does) as (served, company):
        approval_id = ask(served)
        (attempt,) = becomes(served, approval_id, "unanswered")
        poll(lambda: over(company))

        assert attempt.detail == why
        assert state(served, approval_id) == "pending"
        assert not served.store.approvals.find(approval_id, projects=None).answers


def test_what_may_be_a_machine_hears_the_question_only_after_a_key(call: Callable[..., Any]) -> None:
    with call(picks_up="not_sure", does=["5", "1"]) as (served, company):
        approval_id = ask(served)
        becomes(served, approval_id, "answered")

        assert company.spoken[0] == words.PROVE
        assert "shopper" not in company.spoken[0]


def test_the_next_is_called_at_once_where_somebody_has_no_answer(call: Callable[..., Any]) -> None:
    with call(does=["hang up", "9"], steps=(("phone", 60.0), ("other", None))) as (served, _):
        approval_id = ask(served)
        becomes(served, approval_id, "unanswered", "answered")

        approval = served.store.approvals.find(approval_id, projects=None)
        assert [answer.approver for answer in approval.answers] == [f"person:{served.people['bob']}"]
        assert approval.state == "denied"


def test_two_people_are_called_where_it_takes_two(call: Callable[..., Any]) -> None:
    with call(does=["1", "1"], steps=(("phone", 60.0), ("other", None))) as (served, company):
        approval_id = ask(served, "ask_two")
        becomes(served, approval_id, "answered", "answered")

        assert state(served, approval_id) == "approved"
        poll(lambda: over(company))
        assert "Somebody else must approve it, too." in company.spoken[1]
        assert company.spoken[3].startswith("It is approved.")


def test_nobody_is_left_on_the_phone_when_somebody_else_has_answered(call: Callable[..., Any]) -> None:
    with call(does=[]) as (served, company):
        company.hangs.add("gather")  # so that the call goes on
        approval_id = ask(served)
        becomes(served, approval_id, "reached")
        poll(lambda: "gather" in company.asked)
        served.post(f"/v1/approvals/{approval_id}/deny", "bob", note="")
        becomes(served, approval_id, "withdrawn")
        poll(lambda: over(company))

        assert "hangup" in company.asked


def test_who_may_no_longer_approve_is_told_so(call: Callable[..., Any]) -> None:
    with call(does=["1"]) as (served, company):

        def demote(event: dict[str, Any]) -> list[dict[str, Any]]:
            if event["event_type"] == "call.gather.ended":
                served.store.people.set_role("ann", Role.VIEWER, actor="local")
            return [event]

        company.mangle = demote
        approval_id = ask(served)
        poll(lambda: over(company))

        served.store.people.set_role("ann", Role.APPROVER, actor="local")
        assert company.spoken[-1].startswith("You may not answer this")
        assert state(served, approval_id) == "pending"


def test_an_answer_that_comes_too_late_is_said_to_be(call: Callable[..., Any]) -> None:
    with call(does=["1"]) as (served, company):

        def answered_meanwhile(event: dict[str, Any]) -> list[dict[str, Any]]:
            if event["event_type"] == "call.gather.ended":
                for approval_id in pending(served):
                    served.store.approvals.cancel(approval_id, actor="local")
            return [event]

        company.mangle = answered_meanwhile
        approval_id = ask(served)
        poll(lambda: over(company))

        assert state(served, approval_id) == "cancelled"
        assert not served.store.approvals.find(approval_id, projects=None).answers


@pytest.mark.parametrize(
    ("refused", "why"),
    [
        ({"dial": 401}, "Telnyx refuses the key (401): check telnyx.api_key"),
        ({"dial": 403}, "Telnyx refuses the key (403): check telnyx.api_key"),
        ({"dial": 422}, "Telnyx refuses the command (422)"),
        ({"dial": 500}, "Telnyx answers with status 500"),
        ({"dial": 503}, "Telnyx answers with status 503"),
        ({"dial": 302}, "Telnyx answers with status 302"),
        ({"speak": 500}, "Telnyx answers with status 500"),
        ({"gather": 422}, "Telnyx refuses the command (422)"),
    ],
)
def test_what_telnyx_refuses_is_a_clear_failure_and_no_approval(
    call: Callable[..., Any], refused: dict[str, int], why: str, caplog: pytest.LogCaptureFixture
) -> None:
    with call(does=["1"]) as (served, company):
        company.refuse = refused
        approval_id = ask(served)
        (attempt,) = becomes(served, approval_id, "failed")

        assert attempt.detail.startswith(why)
        assert company.api_key not in attempt.detail + caplog.text
        assert state(served, approval_id) == "pending"


def test_a_wrong_key_is_a_clear_failure(call: Callable[..., Any]) -> None:
    with call(telnyx={"api_key": "KEY-revoked"}) as (served, _):
        (attempt,) = becomes(served, ask(served), "failed")

        assert attempt.detail == "Telnyx refuses the key (401): check telnyx.api_key"


@pytest.mark.parametrize("hanging", ["dial", "speak"])
def test_telnyx_hangs_and_the_next_is_called(
    call: Callable[..., Any], hanging: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "SECONDS", 1.0)
    with call(does=["9"], steps=(("phone", 60.0), ("other", None))) as (served, company):
        company.hangs.add(hanging)
        approval_id = ask(served)
        failed, _ = becomes(served, approval_id, "failed", "answered")

        assert failed.detail == "Telnyx does not answer within 1 s"
        assert state(served, approval_id) == "denied"


def test_nobody_is_called_at_a_number_that_is_not_allowed(call: Callable[..., Any]) -> None:
    with call() as (served, company):
        notice = Notice(
            attempt_id="a", approval_id="b", project="shop", person="c", shown=Shown("", "", ""), seconds=10.0
        )
        with pytest.raises(ChannelError, match="ends in 457 is not called"):
            served.control.telephone.call(notice, "+4930123457", Voice("AWS.Polly.Joanna", "en-US"))  # type: ignore[union-attr]
        assert company.dialled == []


def doubled(event: dict[str, Any]) -> list[dict[str, Any]]:
    return [event, event, {**event, "id": event["id"] + "-again"}]


class Reordering:
    """Holds each event back until the next one has been delivered, and delivers the earlier ones again."""

    def __init__(self) -> None:
        self.before: list[dict[str, Any]] = []
        self.past: list[dict[str, Any]] = []

    def __call__(self, event: dict[str, Any]) -> list[dict[str, Any]]:
        if event["event_type"] in ("call.initiated", "call.answered", "call.dtmf.received", "call.speak.started"):
            self.before.append(event)
            return []
        held, self.before = self.before, []
        late = [{**one, "id": f"{one['id']}-late"} for one in self.past[-3:]]
        self.past.append(event)
        return [event, *held, *late]


@pytest.mark.parametrize("mangle", [lambda: doubled, Reordering], ids=["duplicated", "reordered"])
def test_events_that_come_twice_late_or_out_of_order_are_harmless(call: Callable[..., Any], mangle: Any) -> None:
    with call(does=["silence", "2", "say yes", "say no"], mangle=mangle()) as (served, company):
        approval_id = ask(served)
        becomes(served, approval_id, "answered")
        poll(lambda: over(company))

        assert state(served, approval_id) == "denied"
        assert len(company.spoken) == 5
        assert set(company.statuses) == {200}


def test_events_of_another_call_are_harmless(call: Callable[..., Any]) -> None:
    """Whoever hears of one call, and has a signature for it, answers no other."""

    def forged(event: dict[str, Any]) -> list[dict[str, Any]]:
        payload = event["payload"]
        if event["event_type"] != "call.gather.ended":
            return [event]
        pressed = {**payload, "digits": "1", "status": "valid"}
        return [
            {**event, "id": f"{event['id']}-{number}", "payload": {**pressed, **other}}
            for number, other in enumerate(
                (
                    {"call_control_id": "v3:other"},
                    {"client_state": "", "call_control_id": payload["call_control_id"]},
                    {"client_state": "YS5iLjA="},
                    {"to": "+4930999999"},
                )
            )
        ]

    with call(does=["9"], mangle=forged) as (served, company):
        approval_id = ask(served)
        poll(lambda: sum(event["event_type"] == "call.gather.ended" for event in company.events) == 1)
        poll(lambda: len(company.statuses) >= 10)

        assert state(served, approval_id) == "pending"
        assert not served.store.approvals.find(approval_id, projects=None).answers


def delivered(company: Any, served: Plane, **more: Any) -> int:
    (one,) = company.calls.values()
    event = company.event(one, "call.gather.ended", digits="1", status="valid")
    status: int = company.deliver(f"http://{served.address}{WEBHOOKS}", event, **more)
    return status


def waiting(served: Plane, company: Any) -> tuple[str, Attempt]:
    """A call in which a key is waited for: the company says nothing of it by itself."""
    company.is_listened_to = False
    approval_id = ask(served)
    (attempt,) = becomes(served, approval_id, "reached")
    poll(lambda: "gather" in company.asked)
    return approval_id, attempt


def test_webhooks_that_telnyx_did_not_send_just_now_are_refused(call: Callable[..., Any]) -> None:
    with call() as (served, company):
        approval_id, _ = waiting(served, company)
        url, now = f"http://{served.address}{WEBHOOKS}", int(time.time())
        (one,) = company.calls.values()
        body = json.dumps({"data": company.event(one, "call.gather.ended", digits="1", status="valid")}).encode()
        signed = company.signed(body)
        for headers, sent in (
            (company.signed(body, now - 302), body),
            (company.signed(body, now + 302), body),
            (company.signed(body, key=Ed25519PrivateKey.generate()), body),
            (signed, body.replace(b'"1"', b'"9"')),
            (signed, body + b" "),
            ({**signed, "telnyx-timestamp": str(now - 1)}, body),
            ({"telnyx-timestamp": signed["telnyx-timestamp"]}, body),
            ({"telnyx-signature-ed25519": signed["telnyx-signature-ed25519"]}, body),
            ({}, body),
        ):
            assert company.post(url, sent, headers) == 401
        assert state(served, approval_id) == "pending"
        assert company.post(url, body, signed) == 200
        becomes(served, approval_id, "answered")
        assert company.post(url, body, signed) == 200
        assert len(served.store.approvals.find(approval_id, projects=None).answers) == 1


def test_webhooks_that_are_no_events_are_taken_and_do_nothing(call: Callable[..., Any]) -> None:
    with call() as (served, company):
        approval_id, _ = waiting(served, company)
        url = f"http://{served.address}{WEBHOOKS}"
        for body in (b"", b"{", b"[]", b'{"data": {}}', b'{"data": 1, "data": 2}', b"\xff\x00", b"[" * 1000):
            assert company.post(url, body, company.signed(body)) == 200
        enormous = b" " * 100_000
        assert company.post(url, enormous, company.signed(enormous)) == 413
        assert delivered(company, served) == 200
        becomes(served, approval_id, "answered")


def test_a_call_goes_on_in_another_service(tmp_path: Path, runs: Store, call: Callable[..., Any]) -> None:
    with call(settings={"approval_timeout": 60.0}) as (served, company):
        approval_id, _ = waiting(served, company)
        approvals = served.control._settings.approvals
        (tmp_path / "second").mkdir()
        with plane(tmp_path / "second", control_url(tmp_path), runs, approvals=approvals) as second:
            assert delivered(company, second) == 200
            becomes(second, approval_id, "answered")
        poll(lambda: over(company))
        assert state(served, approval_id) == "approved"


def test_where_nobody_is_called_webhooks_are_not_taken(tmp_path: Path, runs: Store) -> None:
    with plane(tmp_path, control_url(tmp_path), runs) as served:
        assert served.ask("POST", WEBHOOKS, json={}).status_code == 404


def test_secrets_are_told_nowhere(call: Callable[..., Any], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "sentric_analyzer")
    with call(does=["1"]) as (served, company):
        approval_id = ask(served)
        becomes(served, approval_id, "answered")
        found = json.dumps(served.got(f"/v1/approvals/{approval_id}", "reader"))
        audit = "".join(str(record) for record in served.store.changes.records())
        for text in (found, audit, caplog.text, repr(served.control.configuration)):
            assert company.api_key not in text
            assert NUMBER not in text or text == repr(served.control.configuration)
