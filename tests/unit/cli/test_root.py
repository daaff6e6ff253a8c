import subprocess
import sys
from pathlib import Path

import pytest

from support.commands import sentric

SENTRIC = Path(sys.executable).with_name("sentric")
HEAVY = (
    "rich",
    "yaml",
    "opentelemetry.sdk",
    "grpc",
    "fastapi",
    "chdb",
    "clickhouse_connect",
    "pyarrow",
    "cel_expr_python",
    "sqlalchemy",
)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SENTRIC, *arguments], capture_output=True, text=True, timeout=60)


def test_help_lists_every_command_and_imports_none() -> None:
    code = (
        "import sys; sys.argv = ['sentric', '--help']\n"
        "from sentric.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        f"print('imported:', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.endswith("imported: []\n")
    for command in ("analyze", "demo", "keys", "policy", "report", "rules", "runs", "serve", "test"):
        assert f"\n  {command} " in done.stdout


def test_the_agents_side_never_loads_the_analyzers_packages() -> None:
    code = (
        "import sys, sentric\n"
        "print([n for n in ('sentric_analyzer', 'grpc', 'fastapi', 'chdb', 'clickhouse_connect') if n in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("nonsense",), 2, "No such command 'nonsense'"),
        (
            ("rules", "check", "/no/such.yaml"),
            2,
            "error: /no/such.yaml: cannot be read: No such file or directory",
        ),
        (("analyze", "/no/such.pb"), 3, "error: /no/such.pb: no such file or directory"),
        (("analyze", "--steps", "x"), 2, "--steps needs --format json"),
        (("report", "--data-dir", "/no/such"), 3, "error: "),
        (
            ("serve", "--http", "0.0.0.0:4319"),
            3,
            "error: --http 0.0.0.0:4319: other machines reach it: give --tls-cert and --tls-key",
        ),
        (("serve", "--http", "nonsense"), 3, "error: --http is 'nonsense': it must be HOST:PORT"),
        (("serve", "--http", "127.0.0.1.evil.example:80"), 3, "other machines reach it: give --tls-cert"),
        (("serve", "--otlp-http", "0.0.0.0:4318"), 3, "0.0.0.0:4318: other machines reach it: give --tls-cert and"),
        (("serve", "--otlp-grpc", "[::]:4317"), 3, "[::]:4317: other machines reach it: give --tls-cert and"),
        (("serve", "--tls-cert", "c.pem"), 3, "error: --tls-key is missing: TLS needs a certificate and its key"),
    ],
)
def test_a_mistake_is_one_line_and_a_status(arguments: tuple[str, ...], status: int, message: str) -> None:
    done = run(*arguments) if arguments[0] == "serve" else sentric(*arguments)
    assert done.returncode == status
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    if status == 3:
        assert len(done.stderr.strip().splitlines()) == 1


def test_a_wrong_setting_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRIC_IDLE", "soon")
    done = run("serve")
    assert (done.returncode, done.stderr) == (3, "error: SENTRIC_IDLE is 'soon': it must be a number\n")


def test_a_command_of_an_extra_that_is_not_installed_says_how_to_install_it() -> None:
    code = (
        "import sys; sys.argv = ['sentric', 'serve']; sys.modules['fastapi'] = None\n"
        "from sentric.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    message = "error: this command needs the package 'fastapi': pip install 'sentric[all]'\n"
    assert (done.returncode, done.stderr) == (3, message)
