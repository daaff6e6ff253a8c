import asyncio
import inspect
import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import sentric
from fixtures.pipeline import Pipeline
from sentric import ActionBlocked, SentricError
from sentric.guard import process
from sentric.guard.called import RESULT_LIMIT
from support.guarding import calls

DONE: list[str] = []


@pytest.fixture(autouse=True)
def nothing_done() -> None:
    DONE.clear()


@sentric.guard
def erase(path: str, *more: str, force: bool = False, **others: int) -> str:
    """Erase it."""
    DONE.append(path)
    return f"erased {path}"


@sentric.guard(action="look")
def look(what: str, *more: str, deep: bool = False, **others: Any) -> Any:
    DONE.append(what)
    if what == "bad":
        raise KeyError(what)
    return {"seen": what}


@sentric.guard(agent="teller", action="wire", server="bank")
async def send(amount: int) -> str:
    DONE.append(str(amount))
    return "sent"


class Shop:
    def __init__(self) -> None:
        self.sold: list[str] = []

    @sentric.guard
    def sell(self, thing: str) -> int:
        self.sold.append(thing)
        return len(self.sold)

    @classmethod
    @sentric.guard
    def named(cls, thing: str) -> str:
        return f"{cls.__name__} {thing}"

    @sentric.guard
    @staticmethod
    def free(thing: str) -> str:
        return thing


def arguments(pipeline: Pipeline) -> list[dict[str, Any]]:
    return [
        json.loads(span.attributes["gen_ai.tool.call.arguments"])
        for span in pipeline.spans
        if span.name.startswith("execute_tool ")
    ]


def test_a_refused_function_does_not_run_and_says_why(enforced: None, pipeline: Pipeline) -> None:
    with pytest.raises(ActionBlocked, match=r"^erase was refused\. .*block-erase") as refused:
        erase("/data")
    assert isinstance(refused.value, PermissionError)
    assert (refused.value.rules, refused.value.decision, refused.value.final) == (("block-erase",), "block", False)
    assert DONE == []
    assert look("/data") == {"seen": "/data"}
    assert calls(pipeline) == [("erase", "rule"), ("look", "")]


def test_a_refused_coroutine_does_not_run_where_nobody_can_be_asked(enforced: None, pipeline: Pipeline) -> None:
    with pytest.raises(ActionBlocked) as refused:
        asyncio.run(send(5))
    assert (refused.value.decision, DONE) == ("ask", [])
    (span,) = [span for span in pipeline.spans if span.name == "execute_tool wire"]
    assert span.attributes["sentric.action.server"] == "bank"


def test_arguments_have_the_names_of_the_parameters(enforced: None, pipeline: Pipeline) -> None:
    look("a", "b", c=1, what2=[1, {"x": (2,)}])
    shop = Shop()
    assert shop.sell("duck") == 1
    assert Shop.named("x") == "Shop x"
    assert Shop.free("y") == shop.free("y") == "y"
    assert arguments(pipeline) == [
        {"what": "a", "more": ["b"], "deep": False, "c": 1, "what2": [1, {"x": [2]}]},
        {"thing": "duck"},
        {"thing": "x"},
        {"thing": "y"},
        {"thing": "y"},
    ]


def test_results_and_errors_are_recorded_and_pass_through(enforced: None, pipeline: Pipeline) -> None:
    look("x")
    with pytest.raises(KeyError, match="bad"):
        look("bad")
    with pytest.raises(TypeError, match="what"):
        look()  # type: ignore[call-arg]
    good, bad, wrong = (span.attributes for span in pipeline.spans)
    assert good["gen_ai.tool.call.result"] == '{"seen":"x"}'
    assert (bad["error.type"], wrong["error.type"]) == ("KeyError", "TypeError")


def test_it_is_still_the_function_it_was(enforced: None) -> None:
    assert str(inspect.signature(erase)) == "(path: str, *more: str, force: bool = False, **others: int) -> str"
    assert (erase.__name__, erase.__doc__) == ("erase", "Erase it.")
    assert inspect.iscoroutinefunction(send)
    assert pickle.loads(pickle.dumps(erase)) is erase  # noqa: S301  # it is ours


