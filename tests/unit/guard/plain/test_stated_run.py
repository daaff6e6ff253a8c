import json

import pytest

import sentric
from fixtures.pipeline import Pipeline
from sentric import SentricError, SentricMonitor
from sentric.guard.place import here
from sentric.guard.process import FRAMEWORK


@sentric.guard
def look(what: str) -> str:
    return what


async def test_what_happens_in_the_block_belongs_together(enforced: None, pipeline: Pipeline) -> None:
    with sentric.run(agent="shopper", task="Buy a duck", conversation="c-1", model="m-1"):
        look("a")
        async with sentric.run(agent="finder", task="Find ducks"):
            look("b")
    a, b, inner, outer = pipeline.spans
    assert (a.parent, b.parent, inner.parent) == (outer.name, inner.name, outer.name)
    assert {span.attributes["sentric.task"] for span in pipeline.spans} == {"Buy a duck"}
    about = ("sentric.framework", "gen_ai.agent.name", "gen_ai.conversation.id", "gen_ai.request.model")
    assert [outer.attributes[name] for name in about] == [FRAMEWORK, "shopper", "c-1", "m-1"]
    assert here() is None


def test_an_error_ends_the_run_and_goes_on_its_way(enforced: None, pipeline: Pipeline) -> None:
    with pytest.raises(KeyError), sentric.run(agent="a"):
        raise KeyError("x")
    assert pipeline.spans[0].attributes["error.type"] == "KeyError"


def test_a_block_is_used_again_and_not_twice_at_a_time(enforced: None, pipeline: Pipeline) -> None:
    block = sentric.run(agent="a")
    with block, pytest.raises(SentricError, match="in use"):
        block.__enter__()
    with block:
        pass
    assert len({span.attributes["sentric.run.id"] for span in pipeline.spans}) == 2


def test_what_is_logged_in_the_block_is_of_its_run(enforced: None, pipeline: Pipeline) -> None:
    monitor = SentricMonitor()
    with sentric.run(agent="a", task="Read it"):
        monitor.log_observation("the text", "report.txt")
        monitor.log_observation("more", "https://a.example", source="page")
        monitor.log_reasoning("because")
        look("a")
    seen = json.loads(pipeline.spans[0].attributes["sentric.observations"])
    assert [(one["source"], one["origin"], one["text"]) for one in seen] == [
        ("resource", "report.txt", "the text"),
        ("page", "https://a.example", "more"),
    ]
    assert pipeline.spans[0].attributes["sentric.reasoning.thinking"] == "because"
