"""What `sentric demo --approve` adds: a customer who is called before the agent pays, and a company that calls."""

import json
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from sentric.cli.visible import visible
from sentric_analyzer.cli.demo_guard import PROJECT
from sentric_analyzer.cli.opened import opened
from sentric_analyzer.cli.programs import Program, until

NUMBER = "+4930901820"
QUESTION = "What does it cost, and where is it paid?"
ANSWERED = ("--picks-up", "human", "--does", f"2; say {QUESTION}; 1", "--pace", "0.2")
UNANSWERED = ("--picks-up", "nobody")
PATIENCE = "12"
"""Seconds that the customer has to answer where nobody picks up."""
_API_KEY = "KEY-of-the-stand-in"


def free_port() -> int:
    """A port of loopback that nobody listens on: the company must know where the service does before it starts."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def webhook(port: int) -> str:
    """Where the service is told what happens in calls."""
    return f"http://127.0.0.1:{port}/v1/webhooks/telnyx"


@dataclass(frozen=True)
class Company:
    """The company that calls, once it listens."""

    base_url: str
    public_key: str


def company_of(started: Program, timeout: float) -> Company:
    """The company, once it says where it is.

    Raises:
        SentricError: it ended or said nothing in time.
    """
    base_url, public_key, *_ = until(
        lambda: lines if len(lines := started.lines()) > 1 else None, started, timeout, "did not start"
    )
    return Company(base_url, public_key)


def calling(data_dir: Path, company: Company) -> str:
    """Make dora somebody who may approve; what the service's `sentric.yaml` says of reaching her."""
    from sentric_analyzer.control.api_keys import LOCAL
    from sentric_analyzer.control.people import Role

    with opened(str(data_dir), None, make=True) as store:
        store.people.add("dora", Role.APPROVER, actor=LOCAL)
    approvals = {
        "channels": {"dora-phone": {"type": "telnyx", "person": "dora", "number": NUMBER}},
        "telnyx": {
            "api_key": _API_KEY,
            "public_key": company.public_key,
            "connection_id": "1494404757140276705",
            "from": "+15550100",
            "numbers": [NUMBER],
            "base_url": company.base_url,
        },
        "routes": [{"projects": [PROJECT], "steps": [{"channel": "dora-phone"}]}],
    }
    return json.dumps({"approvals": approvals}, indent=1)  # JSON is YAML


def show_call(lines: Iterable[str]) -> None:
    """Print what was said on the phone: what the company writes, after the two lines that say where it is."""
    click.echo("\nOn the phone:")
    for line in list(lines)[2:]:
        click.echo(f"  {visible(line)}")


def show_story(data_dir: Path) -> None:
    """Print what the audit has of the approval, the earliest first."""
    with opened(str(data_dir), None) as store:
        names = {f"person:{person.person_id}": person.name for person in store.people.list()}
        records = [record for record in store.changes.records() if record.what.startswith(("decision.", "approval."))]
    click.echo("What the audit has of it (sentric audit list):")
    for record in records:
        detail: Mapping[str, Any] = json.loads(record.detail)
        click.echo(
            visible(f"  {record.what:<20} {names.get(record.actor, record.actor):<14} {_telling(detail)}".rstrip())
        )


def _telling(detail: Mapping[str, Any]) -> str:
    """What of a record's detail a reader wants to know."""
    wanted = ("tool", "channel", "note", "question", "risk", "strikes", "rules")
    return ", ".join(f"{name} {_plain(detail[name])}" for name in wanted if detail.get(name))


def _plain(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
