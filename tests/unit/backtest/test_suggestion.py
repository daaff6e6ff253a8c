from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fixtures.agent_runs import opens, policy, rule, run, sends
from sentric.events import Run
from sentric.policy.engine import replay
from sentric.policy.loader import load_policy
from sentric.policy.rule import Policy, Tuning
from sentric_analyzer.backtest import Comparison, Habits, Suggestion, is_honest
from sentric_analyzer.backtest.suggestion import CLOSE_RUNS, ENTRIES, quoted

TODAY = policy(rule("asks", 'action.kind == "message"'))


def suggested(*runs: Run, today: Policy = TODAY, least: int = 2) -> Suggestion:
    habits = Habits()
    for one in runs:
        habits.add(replay(today, one))
    return Suggestion(habits, today, "p", least)


def loaded(text: str, path: Path) -> Policy:
    path.write_text(text)
    return load_policy(path)


def usual(number: int = CLOSE_RUNS) -> list[Run]:
    return [run(sends("a@example.com"), opens("https://shop.example.org/"), run_id=str(n)) for n in range(number)]


def test_the_written_policy_loads_and_allows_each_agent_what_it_uses(tmp_path: Path) -> None:
    other = [run(("read_file", {"path": "a"}, ""), run_id=f"o{n}", agent="reader [1]*") for n in range(3)]
    chosen = loaded(suggested(*usual(), *other).text(), tmp_path / "p.yaml")

    mailer, reader = chosen.for_run("p", "mailer").tuning, chosen.for_run("p", "reader [1]*").tuning
    assert (mailer.allowed_tools, mailer.allowed_domains) == (("open_url", "send_email"), ("example.org",))
    assert mailer.allowed_recipients == ("a@example.com",)
    assert set(mailer.closed) == {"tools", "domains", "recipients"}
    assert (reader.allowed_tools, reader.closed) == (("read_file",), ())
    assert chosen.for_run("p", "reader 1").tuning == Tuning()


def test_what_few_runs_used_is_a_comment_to_look_at() -> None:
    text = suggested(*usual(), run(sends("new@example.com"))).text()

    assert '# - "new@example.com"  # 1 run, 1 action, 2026-11-19; matched asks' in text
    assert '- "a@example.com"  # 20 runs, 20 actions, 2026-11-19; matched asks' in text
    assert "new@example.com" not in str(yaml.safe_load(text))


def test_a_list_that_still_grows_is_not_closed(tmp_path: Path) -> None:
    ever_new = [run(sends(f"a{n}@example.com"), run_id=f"n{n}") for n in range(CLOSE_RUNS)]
    text = suggested(*ever_new).text()

    assert loaded(text, tmp_path / "p.yaml").for_run("p", "mailer").tuning.closed == ("tools", "domains")
    assert "# recipients: not closed: about 100% of further runs would use others" in text


def test_a_list_that_cannot_hold_all_that_is_used_is_not_closed(tmp_path: Path) -> None:
    local = [run(opens("http://localhost:1/"), run_id=str(n)) for n in range(CLOSE_RUNS)]
    tuning = loaded(suggested(*local).text(), tmp_path / "p.yaml").for_run("p", "mailer").tuning

    assert "domains" not in tuning.closed
    assert "tools" in tuning.closed


def test_what_todays_policy_allows_stays_allowed(tmp_path: Path) -> None:
    today = replace(TODAY, tuning=Tuning(allowed_domains=("intranet.example",), closed=("domains",)))
    tuning = loaded(suggested(*usual(3), today=today).text(), tmp_path / "p.yaml").for_run("p", "mailer").tuning

    assert tuning.allowed_domains == ("intranet.example", "example.org")
    assert tuning.closed == ("domains",)


def test_it_extends_todays_policy(tmp_path: Path) -> None:
    (tmp_path / "today.yaml").write_text("policy: today\npacks: [browser]\ntuning: {repeats: 7}\n")
    chosen = loaded(suggested(*usual(2)).text(extends="today.yaml"), tmp_path / "p.yaml")

    assert chosen.for_run("p", "mailer").tuning.repeats == 7
    assert {one.pack for one in chosen.rules} == {"browser"}


def test_nothing_of_a_run_with_a_grave_finding_is_in_the_file() -> None:
    today = policy(rule("grave", 'action.kind == "message"', severity="critical"))
    text = suggested(
        run(sends("attacker@evil.example"), run_id="bad"), *[run(opens("https://a.example"))] * 3, today=today
    ).text()

    assert "evil.example" not in text
    assert "Nothing was learned from 1 run with a finding of severity high or critical:" in text
    assert "#   grave                                    1 run" in text


def test_it_says_what_enforcing_would_have_held_up() -> None:
    runs = usual(3)
    suggestion = suggested(*runs)
    compared = Comparison(TODAY, policy(), is_honest)
    for one in runs:
        compared.add(one)
    text = suggestion.text(compared=compared)

    (line,) = [line for line in text.splitlines() if line.startswith("#   asks ")]
    assert line.split() == ["#", "asks", "3", "->", "0", "0", "3", "->", "0"]
    assert "override" not in text


def test_a_rule_that_holds_up_many_honest_runs_is_proposed_for_a_second_look() -> None:
    runs = usual(3)
    compared = Comparison(TODAY, TODAY, is_honest)
    for one in runs:
        compared.add(one)
    text = suggested(*runs).text(compared=compared)

    assert text.endswith("# override:\n#   asks: {decision: warn}  # 3 runs, 100%\n")
    assert "override" not in yaml.safe_load(text)


def test_a_long_list_is_cut_with_a_word() -> None:
    steps = [sends(f"a{n}@example.com") for n in range(ENTRIES + 7)]
    text = suggested(run(*steps, run_id="1"), run(*steps, run_id="2")).text()

    assert len(yaml.safe_load(text)["agents"]["mailer"]["tuning"]["allowed_recipients"]) == ENTRIES
    assert "# and 7 more, each used less" in text


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_name_breaks_out_of_its_line(agent: str, tool: str) -> None:
    runs = [run((tool, {}, ""), agent=agent, run_id=str(n)) for n in range(2)]
    document = yaml.safe_load(suggested(*runs).text())

    assert set(document) <= {"policy", "agents"}
    assert len(document.get("agents", {})) <= 1


@pytest.mark.parametrize("text", ["a\nb: c", "\u2028\x85\x00", "\ud800", '"', "# x", "é 🫖", "- a", ""])
def test_any_text_is_a_scalar_on_one_line(text: str) -> None:
    written = quoted(text)

    assert "\n" not in written
    assert yaml.safe_load(written) == text.replace("\ud800", "\ufffd")
