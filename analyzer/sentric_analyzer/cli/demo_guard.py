"""What `sentric demo --enforce` adds: a key with which the agent's guard asks, and a person who is asked."""

from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self

import click

from sentric.cli.visible import visible
from sentric.errors import SentricError
from sentric_analyzer.cli.opened import opened

PROJECT = "default"
_ASK_AGAIN = 0.2
"""Seconds."""


def guarding(data_dir: Path, address: str) -> dict[str, str]:
    """The environment that holds an agent to the policy: its key may ask for decisions and no more."""
    from sentric_analyzer.control import Scope

    with opened(str(data_dir), None, make=True) as store:
        made = store.keys.create(name="the demo's agent", projects=[PROJECT], scopes=[Scope.DECIDE])
    return {
        "SENTRIC_MODE": "enforce",
        "SENTRIC_URL": f"http://{address}",
        "SENTRIC_API_KEY": made.secret,
        "SENTRIC_GUARD_DIR": "guard",
    }


class Person:
    """Approves what the agent asks for, as the customer would, while the block lasts; and says so.

    Args:
        data_dir: of the service.
        address: HOST:PORT of its REST API.
    """

    def __init__(self, data_dir: Path, address: str) -> None:
        from sentric_analyzer.control import Scope
        from sentric_analyzer.control.api_keys import LOCAL
        from sentric_analyzer.control.people import Role

        with opened(str(data_dir), None, make=True) as store:
            person = store.people.add("dora", Role.APPROVER, actor=LOCAL)
            scopes = [Scope.READ, Scope.APPROVE]
            made = store.keys.create(name="dora", projects=[PROJECT], scopes=scopes, person=person.person_id)
        self._address, self._key = address, made.secret
        self._left = Event()
        self._thread = Thread(target=self._answer_all, name="dora", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left.set()
        self._thread.join()

    def _answer_all(self) -> None:
        from sentric_analyzer.api.control_client import ControlClient
        from sentric_analyzer.api.remote import Remote

        with ControlClient(Remote(f"http://{self._address}", self._key)) as client:
            while not self._left.wait(_ASK_AGAIN):
                try:
                    for approval in client.approvals(state="pending", limit=10):
                        self._answer(client, approval)
                except SentricError:  # her key is not known yet, or the question was withdrawn: she looks again
                    continue

    def _answer(self, client: Any, approval: dict[str, Any]) -> None:
        request = approval["request"]
        titles = ", ".join(str(rule["title"]) for rule in request.get("rules", ()))
        client.answer(str(approval["approval_id"]), approve=True, note="the demo's customer")
        asked = f"the agent asks to {request.get('tool', 'act')} ({titles})"
        click.echo(visible(f"{asked}: answered yes over the API, as its user would"), err=True)
