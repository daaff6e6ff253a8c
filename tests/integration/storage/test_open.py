import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from fixtures.replays import judged_run
from sentric_analyzer.storage import Store, StoreError, StoreHeldError, embedded_url

HOLD = """
import sys
from sentric_analyzer.storage import Store
with Store.open(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holding(url: str) -> "Iterator[subprocess.Popen[str]]":
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process:
        try:
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def run(program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=60)


def test_a_store_that_another_process_holds_names_the_process(tmp_path: Path) -> None:
    url = embedded_url(tmp_path)
    with holding(url) as holder, pytest.raises(StoreHeldError) as caught:
        Store.open(url)

    assert str(caught.value) == (
        f"{tmp_path}/store: the store is held by process {holder.pid}: stop it, or ask it through REST"
    )


def test_a_store_whose_process_was_killed_opens_again(tmp_path: Path) -> None:
    url = embedded_url(tmp_path)
    with holding(url):
        pass

    with Store.open(url) as store:
        assert store.runs() == []


def test_a_second_embedded_store_in_one_process_is_refused(new_store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreHeldError, match=f"this process has {tmp_path}/store open, and may have only one"):
        Store.open(embedded_url(tmp_path / "other"))


def test_the_same_store_may_be_opened_twice_in_one_process(new_store: Store, tmp_path: Path) -> None:
    with Store.open(embedded_url(tmp_path)) as again:
        again.insert_replays([judged_run()])

    assert len(new_store.runs()) == 1


def test_a_closed_store_refuses(new_store: Store) -> None:
    new_store.close()
    new_store.close()

    with pytest.raises(StoreError, match="closed"):
        new_store.runs()


def test_a_forked_child_is_refused_instead_of_hanging(tmp_path: Path) -> None:
    program = (
        "import os, sys\nfrom sentric_analyzer.storage import Store\nstore = Store.open(sys.argv[1])\n"
        "if os.fork():\n    os._exit(os.waitstatus_to_exitcode(os.wait()[1]))\n"
        "try:\n    store.runs()\nexcept Exception as error:\n    print(error, flush=True)\nos._exit(7)"
    )
    child = run(program, embedded_url(tmp_path))

    assert (child.returncode, "before a fork" in child.stdout) == (7, True)


def test_a_path_that_is_a_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("")

    with pytest.raises(StoreError) as caught:
        Store.open(embedded_url(tmp_path))

    assert str(caught.value) == f"{tmp_path}/store: cannot be made a directory: File exists"


def test_the_store_is_its_users_alone(new_store: Store, tmp_path: Path) -> None:
    assert (tmp_path / "store").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("missing", ["chdb", "clickhouse_connect"])
def test_a_missing_engine_says_what_to_install(missing: str, tmp_path: Path) -> None:
    program = (
        "import sys\nsys.modules[sys.argv[2]] = None\nfrom sentric_analyzer.storage import Store\n"
        "try:\n    Store.open(sys.argv[1])\nexcept Exception as error:\n    print(type(error).__name__, error)"
    )

    assert run(program, embedded_url(tmp_path), missing).stdout == (
        f"MissingDependencyError the store {embedded_url(tmp_path)} needs a package that is not installed: "
        "pip install 'sentric[embedded]'\n"
    )


def test_naming_the_store_costs_no_engine() -> None:
    program = (
        "import sys, sentric_analyzer.storage\n"
        "print([name for name in ('chdb', 'clickhouse_connect', 'pyarrow', 'numpy') if name in sys.modules])"
    )

    assert run(program).stdout == "[]\n"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def test_a_server_that_is_not_there_is_one_line_without_the_password() -> None:
    port = free_port()
    with pytest.raises(StoreError) as caught:
        Store.open(f"http://agent:hunter2@127.0.0.1:{port}/agents")

    assert str(caught.value) == (
        f"http://127.0.0.1:{port}/agents: cannot be reached: connection refused: is ClickHouse running there?"
    )
    assert caught.value.__cause__ is None


@contextmanager
def answering(status: int, headers: dict[str, str], body: bytes) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST  # noqa: N815  # the name is the server's

        def log_message(self, *arguments: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
            thread.join()


def test_a_server_that_refuses_the_password_does_not_show_it() -> None:
    said = b"Code: 516. DB::Exception: agent: Authentication failed: hunter2 is wrong. (AUTHENTICATION_FAILED)"
    with answering(403, {"X-ClickHouse-Exception-Code": "516"}, said) as port, pytest.raises(StoreError) as caught:
        Store.open(f"http://agent:hunter2@127.0.0.1:{port}")

    assert "refused the user or the password: check the store's URL" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert caught.value.code == 516


def test_something_else_than_clickhouse_is_one_line() -> None:
    with (
        answering(200, {"Content-Type": "text/html"}, b"<html>\n<h1>It works!</h1></html>") as port,
        pytest.raises(StoreError) as caught,
    ):
        Store.open(f"http://agent:hunter2@127.0.0.1:{port}")

    assert "\n" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_store_that_nobody_closes_does_not_keep_its_process_from_ending(tmp_path: Path) -> None:
    program = "import sys\nfrom sentric_analyzer.storage import Store\nStore.open(sys.argv[1]).counts()"
    left = run(program, embedded_url(tmp_path))

    assert (left.returncode, left.stderr) == (0, "")
