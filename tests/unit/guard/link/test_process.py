"""The link as a part of a process: it forks, it ends, and it starts light."""

import json
import os
import signal
import ssl
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import trustme

from sentric.guard.link import Spool
from sentric.guard.link.frames import unframed
from support.standin import STREAM, Request, answer, decision, event, standing_in, state

FORKING = Path(__file__).with_name("forking.py")


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_a_forked_child_goes_on_with_a_link_of_its_own_and_the_parent_with_its(tmp_path: Path, secure: bool) -> None:
    context = None
    if secure:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
    streams: list[Request] = []
    asked: list[Request] = []

    def handle(request: Request) -> bytes | None:
        if request.method == "POST":
            asked.append(request)
            return answer(decision())
        streams.append(request)
        request.line.sendall(STREAM + event("state", state()))
        with suppress(OSError):
            request.line.recv(1)
        return None

    with standing_in(handle, context) as service:
        command = [sys.executable, str(FORKING), service.url, str(tmp_path / "guard")]
        environ = {**os.environ, "SSL_CERT_FILE": str(tmp_path / "ca.pem")}
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environ)
        assert done.returncode == 0, done.stderr
    child, parent = map(json.loads, done.stdout.splitlines())
    usual: dict[str, Any] = {"heard": True, "has_lease": True, "allowed": True, "same": True}
    assert child == usual | {"had_lease": False, "kept": 1, "pid": child["pid"]}
    assert parent == usual | {"had_lease": True, "kept": 2, "pid": parent["pid"]}
    assert len(streams) == 2  # that of the parent was not broken off
    wishes = [(request.json(), request.line) for request in asked]
    before = [line for wish, line in wishes if "call_id" not in wish]
    after = {wish["call_id"]: line for wish, line in wishes if "call_id" in wish and "settled" not in wish}
    assert after[str(parent["pid"])] in before  # nor were its other connections
    assert after[str(child["pid"])] not in [*before, streams[0].line]


def test_nothing_holds_up_the_end_of_a_process(tmp_path: Path) -> None:
    program = """
import sys, threading
from sentric.guard.link import Link, Spool
from sentric.settings import Settings
settings = Settings(url=sys.argv[1], guard_dir=sys.argv[2])
link, spool = Link.of(settings), Spool.of(settings)
link.watch("buyer", "")
link.withdraw("ab")
spool.keep({"agent_id": "buyer"})
link.deliver(spool)
threading.Thread(target=link.decide, args=[{"agent_id": "buyer"}], daemon=True).start()
print("done")
"""

    def hang(request: Request) -> None:
        request.line.recv(1)

    with standing_in(hang) as service:
        command = [sys.executable, "-c", program, service.url, str(tmp_path / "guard")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
    (path,) = (tmp_path / "guard").iterdir()
    assert unframed(path.read_bytes())


def test_what_a_killed_process_has_kept_is_whole_and_another_one_takes_it(tmp_path: Path) -> None:
    program = """
import os, signal, sys
from sentric.guard.link import Spool
spool = Spool(sys.argv[1], served=True)
for number in range(3):
    spool.keep({"number": number})
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path / "guard")], timeout=20)
    assert done.returncode == -signal.SIGKILL
    spool = Spool(str(tmp_path / "guard"), served=True)
    left = spool.take()
    assert left is not None
    for number in range(3):
        assert json.loads(left.first() or b"")["number"] == number
        left.drop()
    left.remove()
    spool.close()


def test_nothing_is_imported_before_it_is_needed() -> None:
    program = """
import sys
from sentric.guard.link import Link, Spool
from sentric.settings import Settings
assert Link.of(Settings()) is None
link = Link.of(Settings(url="http://127.0.0.1:9"))
print([name for name in ("http.client", "ssl", "http.server", "fcntl_", "sentric_analyzer") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr
