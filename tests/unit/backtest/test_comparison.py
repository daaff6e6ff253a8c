import json
from dataclasses import replace

from fixtures.agent_runs import STARTED, opens, policy, rule, run, sends
from sentric.events import Author, JsonValue, Message, Observation, Run, Source
from sentric.policy.rule import Decision, Policy, Severity
from sentric_analyzer.backtest import Comparison, backtest_document
from sentric_analyzer.backtest.document import fitting
from sentric_analyzer.backtest.example import CHANGED_EXAMPLES, TEXT_LIMIT
from sentric_analyzer.backtest.tally import AGENT_LIMIT, OTHER_AGENTS, changed

TODAY = policy(rule("mails", 'action.kind == "message"'))
TRIED = policy(rule("mails", 'action.kind == "message"', decision="block"), rule("opens", 'action.kind == "navigate"'))


def compare(before: Policy, after: Policy, *runs: Run) -> Comparison:
    compared = Comparison(before, after)
    for one in runs:
        compared.add(one)
    return compared


def test_each_action_is_counted_by_what_either_policy_decides() -> None:
    compared = compare(TODAY, TRIED, run(sends("a@example.com"), opens("https://example.com"), ("other", {}, "")))

    assert compared.actions == {
        (Decision.ASK, Decision.BLOCK): 1,
        (Decision.ALLOW, Decision.ASK): 1,
        (Decision.ALLOW, Decision.ALLOW): 1,
    }
    assert compared.strictest == {(Decision.ASK, Decision.BLOCK): 1}
    assert changed(compared.actions) == 2


def test_a_rule_is_counted_under_both_policies_with_the_runs_it_holds_up() -> None:
    compared = compare(
        TODAY, TRIED, run(sends("a@example.com"), sends("b@example.com")), run(opens("https://example.com"))
    )

    mails, opened = compared.rules["mails"], compared.rules["opens"]
    assert (mails.before.decisions, mails.after.decisions) == ({Decision.ASK: 2}, {Decision.BLOCK: 2})
    assert (mails.before.runs, mails.before.held_up, mails.changed) == (1, 1, 2)
    assert (opened.before.runs, opened.after.runs, opened.after.held_up, opened.changed) == (0, 1, 1, 1)


def test_what_an_agent_that_was_shut_down_does_is_counted_as_blocked_action_by_action() -> None:
    mails = policy(rule("mails", 'action.kind == "message"', decision="block", risk=0))
    steps = [sends("a@example.com")] * 3 + [opens("https://example.com")] * 4
    compared = compare(policy(rule("mails", "false")), mails, run(*steps))

    assert compared.actions == {(Decision.ALLOW, Decision.BLOCK): 7}
    shut_down = compared.rules["agent-shut-down"]
    assert (shut_down.after.decisions, shut_down.after.runs, shut_down.changed) == ({Decision.BLOCK: 4}, 1, 4)
    assert sum(compared.sides[1].findings.values()) == 4


def test_a_rule_that_only_warns_holds_nothing_up() -> None:
    warns = policy(rule("warns", decision="warn", severity="high"))
    compared = compare(policy(), warns, run(sends("a@example.com")))

    assert (compared.rules["warns"].after.runs, compared.rules["warns"].after.held_up) == (1, 0)
    assert compared.sides[1].findings == {Severity.HIGH: 1}
    assert (compared.sides[0].flagged, compared.sides[1].flagged) == (0, 1)


def test_examples_are_few_and_as_unlike_one_another_as_they_come() -> None:
    runs = [run(sends("a@example.com"), run_id=f"run-{n}") for n in range(20)]
    other = run(sends("a@example.com"), run_id="unlike", agent="another")
    compared = compare(TODAY, TRIED, *runs, other)

    kept = compared.rules["mails"].examples
    assert len(kept) == CHANGED_EXAMPLES
    assert [example.run_id for example in kept] == ["run-0", "unlike", "run-2"]
    assert {example.agent for example in kept} == {"mailer", "another"}


def test_an_example_has_the_step_with_its_evidence_under_either_policy() -> None:
    tells = policy(rule("mails", 'action.kind == "message"', evidence=("action.tool",)))
    (example,) = (
        compare(policy(), tells, run(opens("https://example.com"), sends("a@example.com"))).rules["mails"].examples
    )

    assert (example.number, example.what, example.event, example.kind) == (2, "send_email", "action", "message")
    assert '"to": "a@example.com"' in example.arguments
    assert (example.result, example.task) == ("done", "Do what I ask.")
    assert (example.before.decision, example.after.decision) == (Decision.ALLOW, Decision.ASK)
    assert example.before.matched == ()
    assert [(piece.name, piece.value) for piece in example.after.matched[0].evidence] == [("action.tool", "send_email")]


def test_a_text_that_was_shown_is_an_example_too() -> None:
    seen = Observation(sequence=1, span_id="o", source=Source.PAGE, origin="https://x.example", text="Hear me.")
    shows = policy(rule("shown", on=("observation",), decision="warn"))
    compared = compare(policy(), shows, Run(project="p", run_id="r", events=(seen,)))

    (example,) = compared.rules["shown"].examples
    assert (example.event, example.what, example.number) == ("observation", "https://x.example", 0)
    assert (example.arguments, example.after.decision) == ("Hear me.", Decision.WARN)
    assert compared.actions == {}
    assert compared.strictest == {(Decision.ALLOW, Decision.ALLOW): 1}


