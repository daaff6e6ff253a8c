"""A service asks people as its configuration says, and tells what has become of it."""

import json
import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from sentric.errors import SettingError
from sentric_analyzer.control.people import Role
from sentric_analyzer.control.store import ControlStore, control_url
from support.commands import sentric
from support.deciding import DOCUMENTS
from support.planes import control_plane
from support.serving import SENTRIC, Serving, poll, serving
from support.standin import Request, StandIn, answer, standing_in


@contextmanager
def two_channels() -> Generator[tuple[StandIn, StandIn]]:
    """What stands in for a chat that hangs, and for one that answers."""

    def hang(request: Request) -> None:
        chat.over.wait()

    with standing_in(hang) as chat, standing_in(lambda request: answer(b"ok", 200)) as mail:
        yield chat, mail


def state(directory: Path, chat: StandIn, mail: StandIn, **more: Any) -> None:
    """Write a configuration with both, a policy, and the people of both."""
    channels = {
        name: {"type": "apprise", "url": f"json://user:s3cret@127.0.0.1:{stand_in.port}/{name}", "person": "ann"}
        for name, stand_in in {"chat": chat, "mail": mail}.items()
    }
    channels["mail"]["person"] = "bob"
    steps = [{"channel": "chat", "wait": 2}, {"channel": "mail"}]
    stated = {"public_url": "https://sentric.example.org", "channels": channels, "routes": [{"steps": steps}], **more}
    (directory / "sentric.yaml").write_text(yaml.safe_dump({"policy": "policy.yaml", "approvals": stated}))
    for name, text in DOCUMENTS.items():
        (directory / name).write_text(text)
    (directory / "data").mkdir()
    with ControlStore.open(control_url(directory / "data")) as store:
        for name in ("ann", "bob"):
            store.people.add(name, Role.APPROVER, actor="local")


def asked(service: Serving) -> str:
    """Id of the approval that an agent's action waits for."""
    headers = {"Authorization": f"Bearer {service.new_key('decide')}"}
    body = {"agent_id": "clerk", "action": "ask"}
    answered = httpx.post(f"http://{service.stated['http']}/v1/decisions", json=body, headers=headers, trust_env=False)
    return str(answered.json()["approval_id"])


def attempts(service: Serving, approval_id: str) -> list[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {service.new_key('read')}"}
    url = f"http://{service.stated['http']}/v1/approvals/{approval_id}"
    document = httpx.get(url, headers=headers, trust_env=False).json()
    found: list[dict[str, Any]] = document["attempts"]
    return found


def test_a_service_that_is_killed_while_it_asks_goes_on_when_it_is_started_again(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    with two_channels() as (chat, mail):
        state(tmp_path, chat, mail)
        with serving(data_dir) as service:
            approval_id = asked(service)
            poll(lambda: chat.requests)
            service.kill()
        with serving(data_dir) as service:
            poll(lambda: mail.requests)
            poll(lambda: [one["state"] for one in attempts(service, approval_id)] == ["unanswered", "sent"])
            first, second = attempts(service, approval_id)
            assert (first["channel"], first["step"], first["sent"]) == ("chat", 0, None)
            assert first["detail"] == "could not be told in time: the channel hangs, or the service ended meanwhile"
            assert (second["channel"], second["step"], second["ended"], second["detail"]) == ("mail", 1, None, "")
            assert (len(chat.requests), len(mail.requests)) == (1, 1)
            assert 'sentric_approval_attempts_total{channel="mail",outcome="sent"} 1.0' in service.text("/metrics")
            assert 'sentric_approval_attempts_total{channel="mail",outcome="failed"} 0.0' in service.text("/metrics")
            shown = sentric("approvals", "show", approval_id[:12], "--data-dir", str(data_dir)).stdout
            assert f"person:{second['person']} through mail" in shown
            link = mail.requests[0].json()["message"].split()[3]
            assert link.startswith("https://sentric.example.org/approve/")
            assert service.stop() == 0
            said = service.errors()
    assert "s3cret" not in said
    assert "s3cret" not in (data_dir / "control.db").read_bytes().decode(errors="replace")


def test_an_agent_is_not_told_whom_the_service_asks(tmp_path: Path) -> None:
    with two_channels() as (chat, mail):
        state(tmp_path, chat, mail)
        with serving(tmp_path / "data") as service:
            decide = {"Authorization": f"Bearer {service.new_key('decide')}"}
            where = f"http://{service.stated['http']}"
            body = {"agent_id": "clerk", "action": "ask"}
            made = httpx.post(f"{where}/v1/decisions", json=body, headers=decide, trust_env=False).json()
            poll(lambda: chat.requests)
            of_agent = httpx.get(f"{where}/v1/approvals/{made['approval_id']}", headers=decide, trust_env=False).json()
            assert of_agent["attempts"] == []
            assert len(attempts(service, made["approval_id"])) == 1


def test_a_mistake_keeps_the_service_from_starting(tmp_path: Path) -> None:
    with two_channels() as (chat, mail):
        state(tmp_path, chat, mail, public_url="ftp://x")
    command = [str(SENTRIC), "serve", "--data-dir", str(tmp_path / "data"), "--http", "127.0.0.1:0"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode not in (0, -9)
    assert "sentric.yaml: approvals.public_url: must be where people reach this service" in done.stderr
    assert "Traceback" not in done.stderr
    assert "s3cret" not in done.stderr


def test_where_nobody_is_to_be_asked_nothing_more_runs(tmp_path: Path) -> None:
    with control_plane(tmp_path) as plane:
        assert plane.asking is None
        assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("sentric-asking")]


def test_what_is_stated_is_known_before_anything_is_opened(tmp_path: Path) -> None:
    file = tmp_path / "sentric.yaml"
    file.write_text(json.dumps({"approvals": {"routes": []}}))
    with pytest.raises(SettingError, match=r"approvals: needs 'channels'"), control_plane(tmp_path, file=file):
        pass
    assert not (tmp_path / "control.db").exists()
