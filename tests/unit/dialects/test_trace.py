"""The order of a trace's spans, whatever order they came in."""

from dataclasses import replace
from itertools import permutations

from fixtures.traces import span
from sentric_analyzer.dialects.trace import Trace


def test_spans_are_read_by_start_then_parent_before_child_then_id() -> None:
    spans = [span("x", "d", "c"), span("x", "b", "c"), span("x", "c"), span("x", "a", "d", at=-1)]
    for order in permutations(spans):
        assert [node.span.span_id for node in Trace(order).nodes] == ["a", "c", "b", "d"]


def test_a_missing_parent_is_known_to_everything_below_it() -> None:
    nodes = {
        node.span.span_id: node for node in Trace([span("x", "a", "gone"), span("x", "b", "a"), span("x", "c")]).nodes
    }
    assert {name: (node.lost, node.depth) for name, node in nodes.items()} == {
        "a": ("gone", 0),
        "b": ("gone", 1),
        "c": ("", 0),
    }


def test_of_two_spans_with_one_id_the_later_and_larger_keeps_it_in_any_order() -> None:
    early, late = span("early", "a", to=1), span("late", "a", to=2)
    small, large = replace(late, name="small"), replace(late, name="large", size=200)
    one, other = replace(large, attributes={"k": 1}), replace(large, attributes={"k": 2})
    for order in permutations([early, late, small, one, other]):
        (chosen,) = (node.span for node in Trace(order).nodes if node.span.span_id == "a")
        assert (chosen.name, chosen.attributes) == ("large", {"k": 2})


def test_what_is_told_otherwise_of_one_span_is_kept_beside_it_in_any_order() -> None:
    done = replace(span("x", "a", to=1), attributes={"what": "send", "to": "eve"}, size=50)
    denied = replace(span("x", "a", to=9), attributes={"what": "look"}, size=500)
    child = span("x", "b", "a")
    trees = []
    for order in permutations([done, denied, denied, child]):
        trace = Trace(order)
        told = {node.span.span_id: node.span.attributes for node in trace.nodes}
        (other,) = told.keys() - {"a", "b"}
        assert (told["a"], told[other]) == (denied.attributes, done.attributes)
        assert other.startswith("a-")
        assert trace.contradicted == 1
        trees.append([(node.span.span_id, node.depth) for node in trace.nodes])
    assert trees == [trees[0]] * len(trees)


def test_a_part_of_what_is_told_of_a_span_is_nothing_new() -> None:
    begun = replace(span("x", "a", to=0), attributes={"what": "send"}, size=10)
    ended = replace(span("x", "a", to=5), attributes={"what": "send", "result": "sent"}, size=20)
    for order in permutations([begun, ended, ended]):
        trace = Trace(order)
        assert [node.span for node in trace.nodes] == [ended]
        assert trace.contradicted == 0


def test_what_is_inherited_comes_from_the_parent_even_when_it_began_later() -> None:
    trace = Trace([span("x", "child", "parent", at=1), span("x", "parent", at=5)])
    path = trace.inherit(lambda node, above: f"{above or ''}/{node.span.span_id}")
    assert {node.span.span_id: value for node, value in path.items()} == {"parent": "/parent", "child": "/parent/child"}
