from collections.abc import Iterator
from dataclasses import replace

import pytest

from sentric.events import (
    Action,
    AnyEvent,
    Author,
    Coverage,
    Element,
    Kind,
    Message,
    Observation,
    Outcome,
    Reasoning,
    Run,
    Source,
)
from sentric.policy.content import Content
from sentric.policy.engine import replay
from sentric.policy.loader import load_policy, load_rules
from sentric.policy.needs import needs
from sentric.policy.rule import Example, Over, Policy, Rule, RuleType, Scope, Tuning
from sentric.policy.verdict import NotEvaluated

RULES = {rule.id: rule for rule in load_rules()}
CONTENT = tuple(content for content in Content if content is not Content.TEXT)
OVERSTATED = {
    ("payment-to-unknown-vendor", "arguments"): "a request to a payment service is known by its arguments",
    ("payment-over-limit", "arguments"): "the same",
    ("payment-not-spelled-out", "task"): "words that are not known name no vendor either",
    ("operation-of-unclear-place", "arguments"): "a command is known by its arguments; its examples have tools",
    ("unasked-order-followed", "arguments"): "its examples follow by the tool and the reasoning alone",
    ("injected-instructions-obeyed", "words"): "an answer may obey, too, but each example has an action that does",
    ("data-sent-to-unnamed-contact", "page"): "where a page's own field leads is not in its examples",
    ("secret-sent-as-content-told", "page"): "the same",
}
"""What rules need that no example of theirs shows, and why."""


def without(events: tuple[AnyEvent, ...], content: Content) -> Iterator[AnyEvent]:
    for event in events:
        match event, content:
            case Message(author=Author.USER), Content.TASK:
                pass
            case Message(author=Author.MODEL), Content.WORDS:
                pass
            case Observation(source=Source.TOOL_DEFINITION), Content.DEFINITIONS:
                pass
            case Observation(source=source), Content.RESULTS if source is not Source.TOOL_DEFINITION:
                pass
            case Action(), Content.ARGUMENTS:
                yield replace(event, arguments={})
            case Action(), Content.WORDS:
                yield replace(event, reasoning=Reasoning())
            case Action(), Content.PAGE:
                yield replace(event, url="", element=None)
            case Outcome(), Content.RESULTS:
                yield replace(event, result="", error="")
            case _:
                yield event


def is_found(rule: Rule, example: Example, events: tuple[AnyEvent, ...]) -> bool:
    """Whether a rule still matches where its example does."""
    run = Run(project="examples", run_id="r", events=events)
    policy = Policy((rule,), replace(Tuning(), **dict(example.tuning)))
    return any(found.event_id == example.events[-1].event_id for found in replay(policy, run).findings)


@pytest.mark.parametrize("name", RULES)
def test_a_shipped_rule_needs_what_its_examples_do_not_match_without(name: str) -> None:
    rule = RULES[name]
    stated = frozenset[Content]().union(*needs(rule).values())
    for content in CONTENT:
        found = [is_found(rule, example, tuple(without(example.events, content))) for example in rule.match]
        if not any(found):
            assert content in stated, f"{name} matches nothing without {content}"
        elif all(found) and (name, content.value) not in OVERSTATED:
            assert content not in stated, f"{name} matches as well without {content}"


def written(when: str, *on: str) -> Rule:
    return replace(RULES["action-loop"], id="ours", when=when, on=on, match=(), no_match=())


def test_needs_are_read_from_the_condition() -> None:
    rule = written("run.has_task && signals.foreign_target != '' && !signals.hesitant", "action")
    assert needs(rule) == {Scope.ACTION: {Content.TASK, Content.ARGUMENTS, Content.RESULTS}}
    assert needs(written("action.tool == 'rm' && 'delete' in action.effects", "shell")) == {Scope.ACTION: frozenset()}
    assert needs(written("action.element.text.contains('Pay') || action.reasoning != ''", "click")) == {
        Scope.ACTION: {Content.PAGE, Content.WORDS}
    }


def test_the_same_signal_is_read_from_the_text_of_whatever_is_judged() -> None:
    assert needs(written("signals.fetched_target != ''", "action", "message")) == {
        Scope.ACTION: {Content.ARGUMENTS, Content.RESULTS},
        Scope.MESSAGE: {Content.WORDS, Content.RESULTS},
    }
    assert needs(written("observation.text.contains('x')", "observation")) == {Scope.OBSERVATION: {Content.RESULTS}}


def test_a_pattern_needs_what_it_is_searched_in() -> None:
    rule = replace(
        written("", "action", "observation"),
        type=RuleType.PHRASES,
        pattern="drop table",
        over=(Over.ARGUMENTS, Over.REASONING, Over.RESULT),
    )
    assert needs(rule) == {
        Scope.ACTION: {Content.ARGUMENTS, Content.WORDS},
        Scope.OBSERVATION: {Content.RESULTS},
    }


def unjudged(*events: AnyEvent, policy: Policy | None = None, unheard: int = 0) -> dict[str, NotEvaluated]:
    numbered = tuple(replace(event, sequence=number, span_id=f"s{number}") for number, event in enumerate(events, 1))
    run = Run(project="p", run_id="r", events=numbered, coverage=Coverage(unheard=unheard))
    return {one.rule_id: one for one in replay(policy or load_policy(), run).not_evaluated}


