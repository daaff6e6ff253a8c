from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentric.policy.expression import Condition
from sentric.policy.rule import Scope
from sentric.policy.syntax import Sort, names, needs, resolved, sought, tokens
from sentric.policy.variables import Value, declared

KNOWN = {"a.flag": bool, "a.flag.deep": bool, "a.text": str, "a.count": int, "a.list": tuple, "b.flag": bool}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a.b==1&&!c", ["a.b", "==", "1", "&&", "!", "c"]),
        ("a . b // a comment\n|| 'x || y'", ["a.b", "||", "'x || y'"]),
        ("x in ['it\\'s', r'\\']", ["x", "in", "[", "'it\\'s'", ",", "r'\\'", "]"]),
        ("\"\"\"a\n'b\"\"\" != ''", ["\"\"\"a\n'b\"\"\"", "!=", "''"]),
    ],
)  # fmt: skip
def test_a_condition_is_read_as_words(text: str, words: list[str]) -> None:
    assert [token.text for token in tokens(text)] == words


def test_words_know_their_line_and_strings_their_value() -> None:
    one, other, third = tokens("'a'\n\n r\"b\\d\"\n 'it\\'s'")
    assert [(token.line, token.literal) for token in (one, other, third)] == [(1, "a"), (3, "b\\d"), (4, None)]


@given(st.text(max_size=200))
def test_no_text_is_too_odd_to_be_read(text: str) -> None:
    found = tokens(text)
    assert all(isinstance(token.sort, Sort) for token in found)
    needs(text, KNOWN)
    assert names(text, KNOWN) <= set(KNOWN)


def test_a_long_condition_is_read_in_linear_time() -> None:
    assert len(tokens("'" * 20_001 + "(" * 20_000)) > 20_000
    assert needs("(" * 3_000 + "a.flag" + ")" * 3_000, KNOWN) == frozenset({"a.flag"})


def test_a_name_is_the_longest_declared_one() -> None:
    assert resolved("a.flag.deep", KNOWN) == ("a.flag.deep", "")
    assert resolved("a.text.contains", KNOWN) == ("a.text", "contains")
    assert resolved("a.other", KNOWN) == ("", "a.other")
    assert names("a.text.size() > 3 && 'a.count' != b.flag", KNOWN) == {"a.text", "b.flag"}


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("a.flag", {"a.flag"}),
        ("(a.flag) && a.text.contains(a.text)", {"a.flag"}),
        ("a.flag || b.flag", {"a.flag", "b.flag"}),
        ("a.flag || true", None),
        ("!a.flag", None),
        ("a.flag ? b.flag : true", None),
        ("a.count > 0", {"a.count"}),
        ("a.count > -1", None),
        ("a.count >= 10 && a.flag || b.flag && a.flag.deep", {"a.count", "b.flag"}),
        ("a.text != ''", {"a.text"}),
        ("a.text == ''", None),
        ("a.text == 'x'", {"a.text"}),
        ("a.text in ['x', \"y\"]", {"a.text"}),
        ("a.text in ['x', '']", None),
        ("'x' in a.list", {"a.list"}),
        ("a.list.exists(x, x == '')", {"a.list"}),
        ("a.list.exists(x, x == '') == false", None),
        ("a.list.all(x, x == '')", None),
        ("a.list.size() > 2", {"a.list"}),
        ("a.list.size() < 2", None),
        ("size(a.list) > 0", {"a.list"}),
        ("size(a.list) < 2", None),
        ("size(a.text + 'x') > 0", None),
        ("a.text.startsWith('x')", {"a.text"}),
        ("a.text.startsWith('')", None),
        ("a.text.matches('x')", None),
        ("a.text == a.text", None),
        ("true", None),
        ("", None),
    ],
)  # fmt: skip
def test_what_a_condition_needs_to_hold(text: str, needed: set[str] | None) -> None:
    assert needs(text, KNOWN) == needed


