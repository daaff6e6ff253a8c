"""A telephone company for a test, and a service that calls through it."""

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from sentric.stated import Section
from sentric_analyzer.control.attempt import Attempt
from sentric_analyzer.storage import Store
from support.controlling import Plane, plane
from support.serving import poll

NUMBER = "+4930123456"
WEBHOOKS = "/v1/webhooks/telnyx"


def _loaded() -> ModuleType:
    path = Path(__file__).parents[2] / "deploy" / "demo" / "phone.py"
    spec = importlib.util.spec_from_file_location("demo_phone", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


phone = _loaded()
"""`deploy/demo/phone.py`."""


def stated(company: Any, *steps: tuple[str, float | None], **telnyx: Any) -> Section:
    """A configuration in which people are called: the channel `phone` is ann's, `other` is bob's."""
    channel = {"type": "telnyx", "number": NUMBER}
    whole = {
        "channels": {"phone": channel | {"person": "ann"}, "other": channel | {"person": "bob"}},
        "telnyx": {
            "api_key": company.api_key,
            "public_key": company.public_key,
            "connection_id": "1494404757140276705",
            "from": "+15550100",
            "numbers": [NUMBER],
            "base_url": company.url,
        }
        | telnyx,
        "routes": [{"steps": [{"channel": name, **({"wait": wait} if wait else {})} for name, wait in steps]}],
    }
    return Section("sentric.yaml: approvals", whole)


@contextmanager
def calling(
    directory: Path,
    control_url: str,
    store: Store,
    *,
    steps: tuple[tuple[str, float | None], ...] = (("phone", None),),
    telnyx: dict[str, Any] | None = None,
    settings: dict[str, Any] | None = None,
    **person: Any,
) -> Iterator[tuple[Plane, Any]]:
    """A service that calls people through a company of its own, and the company."""
    with phone.Phone(**person) as company:
        approvals = stated(company, *steps, **(telnyx or {}))
        with plane(directory, control_url, store, approvals=approvals, **(settings or {})) as served:
            company.webhook_url = f"http://{served.address}{WEBHOOKS}"
            yield served, company


def anew(company: Any, **person: Any) -> None:
    """Let a company begin anew, with somebody else who picks up."""
    usual = {"picks_up": "human", "does": [], "mangle": lambda event: [event], "is_listened_to": True}
    for name, value in {**usual, "refuse": {}, "hangs": set(), "calls": {}, **person}.items():
        setattr(company, name, value)
    for told in (company.dialled, company.spoken, company.asked, company.statuses, company.events):
        told.clear()


def attempts(served: Plane, approval_id: str) -> list[Attempt]:
    """The attempts about an approval."""
    return served.store.attempts.of(approval_id)


def becomes(served: Plane, approval_id: str, *states: str) -> list[Attempt]:
    """The attempts, once they are in these states."""
    poll(lambda: [one.state.value for one in attempts(served, approval_id)] == list(states), 20.0)
    return attempts(served, approval_id)
