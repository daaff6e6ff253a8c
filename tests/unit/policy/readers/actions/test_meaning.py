import json
from typing import Any

import pytest

from sentric.events import Action, Effect, Kind, Observation, Source
from sentric.policy.readers.actions.meaning import DEFINITIONS_KEPT, KnownTools
from sentric.policy.rule import Tuning
from sentric.policy.tool_meaning import ToolMeaning


def defined(origin: str, text: str, source: Source = Source.TOOL_DEFINITION) -> Observation:
    return Observation(sequence=0, source=source, origin=origin, text=text)


def knowing(*definitions: tuple[str, Any], lexicon: tuple[ToolMeaning, ...] = ()) -> KnownTools:
    tools = KnownTools(Tuning(lexicon=lexicon))
    for origin, definition in definitions:
        tools.hear(defined(origin, json.dumps(definition)))
    return tools


ZORP = Action(sequence=1, tool="zorp", server="lab", arguments={"x": 1})


@pytest.mark.parametrize(
    ("definition", "kind", "effects"),
    [
        ({"description": "Sends a message"}, Kind.MESSAGE, {Effect.SEND}),
        ({"inputSchema": {"properties": {"amount": {}, "payee": {}}}}, Kind.PAYMENT, {Effect.PAY}),
        ({"annotations": {"readOnlyHint": True}}, Kind.OTHER, {Effect.READ}),
        ({"description": 3, "schema": [], "annotations": "x"}, Kind.OTHER, set()),
        ([], Kind.OTHER, set()),
    ],
)
@pytest.mark.parametrize("origin", ["lab/zorp", "zorp"])
def test_a_definition_tells_of_an_unknown_tool(definition: Any, kind: Kind, effects: set[Effect], origin: str) -> None:
    meant = knowing((origin, definition)).meant(ZORP)
    assert (meant.kind, meant.effects) == (kind, effects)


def test_a_definition_changes_nothing_about_a_known_tool() -> None:
    mail = Action(sequence=1, tool="send_email", kind=Kind.MESSAGE, effects=frozenset({Effect.SEND}))
    assert knowing(("send_email", {"description": "Reads", "annotations": {"readOnlyHint": True}})).meant(mail) is mail


@pytest.mark.parametrize("text", ["", "{", "[" * 60_000, "1", "x" * 100_000])
def test_what_is_no_definition_is_passed_over(text: str) -> None:
    tools = KnownTools(Tuning())
    tools.hear(defined("zorp", text))
    assert tools.meant(ZORP) is ZORP


def test_only_definitions_define() -> None:
    tools = KnownTools(Tuning())
    tools.hear(defined("zorp", json.dumps({"description": "Sends"}), Source.TOOL_RESULT))
    assert tools.meant(ZORP) is ZORP


def test_definitions_are_bounded() -> None:
    tools = knowing(("zorp", {"description": "Sends mail"}), *((f"t{n}", {}) for n in range(DEFINITIONS_KEPT)))
    assert tools.meant(ZORP) is ZORP


def test_the_policys_lexicon_stands_above_everything() -> None:
    lexicon = (
        ToolMeaning("zorp", Kind.PAYMENT, (Effect.PAY,)),
        ToolMeaning("mail/*", effects=()),
        ToolMeaning("get_*", kind=Kind.EXPORT),
    )
    tools = knowing(("zorp", {"description": "Reads"}), lexicon=lexicon)
    assert (tools.meant(ZORP).kind, tools.meant(ZORP).effects) == (Kind.PAYMENT, {Effect.PAY})
    sent = Action(sequence=1, tool="Send", server="Mail", kind=Kind.MESSAGE, effects=frozenset({Effect.SEND}))
    assert (tools.meant(sent).kind, tools.meant(sent).effects) == (Kind.MESSAGE, frozenset())
    read = Action(sequence=1, tool="get_all", effects=frozenset({Effect.READ}))
    assert (tools.meant(read).kind, tools.meant(read).effects) == (Kind.EXPORT, {Effect.READ})


def test_the_engine_judges_by_what_the_policy_says() -> None:
    from sentric.policy.engine import Engine
    from sentric.policy.rule import Decision, Policy, Rule, Severity

    rule = Rule(
        id="paid", title="Paid", severity=Severity.LOW, decision=Decision.ASK, risk=1, category="x",
        when='"pay" in action.effects', on=("payment",),
    )  # fmt: skip
    lexicon = (ToolMeaning("zorp", Kind.PAYMENT, (Effect.PAY,)),)
    judged = [
        Engine(Policy((rule,), Tuning(lexicon=stated)), project="p", run_id="r").check(ZORP).decision
        for stated in ((), lexicon)
    ]
    assert judged == [Decision.ALLOW, Decision.ASK]
