import os
from pathlib import Path

import pytest

from sentric.guard import judgement
from sentric.settings import Settings


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
