"""Which runs the pipeline tells of as over, for a language model to judge."""

from pathlib import Path

import pytest

from sentric_analyzer.detection import OverRun
from support.pipelining import EVIL, SECOND, TIMES, Running, agent, call, running


def told(there: Running) -> list[OverRun]:
    over: list[OverRun] = []
    there.pipeline.on_over = over.append
    return over


def test_a_run_is_over_when_it_was_silent_for_long_or_has_ended_and_anew_when_it_has_gone_on(tmp_path: Path) -> None:
    with running(tmp_path, judge="all") as there:
        over = told(there)
        there.send(call(2))
        there.pass_time(TIMES.checkpoint - 1)
        there.send(call(3))
        there.pass_time(2)
        assert (there.judged(), over) == (1, [])  # it goes on
        there.send(call(4))
        there.pass_time(TIMES.idle + 1)
        (silent,) = over
        there.send(call(5), agent(end=call(5)["end_time_unix_nano"] + SECOND))
        there.pass_time(TIMES.grace + 1)
        _, ended = over
        (run,) = there.store.runs()
        assert {(one.project, one.run_id) for one in over} == {("shop", run["run_id"])}
        assert ended.version != silent.version


@pytest.mark.parametrize(("judge", "numbers"), [("none", []), ("flagged", [2]), ("all", [1, 2])])
def test_the_setting_says_which(tmp_path: Path, judge: str, numbers: list[int]) -> None:
    with running(tmp_path, judge=judge) as there:
        over = told(there)
        for number, command in ((1, "ls"), (2, EVIL)):
            there.send(call(2, number, command=command), agent(number, end=call(2)["end_time_unix_nano"] + SECOND))
            there.pass_time(TIMES.grace + 1)
        assert there.judged() == 2
        traces = [number.to_bytes(16, "big").hex() for number in numbers]
        assert [run.run_id[:32] for run in over] == traces