def test_the_result_of_a_tool_is_named_after_its_step() -> None:
    shows = policy(rule("shown", on=("observation",), decision="warn"))
    (example,) = compare(policy(), shows, run(("other", {}, ""), sends("a@example.com"))).rules["shown"].examples[:1]

    assert (example.event, example.what, example.number) == ("outcome", "other", 1)


def test_a_megabyte_in_a_step_is_cut() -> None:
    compared = compare(policy(), TRIED, run(("send_email", {"to": "a@example.com", "body": "x" * 1_000_000}, "")))

    (example,) = compared.rules["mails"].examples
    assert len(example.arguments) < TEXT_LIMIT + 40
    assert example.arguments.endswith("more characters)")


def test_agents_beyond_the_limit_are_counted_together() -> None:
    runs = [run(sends("a@example.com"), agent=f"agent-{n}") for n in range(AGENT_LIMIT + 5)]
    compared = compare(TODAY, TRIED, *runs)

    assert len(compared.agents) == AGENT_LIMIT + 1
    assert compared.agents[OTHER_AGENTS].runs == 5


def test_the_runs_without_a_grave_finding_are_counted_apart() -> None:
    grave = policy(
        rule("grave", 'action.kind == "message"', severity="high"), rule("opens", 'action.kind == "navigate"')
    )
    compared = compare(
        grave, grave, run(sends("a@example.com"), opens("https://a.example")), run(opens("https://a.example"))
    )

    assert (compared.runs, compared.honest_runs) == (2, 1)
    assert (compared.rules["opens"].after.held_up, compared.rules["opens"].after.honest_held_up) == (2, 1)
    assert (compared.rules["grave"].after.held_up, compared.rules["grave"].after.honest_held_up) == (1, 0)


def test_rules_alone_are_never_looser_where_a_refused_action_leaves_more_of_the_budget() -> None:
    risky = [rule(name, f'action.tool == "{name}"', decision="ask", risk=60) for name in ("one", "two")]
    strict = [replace(risky[0], decision=Decision.BLOCK), risky[1]]
    compared = compare(policy(*risky), policy(*strict), run(("one", {}, ""), ("two", {}, "")))

    assert compared.actions[Decision.BLOCK, Decision.ASK] == 1
    assert compared.by_rules == {(Decision.ASK, Decision.BLOCK): 1, (Decision.ASK, Decision.ASK): 1}


def test_the_moments_of_the_first_and_the_last_run_are_kept() -> None:
    compared = compare(TODAY, TODAY, run(started=STARTED + 5), run(started=STARTED), run(started=0))

    assert (compared.first, compared.last) == (STARTED, STARTED + 5)


def test_an_earlier_run_of_the_same_conversation_warms_the_engine() -> None:
    wanted = policy(rule("unasked", 'action.kind == "navigate" && !run.task.contains("elsewhere")'))
    first = Run(
        project="p",
        run_id="one",
        conversation="c",
        events=(Message(sequence=0, author=Author.USER, text="Go elsewhere."),),
    )
    second = run(opens("https://example.com"), run_id="two", conversation="c")

    assert compare(policy(), wanted, second).actions == {(Decision.ALLOW, Decision.ASK): 1}
    warmed = compare(policy(), wanted, first, second)
    assert warmed.actions == {(Decision.ALLOW, Decision.ALLOW): 1}


def test_hostile_text_is_counted_and_shown_without_an_exception() -> None:
    hostile = "\ud800\x00\u202e" + "x" * 100_000
    steps: list[tuple[str, dict[str, JsonValue], str]] = [(hostile, {"to": hostile, hostile: [[[hostile]]]}, hostile)]
    tells = policy(rule("any", evidence=("action.tool", "action.arguments")))
    compared = compare(policy(), tells, run(*steps, run_id=hostile, agent=hostile, task=hostile, conversation=hostile))

    document = backtest_document(compared, (hostile, hostile), [hostile])
    assert json.dumps(document, ensure_ascii=False).encode()
    assert len(json.dumps(document["examples"])) < 60_000


def test_a_document_that_is_too_large_has_fewer_examples_and_says_so() -> None:
    runs = [run(sends("a@example.com"), opens(f"https://{n}.example"), run_id=f"r{n}", agent=f"a{n}") for n in range(6)]
    whole = backtest_document(compare(TODAY, TRIED, *runs), ("today", "tried"), ["x.json: no traces"])
    assert json.loads(fitting(whole, 1 << 20)) == whole
    assert len(whole["examples"]) == 6

    text = fitting(whole, len(json.dumps(whole)) - 1)
    less = json.loads(text)
    assert less["examples"] == whole["examples"][:3]
    assert [rule["examples"] for rule in less["rules"]] == [
        [number for number in rule["examples"] if number <= 3] for rule in whole["rules"]
    ]
    assert less["unread"] == ["x.json: no traces", "3 of 6 examples are left out: they are too large"]
    assert {**less, "examples": 0, "rules": 0, "unread": 0} == {**whole, "examples": 0, "rules": 0, "unread": 0}
    assert json.loads(fitting(whole, 10))["examples"] == []
