import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from weakref import ref

import pytest

from sentric.errors import PolicyError, SettingError
from sentric.guard import judgement
from sentric.guard.supply.file import FromFile
from sentric.guard.supply.packaged import Packaged
from sentric.guard.supply.service import FromService
from sentric.settings import Settings
from sentric.stated import Section
from support.supplying import pack


def test_a_policy_that_cannot_be_loaded_is_reported_and_the_shipped_rules_stand_in(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("policy: ours\nunknown: key\n")
    shipped = judgement.policy(Settings())
    assert judgement.policy(Settings(policy=str(path))) == shipped
    assert "sentric: the shipped rules are used, because the policy cannot be loaded" in caplog.text
    assert "policy.yaml" in caplog.text


def test_a_path_that_leads_nowhere_leaves_the_shipped_rules(tmp_path: Path) -> None:
    loop, pipe = tmp_path / "loop.yaml", tmp_path / "pipe.yaml"
    loop.symlink_to(loop)
    os.mkfifo(pipe)
    for path in (str(loop), str(pipe), "a\0b", str(tmp_path)):
        assert judgement.policy(Settings(policy=path)) == judgement.policy(Settings())


def test_the_policy_is_loaded_once_for_the_process() -> None:
    assert judgement.policy(Settings()) is judgement.policy(Settings(project="other"))


def test_processes_that_share_a_key_write_the_same_fingerprints() -> None:
    text = "password: Curlew-33-Marsh"
    first, second = (judgement.redactor(Settings(redaction_key=key)).text(text) for key in ("one", "two"))
    assert judgement.redactor(Settings(redaction_key="one")).text(text) == first != second
    assert judgement.redactor(Settings()).text(text) == judgement.redactor(Settings()).text(text)


def test_key_ids_former_keys_and_personal_data_come_from_the_settings() -> None:
    text = "mail jane@x.example, password: Curlew-33-Marsh"
    before = judgement.redactor(Settings(redaction_key="one", redaction_key_id="k1")).text(text)
    changed = judgement.redactor(
        Settings(
            redaction_key="two",
            redaction_key_id="k2",
            redaction_former_keys="k1:one",
            redact_personal="email",
        )
    )
    after = changed.text(text)
    assert ".k1›" in before
    assert after.count(".k2›") == 2
    assert changed.text(before.partition("password")[2]) == after.partition("password")[2]


def test_there_is_one_source_for_the_same_settings(tmp_path: Path) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text(pack("one"))
    with ThreadPoolExecutor(8) as pool:
        sources = list(pool.map(judgement.source, [Settings(policy=str(path), project=f"p{n}") for n in range(32)]))
    assert len(set(map(id, sources))) == 1
    assert judgement.source(Settings(policy=str(path), mode="enforce")) is not sources[0]
    assert judgement.source(Settings(policy=str(path), allow_loopback=True)) is not sources[0]
    dialects = Section("sentric.yaml", [{}])  # cannot be hashed
    assert judgement.source(Settings(policy=str(path), dialects=dialects)) is sources[0]


def test_sources_of_ever_new_settings_are_not_kept_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text(pack("one"))
    for number in range(20):
        (tmp_path / str(number)).symlink_to(path)
    sources = [ref(judgement.source(Settings(policy=str(tmp_path / str(number))))) for number in range(20)]
    assert sum(source() is not None for source in sources) == 8


SERVICE = "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("stated", "kind"),
    [
        ({}, Packaged),
        ({"url": SERVICE}, Packaged),
        ({"mode": "enforce"}, Packaged),
        ({"mode": "enforce", "url": SERVICE}, FromService),
        ({"policy": "service", "url": SERVICE}, FromService),
        ({"policy": "service"}, FromService),
        ({"policy": "service.yaml", "mode": "enforce", "url": SERVICE}, FromFile),
    ],
)
def test_the_settings_say_where_the_policy_comes_from(stated: dict[str, Any], kind: type, tmp_path: Path) -> None:
    source = judgement.source(Settings(**stated, guard_dir=str(tmp_path)))
    assert type(source) is kind


def test_a_service_that_is_nowhere_is_named_with_its_cure(tmp_path: Path) -> None:
    nowhere = Settings(policy="service", guard_dir=str(tmp_path))
    assert judgement.policy(nowhere) is judgement.policy(Settings())
    with pytest.raises(SettingError, match="policy is 'service', and url is empty: give SENTRIC_URL"):
        judgement.check_policy(nowhere)
    for url in ("", SERVICE, "ftp://x", "http://[", "http://x:y", "http://x y"):
        with pytest.raises(PolicyError, match=r"^there is no policy of the service to decide by: "):
            judgement.policy(Settings(policy="service", mode="enforce", url=url, guard_dir=str(tmp_path)))


def test_what_can_be_checked_at_the_start_is_checked(tmp_path: Path) -> None:
    judgement.check_policy(Settings())
    judgement.check_policy(Settings(policy="service", url=SERVICE))
    with pytest.raises(SettingError, match="policy_key is 'AAAA': give the public_key of GET /v1/policies/key"):
        judgement.check_policy(Settings(policy="service", url=SERVICE, policy_key="AAAA"))
    with pytest.raises(PolicyError, match=r"none\.yaml: cannot be read"):
        judgement.check_policy(Settings(policy=str(tmp_path / "none.yaml")))


FORK = """
import os, signal, sys
from sentric.guard import judgement
from sentric.settings import Settings

settings = Settings(policy=sys.argv[1])
held = judgement.policy(settings)
judgement._making.acquire()  # as if another thread were making one
if (child := os.fork()) == 0:
    signal.alarm(60)
    kept = judgement.policy(settings) is held
    other = judgement.policy(Settings(policy=sys.argv[1], mode="enforce")).digest == held.digest
    os._exit(7 if kept and other else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_forked_child_goes_on_with_what_there_is(tmp_path: Path) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text(pack("one"))
    done = subprocess.run([sys.executable, "-c", FORK, path], capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.stderr) == ("7\n", "")
