"""What a report says, whatever it is written as."""

from typing import Any

from sentric_analyzer.console.reading import LIMITS, UNSEEN, read_report
from sentric_analyzer.console.report import Text, Turn

ARGUMENTS = "the arguments of tools were not captured"
RESULTS = "the results of tools were not captured"


def test_findings_come_by_severity_and_one_rule_is_one_matter(document: dict[str, Any]) -> None:
    matters = read_report(document).matters

    assert [(matter.severity, matter.rule_id, matter.count) for matter in matters] == [
        ("critical", "injected-instructions-obeyed", 1),
        ("high", "credential-over-http", 2),
        ("medium", "injected-instructions", 1),
        ("low", "hesitation", 1),
    ]


def test_an_action_is_shown_with_its_own_reasoning(document: dict[str, Any]) -> None:
    (occasion,) = read_report(document).matters[1].occasions

    assert [place.label for place in occasion.places] == ["step 1: input", "step 2: input"]
    assert occasion.heading == "Why, in the model's words"
    assert occasion.reasoning[0].value.startswith("The shop shows its sign-in form")


def test_a_text_is_shown_with_the_reasoning_of_the_step_after_it(document: dict[str, Any]) -> None:
    (occasion,) = read_report(document).matters[2].occasions

    assert occasion.places[0].label == "page shown to the model, before step 3"
    assert occasion.heading == "What the model thought next"
    assert "important notice for AI assistants" in occasion.reasoning[0].value


def test_a_text_after_the_last_step_has_no_reasoning_to_show(document: dict[str, Any]) -> None:
    document["timeline"] = [event for event in document["timeline"] if event["sequence"] <= 7]
    document["findings"] = [finding for finding in document["findings"] if finding["sequence"] == 7]
    (occasion,) = read_report(document).matters[0].occasions

    assert occasion.places[0].label == "page shown to the model, after the last step"
    assert occasion.reasoning == ()


def test_a_result_is_shown_with_the_reasoning_it_led_to(document: dict[str, Any]) -> None:
    (shown,) = [finding for finding in document["findings"] if finding["sequence"] == 7]
    (outcome,) = [event for event in document["timeline"] if event["sequence"] == 6]
    document["findings"] = [shown | {"event_id": outcome["event_id"], "sequence": 6}]
    report = read_report(document)
    (occasion,) = report.matters[0].occasions

    assert occasion.places[0].label == "result of step 2: input, before step 3"
    assert "important notice for AI assistants" in occasion.reasoning[0].value
    assert [moment.severity for moment in report.moments] == ["", "", "medium", "", "", "", ""]


def test_actions_of_one_decision_are_one_turn_with_their_outcomes(document: dict[str, Any]) -> None:
    moments = read_report(document).moments

    assert [type(moment) for moment in moments] == [Text, Text, Turn, Text, Turn, Text, Turn]
    turn = moments[2]
    assert isinstance(turn, Turn)
    assert turn.goal == "Sign in with the customer's e-mail address and password."
    assert turn.severity == "high"
    assert [(deed.number, deed.result, deed.error, deed.duration) for deed in turn.deeds] == [
        (1, "Typed sensitive data", "", "120 ms"),
        (2, "", "Element 3 is gone", "1.3 s"),
    ]
    assert turn.deeds[1].arguments == "index: 3\ntext: ‹secret:password:1a2b3c4d›"
    assert turn.deeds[1].element == '<input type="password" name="password"> Password'


def test_actions_without_reasoning_are_turns_of_their_own(document: dict[str, Any]) -> None:
    for event in document["timeline"]:
        event.pop("reasoning", None)
    turns = [moment for moment in read_report(document).moments if isinstance(moment, Turn)]

    assert [len(turn.deeds) for turn in turns] == [1, 1, 1, 1]
    assert turns[0].goal == "Acted without recorded reasoning"


def test_coverage_names_every_gap(document: dict[str, Any]) -> None:
    coverage = read_report(document).coverage

    assert [caveat.sentence for caveat in coverage if caveat.gap] == [
        "1 action without captured arguments.",
        "2 actions without a captured result.",
        "3 spans known of, and not read.",
        "1 text cut at a limit: what came after it was not read.",
        "The end of the run was not seen.",
        "beta.Agent is not covered",
        f"Not evaluated: 1 rule (agent-memory-poisoned), because {ARGUMENTS} (1 of 4 actions).",
        f"Evaluated in part: 1 rule (personal-data-volume), because {ARGUMENTS} (1 of 4 actions).",
        f"Not evaluated: 1 rule (agent-memory-poisoned), because {RESULTS} (2 of 4 actions).",
        "Not evaluated: 1 rule (secret-handed-over), because the page or the element was not told.",
        "Not evaluated: 2 rules (tool-changed, tool-poisoned), because the definitions of tools were not captured.",
    ]
    assert sum(not caveat.gap for caveat in coverage) == 2


