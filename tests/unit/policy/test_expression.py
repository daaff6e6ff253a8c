import pytest

from sentric.policy.expression import REMEMBERED, Condition, ExpressionError, check
from sentric.policy.rule import Scope
from sentric.policy.variables import Value, declared

DEFAULTS: dict[object, Value] = {bool: False, int: 0, float: 0.0, str: ""}


def evaluated(text: str, **given: Value) -> bool | str:
    condition = Condition(text, Scope.ACTION)
    types = declared(Scope.ACTION)
    values = {name.replace("__", "."): value for name, value in given.items()}
    return condition.evaluate(tuple(values.get(name, DEFAULTS.get(types[name], ())) for name in condition.names))


def test_a_condition_holds_or_does_not() -> None:
    assert evaluated("action.tool == 'click'", action__tool="click") is True
    assert evaluated("'pay' in action.effects", action__effects=("send",)) is False


def test_a_condition_may_end_in_a_comment() -> None:
    assert evaluated("true // always") is True


def test_what_cannot_be_evaluated_is_told() -> None:
    failed = evaluated("action.effects[5] == 'pay'")
    assert isinstance(failed, str)
    assert "ndex" in failed


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "日本", "\x00", "", "a" * 1_000_000])
def test_no_text_breaks_an_evaluation(text: str) -> None:
    assert evaluated("action.url.contains('a')", action__url=text) is ("a" in text)
    assert evaluated("'x' in action.effects", action__effects=(text,)) is False


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("action.urll == ''", "undeclared reference to 'action.urll': did you mean 'action.url'?"),
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
    with pytest.raises(ExpressionError, match=message.replace("(", r"\(").replace("?", r"\?")):
        check(text, Scope.ACTION)


def test_the_line_of_an_error_within_a_condition_is_known() -> None:
    with pytest.raises(ExpressionError) as caught:
        check("run.has_task &&\n  action.urll == ''", Scope.ACTION)
    assert caught.value.line == 2


def test_outcomes_that_are_remembered_are_those_of_the_values_given() -> None:
    condition = Condition("action.tool == 'x' && action.effects[0] == 'pay'", Scope.ACTION)
    for number in range(2 * REMEMBERED):
        tool = "x" if number % 3 == 0 else f"tool-{number}"
        assert condition.evaluate((("pay",), tool)) is (number % 3 == 0)
    assert isinstance(condition.evaluate(((), "x")), str)
    assert condition.evaluate((("pay",), "x")) is True