def test_what_is_no_function_is_not_decorated() -> None:
    with pytest.raises(SentricError, match="decorates functions and methods"):
        sentric.guard(3)  # type: ignore[call-overload]
    with pytest.raises(SentricError, match="Shop"):
        sentric.guard(Shop)


@pytest.mark.parametrize("context", [{"ticket": "T-1"}, lambda arguments: {"ticket": f"T-{arguments['x']}"}])
def test_what_is_asserted_about_an_action_goes_with_it(context: Any, enforced: None, pipeline: Pipeline) -> None:
    assert sentric.guard(action="look", context=context)(lambda x: x)(1) == 1
    (span,) = pipeline.spans
    assert json.loads(span.attributes["sentric.action.context"]) == {"ticket": "T-1"}


def test_a_function_that_calls_itself_is_judged_each_time(enforced: None, pipeline: Pipeline) -> None:
    @sentric.guard
    def count(n: int) -> int:
        return n and 1 + count(n - 1)

    assert count(3) == 3
    assert len(calls(pipeline)) == 4


def test_calls_side_by_side_are_each_judged(enforced: None, pipeline: Pipeline) -> None:
    def attempt(number: int) -> str:
        try:
            return str((erase if number % 2 else look)(str(number)))
        except ActionBlocked:
            return "refused"

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(attempt, range(32)))
    assert said[1::2] == ["refused"] * 16
    assert not [done for done in DONE if int(done) % 2]


def test_where_nothing_is_enforced_nothing_is_refused(guarded: Callable[..., None], pipeline: Pipeline) -> None:
    guarded("observe")
    assert erase("/data") == "erased /data"
    assert calls(pipeline) == [("erase", "")]


def test_turned_off_it_does_nothing(guarded: Callable[..., None], pipeline: Pipeline) -> None:
    guarded(disabled=True)
    assert erase("/data") == "erased /data"
    assert pipeline.spans == []


