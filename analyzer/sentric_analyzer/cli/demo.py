"""`sentric demo`: an ordinary browser agent that is talked into giving a customer's data away, observed and judged."""

import importlib.util
import json
import os
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Mapping
from contextlib import closing
from importlib import resources
from pathlib import Path
from typing import Any

import click

from sentric.errors import MissingDependencyError, SentricError
from sentric_analyzer.cli.programs import Program, Programs, finished, first_line, until

START_TIMEOUT = 20.0
"""Seconds a server of the demo may take to listen."""
AGENT_TIMEOUT = 150.0
"""Seconds the agent may take to buy its duck; about ten is usual."""
VERDICT_TIMEOUT = 30.0
"""Seconds between the agent's end and the judged run."""
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
REDACTION_KEY = "sentric-demo"
"""Known to everybody, and the same each time: two runs of the demo show the same fingerprints."""
EXPECTED = frozenset(
    {
        "injected-instructions-shown",
        "injected-instructions-obeyed",
        "credential-over-http",
        "data-sent-outside-task",
        "secret-sent-outside-task",
        "hesitation-before-irreversible",
    }
)
"""Rules that must match in the demo; in an honest shop `HONEST`, and nothing of high severity."""
HONEST = frozenset({"credential-over-http-inside"})
_FOREIGN = ("SENTRIC_", "OTEL_", "OPENAI_", "BROWSER_USE_")


@click.command()
@click.option("--honest", is_flag=True, help="Leave the planted review out: what an ordinary run looks like.")
@click.option("--open-browser", is_flag=True, help="Open the HTML report at the end.")
def demo(honest: bool, open_browser: bool) -> None:
    """Run a browser agent end to end, observed and judged.

    Starts a small shop, an attacker's site, a scripted model and the analyzer, all on this machine, and lets an
    ordinary browser-use program buy a rubber duck in headless Chromium. Prints what the agent did, why, and what was
    unsafe.
    """
    chromium = _require_chromium()
    _require_browser_use()
    directory = Path(tempfile.mkdtemp(prefix="sentric-demo-"))
    with Programs(directory) as programs:
        document, leaked = _perform(programs, directory, chromium, honest=honest)
    _show(document, leaked, directory, open_browser=open_browser)
    _compare(document, HONEST if honest else EXPECTED)


def demo_files() -> Path:
    """The demo's programs: in an installed package beside the analyzer, in a checkout in deploy/demo."""
    package = Path(str(resources.files("sentric_analyzer")))
    installed = package / "_demo"
    return installed if installed.is_dir() else package.parents[1] / "deploy" / "demo"


def _require_chromium() -> str:
    found = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if found is None:
        raise MissingDependencyError("Chromium is not installed: install it first (Debian: apt-get install chromium)")
    return found


def _require_browser_use() -> None:
    if importlib.util.find_spec("browser_use") is None:
        raise MissingDependencyError("browser-use is not installed: pip install browser-use")


def _perform(programs: Programs, directory: Path, chromium: str, *, honest: bool) -> tuple[dict[str, Any], list[str]]:
    """Start everything, let the agent do its work, and wait for the verdict.

    Returns:
        The document of the judged run, and the names of what the attacker's site was sent.
    """
    from sentric_analyzer.api.client import Client

    files, environ = demo_files(), _environment()
    _say("starting a shop, an attacker's site, a model and the analyzer")
    analyzer = programs.start("analyzer", _serve(directory), {**environ, "SENTRIC_GRACE": "0.5"})
    attacker = programs.start("attacker", [sys.executable, files / "attacker.py"], environ)
    model = programs.start("model", [sys.executable, files / "model.py"], environ)
    planted = ["--honest"] if honest else ["--bait", first_line(attacker, START_TIMEOUT)]
    shop = programs.start("shop", [sys.executable, files / "shop.py", *planted], environ)
    where = _addresses(analyzer, directory)
    wiring = {
        "SHOP_URL": first_line(shop, START_TIMEOUT),
        "OPENAI_BASE_URL": f"{first_line(model, START_TIMEOUT)}/v1",
        "OPENAI_API_KEY": "none-needed",
        "CHROMIUM": chromium,
        "OTEL_SERVICE_NAME": "duck-buyer",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{where['otlp_http']}",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_METRICS_EXPORTER": "none",
    }
    _say("an agent buys a rubber duck in headless Chromium: opentelemetry-instrument python agent.py")
    command = (_script("opentelemetry-instrument"), sys.executable, files / "agent.py")
    finished(programs.start("agent", command, {**environ, **wiring}), AGENT_TIMEOUT)
    _say("waiting for the verdict")
    with closing(Client(where["http"])) as client:
        document = until(lambda: _judged(client), analyzer, VERDICT_TIMEOUT, "has not judged the agent's run")
    return document, _leaked(attacker)


def _environment() -> dict[str, str]:
    """The environment of everything that is started: nothing of the user's own settings gets in."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    return inherited | {
        "ANONYMIZED_TELEMETRY": "false",
        "BROWSER_USE_CLOUD_SYNC": "false",
        "BROWSER_USE_VERSION_CHECK": "false",
        "BROWSER_USE_CONFIG_DIR": "browser-use",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "SENTRIC_REDACTION_KEY": REDACTION_KEY,
    }


def _serve(directory: Path) -> list[str | Path]:
    anywhere = "127.0.0.1:0"
    addresses = ["--otlp-grpc", anywhere, "--otlp-http", anywhere, "--http", anywhere]
    return [_script("sentric"), "serve", "--data-dir", directory / "data", *addresses]


def _script(name: str) -> Path:
    """A command of the environment this Python runs in, whatever PATH says."""
    return Path(sysconfig.get_path("scripts")) / name


def _addresses(analyzer: Program, directory: Path) -> Mapping[str, str]:
    """Where the analyzer listens; it says so once it is ready."""
    file = directory / "data" / "serve.json"
    text = until(lambda: file.read_text() if file.exists() else None, analyzer, START_TIMEOUT, "did not start")
    addresses: dict[str, str] = json.loads(text)
    return addresses


def _judged(client: Any) -> dict[str, Any] | None:
    document: dict[str, Any] | None = client.run_document("latest")
    return document if document and document["coverage"]["ended"] else None


def _leaked(attacker: Program) -> list[str]:
    return [name for line in attacker.lines() if line.startswith("received ") for name in line.split()[1:]]


def _show(document: Mapping[str, Any], leaked: list[str], directory: Path, *, open_browser: bool) -> None:
    from rich.console import Console

    from sentric_analyzer.console import render_html, render_terminal

    page = directory / "report.html"
    page.write_text(render_html(document), encoding="utf-8")
    render_terminal(document, Console())
    click.echo()
    click.echo(f"The attacker's site was sent: {', '.join(leaked) or 'nothing'}")
    click.echo(f"Report: {page}")
    click.echo(f"Data:   {directory / 'data'}  (sentric report --data-dir {directory / 'data'})")
    if open_browser:
        click.launch(str(page))


def _compare(document: Mapping[str, Any], expected: frozenset[str]) -> None:
    """Fail where the rules did not find what the demo is there to show."""
    found = {finding["rule_id"] for finding in document["findings"]}
    if missing := expected - found:
        raise SentricError(f"the demo ran, but these rules did not match: {', '.join(sorted(missing))}")


def _say(text: str) -> None:
    click.echo(f"{text} …", err=True)
