"""Settings that cannot be used: refused where verdicts are to be enforced, else said once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import sentric
from sentric.errors import SettingError
from sentric.guard import enforcement, process


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SENTRIC_MODE", raising=False)
    monkeypatch.setattr(enforcement, "_complained", set[str]())
    process.settings.cache_clear()
    yield
    process.settings.cache_clear()


@sentric.guard
def add(one: int, other: int) -> int:
    return one + other


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [("SENTRIC_DECIDE_TIMEOUT", "x", "SENTRIC_DECIDE_TIMEOUT is 'x'"), ("SENTRIC_ENDPOINT", "bogus", "endpoint")],
)
def test_where_nothing_is_enforced_a_bad_setting_is_said_once(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(name, value)
    with sentric.run(agent="a"):
        assert [add(1, 2), add(3, 4), sentric.call("add", {"one": 1, "other": 1}, add)] == [3, 7, 2]
        assert sentric.evaluate(action="add").allowed
    (record,) = [record for record in caplog.records if record.name == "sentric"]
    assert record.getMessage().startswith("sentric: nothing is observed: ")
    assert said in record.getMessage()


@pytest.mark.parametrize("stated", ["env", "file", "broken file"])
def test_where_verdicts_are_to_be_enforced_a_bad_setting_refuses(
    stated: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    done: list[str] = []

    def act(what: str) -> None:
        done.append(what)

    monkeypatch.setenv("SENTRIC_DECIDE_TIMEOUT", "x")
    if stated == "env":
        monkeypatch.setenv("SENTRIC_MODE", "enforce")
    else:
        (tmp_path / "sentric.yaml").write_text("mode: enforce\n" + ("]" if stated == "broken file" else ""))
    for _ in range(2):
        with pytest.raises(SettingError):
            sentric.call("act", {"what": "x"}, act)
    assert done == []
