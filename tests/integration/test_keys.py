"""`sentric keys`, and a service that hears of what it does."""

import json
import re
import sqlite3
import subprocess
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sentric_analyzer.control.keys import is_secret, new_secret
from support.commands import sentric
from support.serving import Serving, poll, serving

HEADER = "Authorization"


def keys(data_dir: Path, *arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    return sentric("keys", *arguments, "--data-dir", data_dir, **environ)


def create(data_dir: Path, *arguments: str) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(keys(data_dir, "create", *arguments, "--format", "json").stdout)
    return made


def listed(data_dir: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(keys(data_dir, "list", "--format", "json").stdout)
    return found


def status(service: Serving, path: str, key: str) -> int:
    request = urllib.request.Request(f"http://{service.stated['http']}{path}", headers={HEADER: f"Bearer {key}"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def meddle(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def test_a_key_stands_alone_on_standard_output(tmp_path: Path) -> None:
    done = keys(
        tmp_path / "data", "create", "--project", "shop", "--project", "bank", "--name", "ci", "--expires", "90d"
    )

    assert done.returncode == 0
    assert is_secret(done.stdout.removesuffix("\n"))
    new, told = done.stderr.splitlines()
    assert new == "New: projects shop, bank."
    assert re.fullmatch(
        r"Key [0-9a-f]{12} \(ci\) for projects shop, bank: ingest, valid until \d{4}-[-\dT:]{14}Z\. "
        r"It is shown this once:",
        told,
    )
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_keys_are_listed_without_what_they_are(tmp_path: Path) -> None:
    made = create(tmp_path, "--project", "shop", "--scope", "read", "--scope", "operate", "--name", "[bold]x[/bold]")
    (found,) = listed(tmp_path)
    secret = made.pop("key")
    assert made.pop("new_projects") == ["shop"]
    assert found == made

    table = keys(tmp_path, "list", COLUMNS="200").stdout
    for part in (made["id"], "[bold]x[/bold]", "shop", "operate, read", "valid", "never"):
        assert part in table
    assert secret not in table
    narrow = keys(tmp_path, "list", COLUMNS="60").stdout
    assert "…" not in narrow


def test_without_keys_the_list_says_so(tmp_path: Path) -> None:
    create(tmp_path, "--scope", "admin")
    assert "every" in keys(tmp_path, "list", COLUMNS="200").stdout
    (tmp_path / "other").mkdir()
    done = keys(tmp_path / "other", "list")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        f"error: {tmp_path}/other: there are no keys yet: start `sentric serve`, or name another --data-dir\n"
    )
    assert list((tmp_path / "other").iterdir()) == []


def test_keys_are_revoked_by_the_beginning_of_their_ids(tmp_path: Path) -> None:
    ids = [create(tmp_path, "--project", "shop")["id"] for _ in range(3)]
    done = keys(tmp_path, "revoke", ids[0], ids[2][:8])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "".join(f"revoked: {ids[n]} for project shop: ingest\n" for n in (0, 2))
    assert [key["state"] for key in listed(tmp_path)] == ["revoked", "valid", "revoked"]
    again = keys(tmp_path, "revoke", ids[0])
    assert (again.returncode, again.stdout[:20]) == (0, "revoked already, on ")


def test_of_several_keys_none_is_revoked_when_one_is_not_there(tmp_path: Path) -> None:
    made = create(tmp_path, "--project", "shop")
    done = keys(tmp_path, "revoke", made["id"], "nothing")
    assert (done.returncode, done.stderr) == (3, "error: no key 'nothing': `sentric keys list` shows those there are\n")
    assert listed(tmp_path)[0]["state"] == "valid"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "name a project: only a key with the scope admin may be for every project"),
        (("--project", "shop", "--scope", "ingest", "--scope", "read"), "may do nothing else"),
        (("--project", "shop", "--scope", "decide", "--scope", "approve"), "may neither approve, operate nor"),
        (("--project", "shop", "--scope", "fly"), "'fly' is not one of 'ingest', 'decide', 'approve', 'read', "),
        (("--project", "a\nb"), "'a\\nb' is no name for a project"),
        (("--project", "\x1b[2J"), "'\\x1b[2J' is no name for a project"),
        (("--project", "shop", "--expires", "soon"), "'soon' is neither an age like 12h, 7d or 2w"),
        (("--project", "shop", "--expires", "999999w"), "neither an age"),
        (("--project", "shop", "--expires", "2001-01-01"), "the key would be expired"),
    ],
)
def test_a_wrong_wish_is_told_and_its_status_is_two(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    done = keys(tmp_path, "create", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "\x1b" not in done.stderr


def test_a_store_elsewhere_is_named_by_its_url(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/elsewhere.db"
    assert keys(tmp_path / "data", "create", "--project", "shop", "--control", url).returncode == 0
    done = keys(tmp_path / "data", "list", SENTRIC_CONTROL=url)
    assert "shop" in done.stdout
    assert not (tmp_path / "data").exists()
    wrong = keys(tmp_path, "list", "--control", "postgresql+nosuch://u:canary@h/d")
    assert (wrong.returncode, len(wrong.stderr.splitlines())) == (3, 1)
    assert "canary" not in wrong.stderr


def test_a_first_start_prints_the_admin_key_once(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    outputs = []
    for _ in range(2):
        with serving(data_dir) as service:
            admin = (data_dir / "admin.key").read_text().strip()
            assert status(service, "/v1/keys", admin) == 200
            assert service.stop() == 0
            outputs.append("".join(service.process.communicate()))
    assert outputs[0].count(admin) == 1
    assert f"kept in {data_dir}/admin.key" in outputs[0]
    assert admin not in outputs[1]


def test_a_running_service_hears_of_keys_that_are_made_and_revoked(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as service:
        made = create(tmp_path / "data", "--project", "shop", "--scope", "read")
        poll(lambda: status(service, "/v1/runs", made["key"]) == 200)
        assert keys(tmp_path / "data", "revoke", made["id"]).returncode == 0
        poll(lambda: status(service, "/v1/runs", made["key"]) == 401)
        assert service.ready()


def test_a_service_without_its_control_store_says_so_and_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "data" / "control.db"
    with serving(tmp_path / "data") as service:
        poll(service.ready)
        admin = (tmp_path / "data" / "admin.key").read_text().strip()
        meddle(path, "ALTER TABLE generation RENAME TO gone")
        poll(lambda: not service.ready())
        assert status(service, "/v1/runs", admin) == 200
        meddle(path, "ALTER TABLE gone RENAME TO generation")
        poll(service.ready)


def test_the_other_commands_send_the_key_that_they_are_given(tmp_path: Path) -> None:
    def runs(**environ: str) -> "subprocess.CompletedProcess[str]":
        return sentric("runs", "--data-dir", tmp_path / "data", **environ)

    with serving(tmp_path / "data") as service:
        assert runs().stdout == "no runs yet\n"
        (tmp_path / "key").write_text(new_secret())
        assert "unknown, expired or revoked" in runs(SENTRIC_API_KEY_FILE=str(tmp_path / "key")).stderr
        ingest = create(tmp_path / "data", "--project", "shop")
        poll(lambda: status(service, "/v1/runs", ingest["key"]) == 403)
        refused = runs(SENTRIC_API_KEY=ingest["key"])
        assert refused.returncode == 3
        assert refused.stderr.endswith(f"this takes a key with scope read or admin: key {ingest['id']} has ingest\n")


def test_a_key_is_in_clear_in_the_file_of_the_first_one_and_nowhere_else(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    told: list[str] = []
    with serving(data_dir) as service:
        admin = (data_dir / "admin.key").read_text().strip()
        shown = keys(data_dir, "create", "--project", "shop", "--scope", "read", "--name", "shown")
        made = [shown.stdout.strip()]
        request = urllib.request.Request(
            f"http://{service.stated['http']}/v1/keys",
            data=json.dumps({"scopes": ["ingest"], "projects": ["shop"]}).encode(),
            headers={HEADER: f"Bearer {admin}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            made.append(json.load(answer)["key"])
        for key in (admin, *made, new_secret()):
            poll(lambda key=key: status(service, "/v1/runs", key) != 401 or key not in (admin, *made))
            for path in ("/v1/keys", "/v1/runs", f"/v1/keys/{key}", "/metrics"):
                status(service, path, key)
        told += [service.text("/metrics"), service.text("/readyz"), json.dumps(service.stated)]
        told += [keys(data_dir, "list").stdout, keys(data_dir, "list", "--format", "json").stdout]
        revoked = keys(data_dir, "revoke", listed(data_dir)[1]["id"], made[0])
        told += [revoked.stdout, revoked.stderr, shown.stderr]
        kept = {path: path.read_bytes() for path in data_dir.rglob("*") if path.is_file()}
        assert service.stop() == 0
        output, errors = service.process.communicate()
        told += [output.replace(admin, "", 1), errors]
    kept |= {path: path.read_bytes() for path in data_dir.rglob("*") if path.is_file()}

    assert kept.pop(data_dir / "admin.key") == f"{admin}\n".encode()
    assert b"shown" in kept[data_dir / "control.db"]
    for key in (admin, *made):
        assert key not in "".join(told)
        assert [path for path, content in kept.items() if key.encode() in content] == []
