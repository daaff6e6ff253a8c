"""The models say of the documents what is so: they are kept beside what builds these."""

import json
from dataclasses import fields
from typing import Any

import pytest

from fixtures.replays import judged_run
from sentric import events
from sentric_analyzer.api import event_models, models
from sentric_analyzer.api.recordings import run_to_json
from sentric_analyzer.document import finding_document, run_document


@pytest.mark.parametrize(
    ("model", "cls", "more"),
    [
        (event_models.Message, events.Message, {"event", "event_id"}),
        (event_models.Observation, events.Observation, {"event", "event_id"}),
        (event_models.Action, events.Action, {"event", "event_id", "verdict"}),
        (event_models.Outcome, events.Outcome, {"event", "event_id"}),
        (event_models.Element, events.Element, set()),
        (event_models.AgentState, events.AgentState, set()),
        (event_models.Reasoning, events.Reasoning, set()),
        (event_models.Score, events.Score, set()),
        (models.Coverage, events.Coverage, set()),
        (models.RecordedRun, events.Run, set()),
    ],
)
def test_a_model_has_what_the_event_has(model: Any, cls: Any, more: set[str]) -> None:
    assert set(model.model_fields) == {field.name for field in fields(cls)} | more


@pytest.mark.parametrize(
    ("model", "document"),
    [
        (models.JudgedRun, run_document(judged_run())),
        (models.RecordedRun, run_to_json(judged_run().run)),
        *((models.Finding, finding_document(finding)) for finding in judged_run().findings),
    ],
)
def test_documents_are_what_the_models_say_and_nothing_more(model: Any, document: Any) -> None:
    model.model_validate_json(json.dumps(document), extra="forbid")