@pytest.mark.parametrize("mode", ["observe", "enforce"])
def test_a_bug_of_ours_refuses_where_enforced_and_else_changes_nothing(
    mode: str, guarded: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("broken")

    guarded(mode)
    for place in ("sentric.guard.process.gate", "sentric.guard.functions.wanted"):
        with monkeypatch.context() as patch:
            patch.setattr(place, broken)
            if mode == "observe":
                assert look("x") == {"seen": "x"}
            else:
                with pytest.raises(ActionBlocked, match="could not be decided"):
                    look("x")
    assert (["x", "x"] if mode == "observe" else []) == DONE


def test_a_setting_that_cannot_be_used_runs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    process.settings.cache_clear()
    monkeypatch.setenv("SENTRIC_MODE", "enforced")
    with pytest.raises(SentricError, match="enforced"):
        look("x")
    assert DONE == []


def test_a_call_made_by_hand(enforced: None, pipeline: Pipeline) -> None:
    def add(a: int, b: int) -> int:
        DONE.append("add")
        return a + b

    assert sentric.call("add", {"a": 1, "b": 2}, add, call_id="c-1", reasoning="to know the sum") == 3
    with pytest.raises(ActionBlocked):
        sentric.call("add_and_erase", {"a": 1, "b": 2}, add)
    assert DONE == ["add"]
    first = next(span.attributes for span in pipeline.spans if span.name == "execute_tool add")
    assert first["gen_ai.tool.call.id"] == "c-1"
    assert first["sentric.reasoning.thinking"] == "to know the sum"


async def test_a_call_made_by_hand_in_asynchronous_code(enforced: None) -> None:
    async def later(a: int) -> int:
        DONE.append("later")
        return a

    assert await sentric.acall("later", {"a": 1}, later) == 1
    assert await sentric.acall("now", {"a": 1}, lambda a: a) == 1
    with pytest.raises(ActionBlocked):
        await sentric.acall("erase", {"a": 1}, later)
    assert DONE == ["later"]
    with pytest.raises(SentricError, match="acall"):
        await sentric.call("later", {"a": 1}, later)


@pytest.mark.parametrize(
    ("tool", "given", "said"),
    [
        ("add", '{"a": 1}', "json.loads"),
        ("add", [1], r"\{name: value\}"),
        ("add", {1: 2}, "not all named by texts"),
        ("", {}, "named by a text"),
        (None, {}, "NoneType"),
    ],
)
def test_what_is_no_call_is_said_in_one_line(tool: Any, given: Any, said: str, enforced: None) -> None:
    with pytest.raises(SentricError, match=said) as error:
        sentric.call(tool, given, print)
    assert "\n" not in str(error.value)


def test_a_long_result_is_read_as_far_as_it_is_told(enforced: None, pipeline: Pipeline) -> None:
    assert len(sentric.call("long", {}, lambda: "x" * (3 * RESULT_LIMIT))) == 3 * RESULT_LIMIT
    assert len(pipeline.spans[0].attributes["gen_ai.tool.call.result"]) < RESULT_LIMIT


def test_arguments_that_change_while_a_person_is_asked_are_another_action(enforced: None) -> None:
    given = {"to": ["a"]}
    before = sentric.guard.called.wanted("mail", given)  # type: ignore[attr-defined]  # the package of that name
    given["to"].append("b")
    assert not before.is_same(sentric.guard.called.wanted("mail", given))  # type: ignore[attr-defined]


@pytest.mark.parametrize("function", [min, iter, dict.update])
def test_what_hides_its_parameters_is_said_in_one_line(function: Any) -> None:
    with pytest.raises(SentricError, match="does not say what its parameters are") as error:
        sentric.guard(function)
    assert "\n" not in str(error.value)


@sentric.guard(action="look")
def plain_self(self: Any) -> None:
    DONE.append(self)


@sentric.guard(action="look")
def plain_cls(cls: Any, what: str = "") -> None:
    DONE.append(cls)


class Odd:
    @sentric.guard(action="look")
    @staticmethod
    def inside(self: Any) -> None:  # noqa: PLW0211  # the name is what is tried
        DONE.append(self)

    @staticmethod
    @sentric.guard(action="look")
    def outside(self: Any) -> None:  # noqa: PLW0211  # the name is what is tried
        DONE.append(self)

    @sentric.guard(action="look")
    def __repr__(self) -> str:
        return "erase"


def local() -> Any:
    @sentric.guard(action="look")
    def nested(self: Any) -> None:
        DONE.append(self)

    return nested


@pytest.mark.parametrize("function", [plain_self, plain_cls, Odd.inside, Odd.outside, local()])
def test_self_is_an_argument_like_others_where_nothing_is_a_method(function: Any, enforced: None) -> None:
    with pytest.raises(ActionBlocked):
        function("erase")
    function("a look")
    assert DONE == ["a look"]


def test_the_object_of_a_method_is_no_argument(enforced: None) -> None:
    assert repr(Odd()) == "erase"


def test_what_is_asserted_changes_no_argument_behind_the_rules(enforced: None) -> None:
    def deep(arguments: Any) -> Any:
        arguments["what"][0] = "erase"
        return {}

    def flat(arguments: Any) -> Any:
        arguments["what"] = ["harmless"]
        return {}

    def act(what: list[str]) -> None:
        DONE.append(what[0])

    for context, what in ((deep, ["ok"]), (flat, ["erase"])):
        with pytest.raises(ActionBlocked):
            sentric.guard(context=context)(act)(what)
        with pytest.raises(ActionBlocked):
            sentric.call("act", {"what": what}, act, context=context)
    assert DONE == []


def test_importing_sentric_stays_light() -> None:
    program = (
        "import sys, sentric; print([m for m in ('opentelemetry.sdk', 'ahocorasick', 'asyncio') if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
