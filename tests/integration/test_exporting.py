"""Recorded runs become fixtures: from files, from the store, and over REST."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from fixtures.agent_runs import DAY, STARTED, opens, policy, rule, run, sends
from fixtures.store_rows import empty
from sentric.events import Author, Message, Run
from sentric.policy.engine import replay
from sentric.policy.rule import Policy
from sentric.redaction import fingerprints
from sentric.testing import Fixture, fixture_text, load_fixture, read_fixture
from sentric.testing import replay as changes_of
from sentric_analyzer.api import ApiServer, create_app
from sentric_analyzer.api.client import Client
from sentric_analyzer.api.reader import StoreReader
from sentric_analyzer.api.served import SERVE_FILE
from sentric_analyzer.detection import Conversations, fixture_document
from sentric_analyzer.storage import Store, embedded_url
from support.access import local_access
from support.commands import sentric

OTLP = Path(__file__).parents[1] / "fixtures" / "otlp"
ATTACK = OTLP / "strands.otlp.pb"
WEAK = """\
policy: weak
override:
  data-sent-outside-task: {decision: warn}
  injected-instructions-obeyed: {enabled: false}
  secret-sent-outside-task: {enabled: false}
"""
MAILS = rule("mails", 'action.kind == "message"', decision="block")
TOLD = rule("told", 'run.task.contains("kettle")', decision="warn", on=("action",))
OURS = policy(MAILS, TOLD)


@dataclass
class Served:
    store: Store
    address: str


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with (
        Store.open(embedded_url(tmp_path_factory.mktemp("data"))) as store,
        ApiServer(create_app(store, str, access=local_access()), "127.0.0.1:0") as server,
    ):
        yield Served(store, server.address)


@pytest.fixture
def served(service: Served) -> Served:
    empty(service.store)
    return service


def keep(store: Store, *runs: Run, by: Policy = OURS) -> None:
    known = Conversations()
    store.insert_replays([replay(by, one, earlier=known.earlier(one)) for one in runs])


def exported(served: Served, selector: str, *, redact_personal: bool = False) -> Fixture:
    """A run as a fixture, over REST and from the store: they differ in their fingerprints alone."""
    with Client(served.address) as client:
        over_rest = client.fixture(selector, redact_personal=redact_personal)
    stored = StoreReader(served.store).fixture(selector, redact_personal=redact_personal)
    assert over_rest is not None
    assert stored is not None
    fixture, other = read_fixture(fixture_text(over_rest)), read_fixture(fixture_text(stored))
    assert (fixture.expected, len(fixture.earlier)) == (other.expected, len(other.earlier))
    assert fixture.to_json() == over_rest
    return fixture


def test_a_captured_attack_becomes_a_fixture_that_fails_when_a_rule_is_weakened(tmp_path: Path) -> None:
    file = tmp_path / "attack.yaml"
    made = sentric("runs", "export", "--traces", ATTACK, "-o", file)
    assert (made.returncode, made.stderr) == (0, "")
    assert sentric("test", file).returncode == 0

    (tmp_path / "weak.yaml").write_text(WEAK)
    done = sentric("test", file, "--policy", tmp_path / "weak.yaml")
    assert done.returncode == 1
    assert "step 2, http_post (line " in done.stdout
    assert "block → ask" in done.stdout
    assert "    - secret-sent-outside-task\n" in done.stdout


def test_the_fingerprints_of_two_exports_tell_nothing_of_each_other(tmp_path: Path) -> None:
    texts = [sentric("runs", "export", "--traces", ATTACK).stdout for _ in range(2)]
    one, other = (set(fingerprints(text)) for text in texts)
    assert one
    assert one.isdisjoint(other)
    assert len(one) == len(other)
    assert changes_of(read_fixture(texts[0])) == []


def test_what_is_expected_may_be_what_another_policy_decides(tmp_path: Path) -> None:
    (tmp_path / "weak.yaml").write_text(WEAK)
    file = tmp_path / "attack.yaml"
    weak = tmp_path / "weak.yaml"
    assert sentric("runs", "export", "--traces", ATTACK, "--expect", "--policy", weak, "-o", file).returncode == 0
    assert sentric("test", file, "--policy", weak).returncode == 0
    assert sentric("test", file).returncode == 1
    wrong = sentric("runs", "export", "--policy", weak)
    assert (wrong.returncode, "--policy needs --expect or --traces" in wrong.stderr) == (2, True)


def test_runs_are_named_by_their_ids_in_files_too(tmp_path: Path) -> None:
    both = ("--traces", ATTACK, "--traces", OTLP / "strands-benign.otlp.pb")
    runs = [one["run_id"] for one in json.loads(sentric("analyze", "--steps", "--format", "json", *both[1::2]).stdout)]
    for run_id in runs:
        made = sentric("runs", "export", run_id[:12], *both)
        assert read_fixture(made.stdout).run.run_id == run_id
    assert "no run 'x'" in sentric("runs", "export", "x", *both).stderr
    assert "2 runs begin with ''" in sentric("runs", "export", "", *both).stderr


def test_a_stored_run_expects_what_was_decided_with_all_that_was_known_before_it(served: Served) -> None:
    before = run(run_id="before", conversation="c", started=STARTED - DAY, asks="Buy a kettle.")
    judged = run(opens("http://a.example/"), sends("a@example.com"), run_id="now", conversation="c")
    keep(served.store, before, judged)
    fixture = exported(served, "now")

    assert [one.run_id for one in fixture.earlier] == ["before"]
    assert [one.rules for one in fixture.expected] == [(), ("told",), (), ("mails", "told"), ()]
    assert fixture.policy_digest == OURS.for_run("p", "mailer").digest
    assert (fixture.run.run_id, fixture.run.agent, fixture.run.conversation) == ("now", "mailer", "c")
    assert changes_of(fixture, OURS) == []


def test_a_run_of_another_agent_that_led_to_it_is_known(served: Served) -> None:
    parent = run(run_id="parent", trace_id="t", asks="Buy a kettle.")
    child = run(opens("http://a.example/"), run_id="child", trace_id="t", parent="parent", started=STARTED + 5, asks="")
    keep(served.store, parent, child)
    fixture = exported(served, "child")

    assert [one.run_id for one in fixture.earlier] == ["parent"]
    assert fixture.expected[1].rules == ("told",)
    assert changes_of(fixture, OURS) == []


def test_secrets_are_followed_through_the_runs_and_none_stays_as_it_was(served: Served) -> None:
    mark = "‹secret:token:0a1b2c3d.k1›"
    before = run(run_id="before", conversation="c", started=STARTED - DAY, asks=f"The token is {mark}.")
    judged = run(opens(f"http://a.example/?t={mark}"), run_id="now", conversation="c", asks="sk-ant-" + "a1B2" * 12)
    keep(served.store, before, judged)
    fixture = exported(served, "now")
    (said,) = fixture.earlier[0].events
    text = fixture_text(fixture.to_json())

    assert isinstance(said, Message)
    assert len(fingerprints(said.text)) == 1
    assert fingerprints(said.text)[0] in fingerprints(str(fixture.run.events))
    assert "0a1b2c3d" not in text
    assert "k1" not in text
    assert "a1B2a1B2" not in text


def test_personal_data_is_replaced_on_request(served: Served) -> None:
    keep(served.store, run(sends("ann@example.com"), run_id="r"))
    assert "ann@example.com" in fixture_text(exported(served, "r").to_json())
    text = fixture_text(exported(served, "r", redact_personal=True).to_json())
    assert "ann@" not in text
    assert [one.partition(":")[0] for one in fingerprints(text)] == ["email"]


def test_personal_data_of_files_is_replaced_with_a_word_of_what_that_means(tmp_path: Path) -> None:
    made = sentric("runs", "export", "--traces", ATTACK, "--redact-personal")
    assert made.returncode == 0
    assert "note: personal data was replaced: rules about recipients may decide otherwise" in made.stderr
    assert changes_of(read_fixture(made.stdout)) == []


def test_a_run_that_is_not_there_is_not_found(served: Served) -> None:
    keep(served.store, run(run_id="a-1"), run(run_id="a-2"))
    with Client(served.address) as client:
        assert client.fixture("none") is None
    assert StoreReader(served.store).fixture("none") is None
    base = f"http://{served.address}/v1/recordings"
    assert httpx.get(f"{base}/none", trust_env=False).status_code == 404
    assert httpx.get(f"{base}/a-", trust_env=False).status_code == 409


def test_the_command_asks_the_service_of_a_data_directory(served: Served, tmp_path: Path) -> None:
    data = tmp_path
    (data / SERVE_FILE).write_text(json.dumps({"http": served.address, "pid": os.getpid()}))
    keep(served.store, run(sends("a@example.com"), run_id="r-1"))
    file = tmp_path / "f.yaml"
    assert sentric("runs", "--data-dir", data, "export", "r-1", "-o", file).returncode == 0
    assert load_fixture(file).expected[1].rules == ("mails",)
    assert sentric("runs", "export", "r-1", "--data-dir", data, "-o", data).returncode == 2
    none = sentric("runs", "export", "r-2", "--data-dir", data)
    assert (none.returncode, none.stderr) == (3, "error: no run 'r-2': `sentric runs` lists those there are\n")
    listed = sentric("runs", "--data-dir", data, "--format", "json")
    assert [one["run_id"] for one in json.loads(listed.stdout)] == ["r-1"]


def test_a_secret_that_is_recognised_late_does_not_stay_in_an_earlier_run() -> None:
    secret = "hunter2-Zq81xx"
    earlier = run(run_id="e", asks=f"Use {secret}")
    judged = run(("login", {"password": secret}, ""))
    made = Fixture.of(replay(OURS, judged), (earlier,))
    assert secret not in json.dumps(fixture_document(made))
    said = Message(sequence=0, author=Author.USER, text="x")
    lone = Fixture.of(replay(OURS, replace(judged, events=(said,))))
    assert fixture_document(lone)["events"][0]["text"] == "x"
