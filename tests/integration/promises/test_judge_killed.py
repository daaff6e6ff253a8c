"""A service that dies while a model judges a run: the next one has it judged, once, and shows what the model thinks."""

import json
import sqlite3
from pathlib import Path

import pytest

from sentric.errors import SettingError
from sentric.settings import Settings
from sentric_analyzer.control.jobs import LOST_SECONDS
from sentric_analyzer.service import Service
from support.commands import sentric
from support.load import counted
from support.models import HANGS, KEY, MODEL, Answer, Request, gives, standing_in
from support.serving import Serving, poll, serving

ATTACK = Path(__file__).parents[2] / "fixtures" / "otlp" / "otel-genai-openai-agents-with-openai.otlp.pb"
WHY = "Event 2 told it to, and nobody asked for that."


def of_last_event(request: Request) -> Answer:
    *_, last, _ = request["messages"][1]["content"].split("\n")
    verdict = {"event": json.loads(last)["event"], "name": "off-task", "score": 99, "label": "harmful"}
    return gives(verdicts=[{**verdict, "explanation": WHY}])


def opinions(service: Serving) -> list[dict[str, object]]:
    found: list[dict[str, object]] = service.get("/v1/findings")["findings"]
    return [one for one in found if one["model"]]


def test_a_run_is_judged_though_the_service_is_killed_meanwhile(tmp_path: Path) -> None:
    first = [True]

    def script(request: Request) -> Answer:
        return HANGS if first[0] else of_last_event(request)

    with standing_in(script) as stand_in:
        settings = {f"SENTRIC_{name.upper()}": value for name, value in stand_in.settings().items()}
        settings["SENTRIC_JUDGE"] = "all"
        with serving(tmp_path / "data", **settings) as service:
            assert service.post(ATTACK.read_bytes()) == 200
            poll(lambda: stand_in.asked)
            service.kill()
        first[0] = False
        with sqlite3.connect(tmp_path / "data" / "control.db") as control:
            assert control.execute("SELECT state, kind FROM jobs").fetchall() == [("running", "judge")]
            control.execute("UPDATE jobs SET beat = beat - ?", (LOST_SECONDS,))
        with serving(tmp_path / "data", **settings) as service:
            (opinion,) = poll(lambda: opinions(service))
            poll(lambda: counted(service, 'sentric_judge_runs_total{outcome="judged"}') == 1)
            assert counted(service, "sentric_judge_waiting") == 0
            (run,) = service.get("/v1/runs")["runs"]
            assert run["counts"]["high"] >= 1
            report = sentric("report", "latest", "--format", "markdown", "--data-dir", str(tmp_path / "data"))
            listed = sentric("runs", "--data-dir", str(tmp_path / "data"))
            assert service.stop() == 0
            said = service.errors()

    assert (opinion["rule_id"], opinion["model"], opinion["severity"]) == ("judge/off-task", MODEL, "high")
    assert f"opinion of the model {MODEL}" in report.stdout
    assert WHY in report.stdout
    assert "high" in listed.stdout
    assert len(stand_in.asked) == 2
    assert KEY not in said + report.stdout


def test_a_service_that_is_to_judge_and_has_no_model_does_not_start(tmp_path: Path) -> None:
    settings = Settings.load(environ={}, data_dir=str(tmp_path), judge="flagged")
    with pytest.raises(SettingError, match="judge is 'flagged' and model_url is empty: name the API of a model"):
        Service(settings).__enter__()
