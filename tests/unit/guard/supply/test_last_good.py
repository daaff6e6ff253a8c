import os
from pathlib import Path

import pytest

from sentric.guard.supply.last_good import LastGood


def test_what_somebody_else_has_written_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    last = LastGood(tmp_path / "policy.json")
    last.write(b"{}")
    assert last.read() == b"{}"
    user = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    with pytest.raises(PermissionError, match="others can write to it"):
        last.read()
