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


def test_the_policy_is_loaded_once_for_the_process() -> None:
    assert judgement.policy(Settings()) is judgement.policy(Settings(project="other"))


def test_processes_that_share_a_key_write_the_same_fingerprints() -> None:
    text = "password: Curlew-33-Marsh"
    first, second = (judgement.redactor(Settings(redaction_key=key)).text(text) for key in ("one", "two"))
    assert judgement.redactor(Settings(redaction_key="one")).text(text) == first != second
    assert judgement.redactor(Settings()).text(text) == judgement.redactor(Settings()).text(text)