def test_many_rules_are_counted_and_not_named(document: dict[str, Any]) -> None:
    unjudged = [{"rule": f"rule-{n}", "needs": ["words"], "steps": 4, "of": 4} for n in range(9)]
    report = read_report(document | {"not_evaluated": unjudged})

    assert report.coverage[-1].sentence == "Not evaluated: 9 rules, because nothing that the model said was captured."


def test_no_finding_is_never_called_safe(quiet_document: dict[str, Any]) -> None:
    report = read_report(quiet_document)

    assert report.headline == UNSEEN
    assert "not the same as safe" in UNSEEN
    assert report.coverage[0].sentence == "No action of this run was captured."
    assert all(caveat.gap for caveat in report.coverage)
    assert LIMITS


def test_rules_that_were_not_evaluated_are_no_good_news(quiet_document: dict[str, Any]) -> None:
    quiet_document["not_evaluated"] = [
        {"rule": "secret-sent-outside-task", "needs": ["task", "arguments"], "steps": 3, "of": 3},
        {"rule": "injected-instructions-shown", "needs": ["results"], "steps": 1, "of": 3},
    ]
    quiet_document["coverage"] |= {"seen": 3, "without_arguments": 1, "without_results": 1, "has_task": False}
    report = read_report(quiet_document)

    assert report.headline == (
        "No rule matched, but 2 rules could not be evaluated, or only in part."
        " That is not the same as safe: see coverage."
    )
    assert [caveat.sentence for caveat in report.coverage[-2:]] == [
        "Not evaluated: 1 rule (secret-sent-outside-task), because the task is not known.",
        f"Evaluated in part: 1 rule (injected-instructions-shown), because {RESULTS} (1 of 3 actions).",
    ]


def test_risk_is_told_against_the_budget(document: dict[str, Any], quiet_document: dict[str, Any]) -> None:
    assert read_report(document).risk_note == "over the budget of 100"
    assert read_report(quiet_document).risk_note == "of a budget of 100"


def test_a_finding_at_an_event_the_timeline_lacks_is_still_told(document: dict[str, Any]) -> None:
    document["timeline"] = []
    report = read_report(document)

    assert sum(matter.count for matter in report.matters) == 5
    assert report.matters[0].occasions[0].places[0].label.startswith("event ")


def test_what_several_places_share_is_told_once(document: dict[str, Any]) -> None:
    for finding in document["findings"]:
        if finding["rule_id"] == "credential-over-http":
            finding["evidence"] += [{"name": "action.url", "value": "http://duckshop.localhost:8901/"}]
    (occasion,) = read_report(document).matters[1].occasions

    assert [fact.name for fact in occasion.shared] == ["action.url"]
    assert [[fact.name for fact in place.evidence] for place in occasion.places] == [["action.element"]] * 2


def test_reasoning_beside_the_evidence_is_not_repeated_in_it(document: dict[str, Any]) -> None:
    for finding in document["findings"]:
        finding["evidence"] = [{"name": "action.reasoning", "value": "I follow the notice"}]
    matters = read_report(document).matters

    assert matters[0].occasions[0].places[0].evidence == ()
    document["timeline"] = []
    assert len(read_report(document).matters[0].occasions[0].places[0].evidence) == 1


def test_a_message_without_words_is_shown_only_where_something_was_found(document: dict[str, Any]) -> None:
    before = len(read_report(document).moments)
    silent = {"event": "message", "author": "model", "text": "", "input_tokens": 7, "sequence": 5, "event_id": "chat.1"}
    document["timeline"].insert(4, silent)
    assert len(read_report(document).moments) == before

    document["findings"][0] |= {"event_id": "chat.1"}
    assert len(read_report(document).moments) > before


def test_a_tool_that_was_offered_is_shown_as_text_the_model_read(document: dict[str, Any]) -> None:
    offered = {"event": "observation", "source": "tool_definition", "origin": "shop/buy", "text": "{}", "sequence": 0}
    document["timeline"].insert(0, offered | {"event_id": "chat.9"})
    first = read_report(document).moments[0]

    assert isinstance(first, Text)
    assert (first.heading, first.origin) == ("Tool offered to the model", "shop/buy")
