"""Another policy becomes active for a project while the service runs: its judges go on, and judge by it."""

from collections.abc import Sequence
from pathlib import Path

from sentric.events import Run
from sentric.policy.loader import load_policy
from sentric.settings import Settings
from sentric_analyzer.detection import Judged, Judges, Setup
from sentric_analyzer.policies import Active, ActivePolicies, Bundle
from sentric_analyzer.storage import Former
from support.pipelining import EVIL, NOW, SECOND, agent, call, running
from support.serving import poll

ENDED = NOW + 60 * SECOND
OURS = """\
pack: ours
rules:
  - id: %s
    title: A command
    description: What it means.
    severity: low
    decision: warn
    risk: 1
    category: oversight
    on: [shell]
    type: phrases
    pattern: evil-host
    over: [arguments]
"""


def of(*ids: str) -> Active:
    """A policy with rules of its own, each in a file."""
    named = ", ".join(f"rules/{name}.yaml" for name in ids)
    return Active.load(
        {"policy.yaml": f"policy: own\npacks: [{named}]\n"} | {f"rules/{name}.yaml": OURS % name for name in ids}
    )


def test_each_trace_is_judged_whole_by_the_policy_that_is_active_for_its_project(tmp_path: Path) -> None:
    first, second = of("first"), of("second", "third")
    with running(tmp_path) as there:

        def judge(trace: int, project: str = "shop") -> dict[str, str]:
            there.send(call(2, trace, command=EVIL), agent(trace, end=ENDED), project=project)
            there.pass_time(10)
            found = [one for one in there.store.findings() if one.trace_id == f"{trace:032x}"]
            return {one.rule_id: one.policy_digest for one in found}

        there.policies.replace({"shop": first})
        assert judge(1) == {"first": first.digest}
        there.policies.replace({"shop": second})
        assert judge(2) == {"second": second.digest, "third": second.digest}
        assert set(judge(3, "bank").values()) == {load_policy().digest}
        there.policies.replace({"shop": first})
        assert judge(4) == {"first": first.digest}
        assert there.counted["sentric_process_deaths", "judge"] == 0


class Nothing:
    """Knows of no earlier runs."""

    def earlier_runs(self, run: Run, limit: int, /) -> Sequence[Run]:
        return ()

    def former(self, project: str, run_id: str, /) -> Former:
        return Former((), ())


def test_a_trace_whose_policy_a_judge_cannot_load_has_failed_and_others_go_on() -> None:
    ours = load_policy()
    policies = ActivePolicies(Active(ours))
    policies.replace({"shop": Active(ours, Bundle({"policy.yaml": "policy: p\nnothing: here\n"}))})
    done: list[Judged] = []
    judges = Judges(1, Setup(Settings(), b"key", ours.digest), policies, Nothing(), lambda *_: None, done.append)
    try:
        failing, fine = (judges.submit(project, "a", [], left_out=0, together="") for project in ("shop", "bank"))
        poll(lambda: judges.waiting == 0)
    finally:
        judges.stop()
    assert sum(judged.failed for judged in done) == 1
    assert sorted(number for judged in done for number in judged.numbers) == [failing, fine]
    assert {trace for judged in done for trace in judged.rows.traces} <= {("bank", "a")}