TASK = Message(sequence=0, author=Author.USER, text="Read inbox/invoice.txt and say what it costs.")
ANSWER = Message(sequence=0, author=Author.MODEL, text="It costs 12 euros.")
DEFINITION = Observation(sequence=0, source=Source.TOOL_DEFINITION, origin="read_file", text='{"name": "read_file"}')


def call(
    number: int, *, tool: str = "read_file", kind: Kind = Kind.FILE_READ, captured: bool = True
) -> Iterator[AnyEvent]:
    """A call, the number of which is the place of its action among the events."""
    arguments = {"path": f"inbox/{number}.txt"} if captured else {}
    yield Action(sequence=0, tool=tool, kind=kind, arguments=arguments, uncaptured=not captured)
    yield Outcome(sequence=0, action_id=f"s{number}.0", result="12 euros" * captured, uncaptured=not captured)


def test_nothing_is_left_unjudged_where_all_was_captured() -> None:
    assert unjudged(TASK, DEFINITION, *call(3), ANSWER) == {}


def test_each_missing_content_is_named() -> None:
    whole = unjudged(*call(1, captured=False))
    assert whole["secret-sent-outside-task"] == NotEvaluated(
        "secret-sent-outside-task", ("task", "arguments", "results"), 1, 1
    )
    assert whole["injected-instructions-shown"].needs == ("results",)
    assert whole["hesitation-before-irreversible"].needs == ("words",)
    assert whole["tool-poisoned"].needs == ("definitions",)
    assert not {"action-loop", "budget-exceeded", "telemetry-gap", "permission-change"} & whole.keys()


def test_a_rule_about_actions_that_there_were_none_of_is_judged() -> None:
    assert "dangerous-scheme" not in unjudged(*call(1, captured=False))
    assert "dangerous-scheme" in unjudged(*call(1, tool="go", kind=Kind.NAVIGATE, captured=False))


def test_without_arguments_an_action_of_no_known_kind_may_be_of_any() -> None:
    assert "dangerous-scheme" in unjudged(*call(1, tool="computer", kind=Kind.OTHER, captured=False))
    assert "dangerous-scheme" not in unjudged(*call(1, tool="computer", kind=Kind.OTHER))


def test_steps_that_were_captured_are_judged() -> None:
    found = unjudged(TASK, DEFINITION, *call(3), *call(5, captured=False), ANSWER)
    assert found["secret-sent-outside-task"] == NotEvaluated("secret-sent-outside-task", ("arguments", "results"), 1, 2)
    assert found["injected-instructions-shown"] == NotEvaluated("injected-instructions-shown", ("results",), 1, 2)


def test_an_action_without_an_end_brought_no_result() -> None:
    action, _ = call(3)
    found = unjudged(TASK, DEFINITION, action, ANSWER)
    assert found["injected-instructions-shown"].needs == ("results",)


def test_a_rule_about_actions_and_texts_may_be_judged_by_one_of_them() -> None:
    silent = unjudged(TASK, DEFINITION, *call(3))["injected-instructions-obeyed"]
    assert silent == NotEvaluated("injected-instructions-obeyed", ("words",), 1, 2)


def test_a_click_without_a_page_is_not_judged_by_what_it_is_on() -> None:
    button = Element(tag="button", text="Allow")
    click = Action(sequence=0, tool="click", kind=Kind.CLICK, arguments={"index": 1})
    end = Outcome(sequence=0, action_id="s3.0", result="clicked")
    assert unjudged(TASK, DEFINITION, click, end, ANSWER)["oauth-grant"].needs == ("page",)
    assert unjudged(TASK, DEFINITION, replace(click, url="https://shop.example/", element=button), end, ANSWER) == {}


def test_a_rule_that_matched_is_a_finding_and_nothing_else() -> None:
    rule = written("action.tool == 'rm' || signals.destroys != ''", "action")
    policy = Policy((rule,))
    assert unjudged(*call(1, tool="ls", captured=False), policy=policy)["ours"].steps == 1
    assert unjudged(*call(1, tool="rm", captured=False), policy=policy) == {}
    both = unjudged(*call(1, tool="rm"), *call(3, tool="ls", captured=False), policy=policy)
    assert (both["ours"].steps, both["ours"].of) == (1, 2)


def test_models_that_nobody_heard_may_have_called_anything() -> None:
    found = unjudged(unheard=2)
    assert found["secret-sent-outside-task"].needs == ("task", "arguments", "results")
    assert found["secret-sent-outside-task"].steps == 2
    assert "dangerous-scheme" in found


def test_a_task_of_an_earlier_run_is_known() -> None:
    earlier = Run(project="p", run_id="e", events=(replace(TASK, sequence=1),))
    later = Run(project="p", run_id="r", events=tuple(replace(event, sequence=2) for event in call(1)))
    alone = {one.rule_id for one in replay(load_policy(), later).not_evaluated if "task" in one.needs}
    warmed = {
        one.rule_id for one in replay(load_policy(), later, earlier=[earlier]).not_evaluated if "task" in one.needs
    }
    assert "secret-sent-outside-task" in alone
    assert not warmed
