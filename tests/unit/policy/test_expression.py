import pytest

from sentric.policy.expression import REMEMBERED, Conditions, ExpressionError, check, names
from sentric.policy.variables import Scope, Value, declared

DEFAULTS: dict[object, Value] = {bool: False, int: 0, float: 0.0, str: ""}


def values(conditions: Conditions, scope: Scope = Scope.ACTION, **given: Value) -> dict[str, Value]:
    types = declared(scope)
    filled = {name: DEFAULTS.get(types[name], ()) for name in conditions.names}
    return filled | {name.replace("__", "."): value for name, value in given.items()}


def test_all_conditions_of_a_list_are_evaluated_in_their_order() -> None:
    conditions = Conditions(["action.tool == 'click'", "run.has_task", "'pay' in action.effects"], Scope.ACTION)
    assert conditions.names == ("action.effects", "action.tool", "run.has_task")
    bound = values(conditions, action__tool="click", action__effects=("pay", "send"))
    assert conditions.evaluate(bound) == [True, False, True]


def test_a_condition_may_end_in_a_comment() -> None:
    assert Conditions(["true // always", "false"], Scope.ACTION).evaluate({}) == [True, False]


def test_what_cannot_be_evaluated_is_told_and_the_others_still_count() -> None:
    conditions = Conditions(["action.effects[5] == 'pay'", "action.tool == 'x'"], Scope.ACTION)
    failed, held = conditions.evaluate(values(conditions, action__tool="x"))
    assert isinstance(failed, str)
    assert "ndex" in failed
    assert held is True


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "日本", "\x00", ""])
def test_no_text_breaks_an_evaluation(text: str) -> None:
    conditions = Conditions(["action.url.contains('a')", "'x' in action.effects"], Scope.ACTION)
    outcome = conditions.evaluate(values(conditions, action__url=text, action__effects=(text,)))
    assert outcome == ["a" in text, False]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("action.urll == ''", "undeclared reference to 'action.urll'"),
        ("signals.no_such_signal", "undeclared reference to 'signals.no_such_signal'"),
        ("observation.text == ''", "undeclared reference to 'observation"),
        ("action.url + 1 == ''", "found no matching overload"),
        ("action.url", "must be true or false"),
        ("true) || (false", "Syntax error"),
        ("true], [true", "Syntax error"),
        ("", "Syntax error"),
        ("(" * 100 + "true" + ")" * 100, "recursion limit"),
    ],
)
def test_a_condition_that_makes_no_sense_is_an_error_at_load(text: str, message: str) -> None:
    with pytest.raises(ExpressionError, match=message.replace("(", r"\(")):
        check(text, Scope.ACTION)


def test_the_line_of_an_error_within_a_condition_is_known() -> None:
    with pytest.raises(ExpressionError) as caught:
        check("run.has_task &&\n  action.urll == ''", Scope.ACTION)
    assert caught.value.line == 2


def test_names_are_the_longest_declared_ones() -> None:
    text = "action.element.type == 'password' && action.url.startsWith('a.b.c') && run.task.size() > 3"
    assert names(text, Scope.ACTION) == {"action.element.type", "action.url", "run.task"}


def test_outcomes_that_are_remembered_are_those_of_the_values_given() -> None:
    conditions = Conditions(["action.tool == 'x'", "action.effects[0] == 'pay'"], Scope.ACTION)
    for number in range(REMEMBERED + 2):
        tool = "x" if number % 3 == 0 else f"tool-{number}"
        outcome = conditions.evaluate({"action.effects": ("pay",), "action.tool": tool})
        assert outcome == [number % 3 == 0, True]
    assert conditions.evaluate({"action.effects": (), "action.tool": "x"})[0] is True
    assert isinstance(conditions.evaluate({"action.effects": (), "action.tool": "x"})[1], str)
