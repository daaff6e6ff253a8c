import pytest

from fixtures.agent_runs import STARTED, opens, policy, rule, run, sends
from sentric.events import JsonValue, Run
from sentric.policy.engine import replay
from sentric.policy.rule import Policy
from sentric_analyzer.backtest.habits import AGENT_LIMIT, ENTRY_LIMIT, AgentHabits, Habits, Uses

QUIET = policy(rule("asks", 'action.kind == "message"', decision="ask"))
STRICT = policy(rule("grave", 'signals.looping || action.tool == "grave"', severity="critical"))


def learn(*runs: Run, by: Policy = QUIET) -> Habits:
    habits = Habits()
    for one in runs:
        habits.add(replay(by, one))
    return habits


def entries(uses: Uses) -> list[str]:
    return [use.entry for use in uses.entries.values()]


def mailer(habits: Habits) -> AgentHabits:
    return habits.agents["mailer"]


def test_tools_sites_and_recipients_are_learned_with_how_often_and_when() -> None:
    habits = mailer(
        learn(run(sends("a@example.com"), opens("https://www.shop.example.org/x")), run(sends("A@Example.com")))
    )

    assert entries(habits.tools) == ["open_url", "send_email"]
    assert entries(habits.domains) == ["example.org"]
    (use,) = habits.recipients.entries.values()
    assert (use.entry, use.runs, use.actions) == ("a@example.com", 2, 2)
    assert (use.first, use.last) == (STARTED + 1, STARTED + 1)
    assert use.rules == {"asks": 2}


def test_nothing_is_learned_from_a_run_with_a_grave_finding() -> None:
    habits = learn(run(sends("attacker@evil.example"), ("grave", {}, "")), run(sends("a@example.com")), by=STRICT)

    assert entries(mailer(habits).recipients) == ["a@example.com"]
    assert (mailer(habits).runs, mailer(habits).left_out, habits.reasons) == (1, 1, {"grave": 1})


def test_nothing_is_learned_from_what_failed() -> None:
    habits = mailer(learn(run(("send_emial", {}, "no such tool"), sends("a@example.com"))))

    assert entries(habits.tools) == ["send_email"]


@pytest.mark.parametrize("recipient", ["‹secret:password:1a2b3c4d›", "*@example.com", "user\u202e", "a" * 300])
def test_what_a_list_cannot_hold_is_counted_and_never_learned(recipient: str) -> None:
    recipients = mailer(learn(run(sends(recipient)))).recipients

    assert not any(recipient in entry or "secret" in entry for entry in entries(recipients))
    assert recipients.entries == {} or recipient == "a" * 300
    assert recipients.unlisted or recipient == "a" * 300


@pytest.mark.parametrize(
    "recipient",
    [
        "null",
        "None",
        "N/A",
        "unknown",
        "-",
        "…",
        "<recipient>",
        "[email]",
        "{to}",
        "$TO",
        "your_email",
        "IBAN_HERE",
        "XXXX",
    ],
)
def test_a_word_for_nobody_is_never_learned(recipient: str) -> None:
    recipients = mailer(learn(run(sends(recipient), asks=f"Write to {recipient}"))).recipients

    assert (entries(recipients), recipients.unlisted) == ([], 1)


@pytest.mark.parametrize(
    ("url", "entry"),
    [
        ("https://pay.shop.co.uk/x", "shop.co.uk"),
        ("http://10.0.0.5:8080/", "10.0.0.5"),
        ("http://wiki.corp/page", "wiki.corp"),
        ("http://localhost:3000/", None),
    ],
)
def test_a_site_is_learned_as_an_allow_list_names_it(url: str, entry: str | None) -> None:
    domains = mailer(learn(run(opens(url)))).domains

    assert entries(domains) == ([entry] if entry else [])
    assert domains.unlisted == (0 if entry else 1)


def test_what_has_no_recipient_teaches_none() -> None:
    arguments: dict[str, JsonValue] = {"to": "a@example.com"}

    assert entries(mailer(learn(run(("read_file", arguments, "")))).recipients) == []


def test_the_share_of_runs_with_something_new_is_estimated_from_what_one_run_alone_used() -> None:
    runs = [run(sends("a@example.com"), run_id=str(n)) for n in range(8)]
    recipients = mailer(learn(*runs, run(sends("b@example.com")), run(sends("c@example.com")))).recipients

    assert recipients.unseen(10) == pytest.approx(0.2)
    assert Uses().unseen(0) == 1.0
    assert Uses().unseen(10) == 0.0


def test_memory_is_bounded() -> None:
    many = mailer(learn(run(*[sends(f"a{n}@example.com") for n in range(ENTRY_LIMIT + 3)])))
    habits = learn(*[run(agent=f"agent-{n}") for n in range(AGENT_LIMIT + 2)])

    assert len(many.recipients.entries) == ENTRY_LIMIT
    assert many.recipients.forgotten == 3
    assert "a0@example.com" not in many.recipients.entries
    assert (len(habits.agents), habits.beyond) == (AGENT_LIMIT, 2)
