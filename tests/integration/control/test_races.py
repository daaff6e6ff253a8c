"""Many who want the same at the same moment, in one process or in several: one gets it."""

import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import Any, TypeVar

import pytest

from sentric_analyzer.control.approval import Said, State
from sentric_analyzer.control.approvals import Patience
from sentric_analyzer.control.errors import ApprovalStateError, NotAnApproverError
from sentric_analyzer.control.store import ControlStore
from support.deciding import Clock, asked, decider, grant, policy
from support.history import acted_out

THREADS = 32
BY = grant()
T = TypeVar("T")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def replicas(control_url: str, clock: Clock) -> Iterator[list[ControlStore]]:
    """Two that share one database."""
    with ExitStack() as stack:
        opened = [ControlStore.open(control_url, clock=clock, patience=Patience(100.0, 100.0)) for _ in range(2)]
        for store in opened:
            stack.enter_context(store)
        yield opened


def at_once(deeds: Sequence[Callable[[], T]]) -> list[T]:
    """Do things in threads of their own, all at the same moment."""
    ready = threading.Barrier(len(deeds))

    def wait(deed: Callable[[], T]) -> T:
        ready.wait()
        return deed()

    with ThreadPoolExecutor(len(deeds)) as threads:
        return list(threads.map(wait, deeds))


def ask(store: ControlStore, tool: str = "ask", agent_id: str = "a", **more: Any) -> dict[str, Any]:
    return decider(store, policy()).decide(asked(agent_id, tool, **more), project="shop", by=BY).answer


def answer(store: ControlStore, approval_id: str, who: str, said: Said = Said.APPROVE) -> str:
    """What comes of an answer: the state after it, or why not."""
    try:
        return store.approvals.answer(approval_id, said, approver=f"person:{who}", actor=f"person:{who}").state.value
    except (ApprovalStateError, NotAnApproverError) as error:
        return type(error).__name__


def test_an_approval_that_all_want_to_use_at_once_is_used_once(replicas: list[ControlStore]) -> None:
    approval_id = ask(replicas[0])["approval_id"]
    answer(replicas[1], approval_id, "ann")
    told = at_once([partial(ask, replicas[n % 2], approval_id=approval_id) for n in range(THREADS)])
    assert Counter(one["decision"] for one in told) == {"allow": 1, "block": THREADS - 1}
    assert Counter(one["allowed"] for one in told) == {True: 1, False: THREADS - 1}
    assert {tuple(one["reasons"]) for one in told if not one["allowed"]} == {
        ("Tests decide: ask", "the approval is used already")
    }
    (agent,) = replicas[0].agents.find("a", projects=None)
    assert (agent.risk, agent.strikes) == (10, 0)
    assert acted_out(replicas[0]).approvals[approval_id].used == 1


def test_the_same_question_asked_by_many_at_once_is_put_to_people_once(replicas: list[ControlStore]) -> None:
    told = at_once([partial(ask, replicas[n % 2]) for n in range(THREADS)])
    assert len({one["approval_id"] for one in told}) == 1
    assert len(replicas[0].approvals.page(projects=None, limit=10)) == 1


def test_two_people_are_two_people_however_often_each_answers(replicas: list[ControlStore]) -> None:
    approval_id = ask(replicas[0], "ask_two")["approval_id"]
    told = at_once([partial(answer, replicas[n % 2], approval_id, f"p{n % 3}") for n in range(THREADS)])
    # Whoever comes third finds it approved; whoever comes again, too, or has answered already.
    counts = Counter(told)
    assert (counts["pending"], counts["approved"]) == (1, 1)
    model = acted_out(replicas[0]).approvals[approval_id]
    assert (model.state, len(set(model.approvers)), len(model.approvers)) == ("approved", 2, 2)
    assert ask(replicas[1], "ask_two", approval_id=approval_id)["allowed"]