_ATOMS = st.sampled_from(
    (
        "run.has_task",
        "action.irreversible",
        "signals.secure_origin",
        "action.url != ''",
        "action.tool == 'pay'",
        "'send' in action.effects",
        "action.effects.size() > 0",
        "action.effects[0] == 'send'",
        "signals.repeats >= 2",
        "signals.repeats < 2",
        "action.url.contains('x')",
        "action.effects.exists(e, e == 'send')",
        "action.tool in ['pay', 'buy']",
        "true",
        "false",
    )
)
_CONDITIONS = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(" && ".join),
        st.tuples(inner, inner).map(" || ".join),
        inner.map("({})".format),
        inner.map("!({})".format),
        st.tuples(inner, inner, inner).map(lambda three: "({} ? {} : {})".format(*three)),
    ),
    max_leaves=6,
)
_SILENT: dict[object, Value] = {bool: False, int: 0, float: 0.0, str: ""}


@settings(max_examples=300, deadline=None)
@given(_CONDITIONS, st.data())
def test_a_condition_is_false_while_nothing_it_needs_is_the_case(text: str, data: st.DataObject) -> None:
    condition = Condition(text, Scope.ACTION)
    types = declared(Scope.ACTION)
    silent = {name: _SILENT.get(types[name], ()) for name in condition.names}
    choices: dict[object, tuple[Value, ...]] = {
        bool: (True,),
        int: (1, 2, -1),
        str: ("x", "pay"),
        tuple: (("send",), ("", "pay")),
    }
    if condition.needs is None:
        return
    for name in set(condition.names) - condition.needs:
        silent[name] = data.draw(st.sampled_from((silent[name], *choices.get(types[name], ((),)))))
    assert condition.evaluate(tuple(silent[name] for name in condition.names)) is False


def test_a_signal_tells_more_than_what_most_events_have() -> None:
    known = {"run.has_task": bool, "signals.names": tuple, "signals.flag": bool}
    assert needs("run.has_task && size(signals.names) > 0", known) == frozenset({"signals.names"})
    assert needs("run.has_task && (signals.flag || size(signals.names) > 0)", known) == frozenset(
        {"signals.flag", "signals.names"}
    )


def test_needs_are_exact_over_every_value_of_two_flags() -> None:
    condition = Condition("run.has_task && (action.irreversible || action.tool == 'pay')", Scope.ACTION)
    assert condition.names == ("action.irreversible", "action.tool", "run.has_task")
    for irreversible, tool, task in product((True, False), ("pay", ""), (True, False)):
        assert condition.evaluate((irreversible, tool, task)) is (task and (irreversible or tool == "pay"))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a.flag && a.text != ''", {"a.flag", "a.text"}),
        ("a.flag && !b.flag", {"a.flag"}),
        ("a.flag && a.text == '' && a.count == 0 && size(a.list) == 0", {"a.flag"}),
        ("a.flag || b.flag", {"a.flag", "b.flag"}),
        ("a.flag && !(b.flag || a.text != '')", {"a.flag"}),
        ("a.flag && !(b.flag && a.text == '')", {"a.flag", "a.text"}),
        ("a.flag && !!b.flag", {"a.flag", "b.flag"}),
        ("a.count < 5 && a.flag", {"a.count", "a.flag"}),
        ("a.flag ? a.count > 1 : !b.flag", {"a.flag", "a.count", "b.flag"}),
        ("'x' in a.list && a.text.matches('x')", {"a.list", "a.text"}),
        ("!a.flag", set[str]()),
        ("true", set[str]()),
    ],
)
def test_a_condition_seeks_what_makes_it_hold(text: str, wanted: set[str]) -> None:
    assert sought(text, KNOWN) == wanted


@settings(max_examples=300, deadline=None)
@given(_CONDITIONS, st.data())
def test_what_a_condition_does_not_seek_only_keeps_it_from_holding(text: str, data: st.DataObject) -> None:
    condition, types = Condition(text, Scope.ACTION), declared(Scope.ACTION)
    choices: dict[object, tuple[Value, ...]] = {
        bool: (False, True),
        int: (0, 1, 2, -1),
        str: ("", "x", "pay"),
        tuple: ((), ("send",), ("", "pay")),
    }
    values = {name: data.draw(st.sampled_from(choices.get(types[name], ((),)))) for name in condition.names}
    unsought = dict.fromkeys(set(condition.names) - sought(text, types))
    emptied = values | {name: _SILENT.get(types[name], ()) for name in unsought}
    if condition.evaluate(tuple(values[name] for name in condition.names)) is True:
        assert condition.evaluate(tuple(emptied[name] for name in condition.names)) is True