def test_one_person_twice_is_not_two_and_keys_of_nobody_are_one(replicas: list[ControlStore]) -> None:
    store, approval_id = replicas[0], ask(replicas[0], "ask_two")["approval_id"]
    assert answer(store, approval_id, "ann") == "pending"
    assert answer(store, approval_id, "ann") == "NotAnApproverError"
    for key in ("key:1", "key:2"):
        other = ask(store, "ask_two", call_id="2")["approval_id"]
        assert store.approvals.answer(other, Said.APPROVE, approver=key, actor=key).state is State.PENDING
    assert ask(store, "ask_two", approval_id=approval_id)["decision"] == "ask"


@pytest.mark.parametrize("late", [False, True])
def test_of_an_answer_and_the_end_of_the_time_one_is_first(
    replicas: list[ControlStore], clock: Clock, late: bool
) -> None:
    ids = [ask(replicas[0], agent_id=f"a{n}")["approval_id"] for n in range(8)]
    clock.now += 100.0 if late else 99.999
    deeds: list[Callable[[], object]] = [replicas[1].approvals.expire for _ in ids]
    deeds += [partial(answer, replicas[0], one, "ann") for one in ids]
    told = at_once(deeds)[len(ids) :]
    assert set(told) == {"ApprovalStateError" if late else "approved"}
    history = acted_out(replicas[0])
    assert {history.approvals[one].state for one in ids} == {"expired" if late else "approved"}
    assert {model.strikes for model in history.agents.values()} == {int(late)}


def test_approve_and_deny_at_once_is_one_of_them(replicas: list[ControlStore]) -> None:
    ids = [ask(replicas[0], agent_id=f"a{n}")["approval_id"] for n in range(8)]
    deeds = [partial(answer, replicas[n % 2], one, said.value, said) for n, one in enumerate(ids) for said in Said]
    told = at_once(deeds)
    for approve, deny in zip(told[::2], told[1::2], strict=True):
        assert sorted((approve, deny)) in (["ApprovalStateError", "approved"], ["ApprovalStateError", "denied"])
    acted_out(replicas[0])


def test_an_idempotency_key_that_all_use_at_once_counts_once(replicas: list[ControlStore]) -> None:
    told = at_once([partial(ask, replicas[n % 2], "warn", idempotency_key="k") for n in range(16)])
    assert all(one == told[0] for one in told)
    (agent,) = replicas[0].agents.find("a", projects=None)
    assert (agent.risk, sum(agent.counts.values())) == (30, 1)
    assert acted_out(replicas[0]).decisions == {"warn": 1}


def test_no_more_than_the_budget_is_allowed_to_many_at_once(replicas: list[ControlStore]) -> None:
    told = at_once([partial(ask, replicas[n % 2], "warn", call_id=str(n)) for n in range(THREADS)])
    assert Counter(one["decision"] for one in told) == {"warn": 3, "block": THREADS - 3}
    history = acted_out(replicas[0])
    assert (history.agents["a"].risk, history.agents["a"].strikes) == (90, THREADS - 3)
    assert [incident.kind for incident in replicas[0].incidents.page(projects=None, limit=9)] == ["agent_shut_down"]


def test_processes_that_race_for_one_approval_use_it_once(postgresql_url: str) -> None:
    code = (
        "import sys\n"
        "from sentric_analyzer.control.store import ControlStore\n"
        "from support.deciding import asked, decider, grant, policy\n"
        "store = ControlStore.open(sys.argv[1])\n"
        "decide = decider(store, policy())\n"
        "print('ready', flush=True); approval_id = sys.stdin.readline().strip()\n"
        "for _ in range(8):\n"
        "    wish = asked('a', 'ask', approval_id=approval_id)\n"
        "    print(decide.decide(wish, project='shop', by=grant()).answer['decision'])\n"
    )
    command = [sys.executable, "-c", code, postgresql_url]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    there = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    processes = [subprocess.Popen(command, **pipes, text=True, env=there) for _ in range(2)]
    with ControlStore.open(postgresql_url) as store:
        approval_id = ask(store)["approval_id"]
        answer(store, approval_id, "ann")
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write(f"{approval_id}\n")
            process.stdin.flush()
        ended = [process.communicate() for process in processes]
        assert [errors for _, errors in ended] == ["", ""]
        assert Counter("".join(said for said, _ in ended).split()) == {"allow": 1, "block": 15}
        assert acted_out(store).approvals[approval_id].used == 1
