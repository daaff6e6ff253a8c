"""Rules that are promoted one by one, for `sentric policy activate --rule` and `sentric policy suggest --rules`."""

import time
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sentric.cli.visible import visible
from sentric.errors import SentricError
from sentric.settings import Settings
from sentric_analyzer.cli.opened import opened

if TYPE_CHECKING:
    from sentric_analyzer.api.client import Client
    from sentric_analyzer.control.store import ControlStore
    from sentric_analyzer.deciding.promotions import Promotions
    from sentric_analyzer.storage.rule_counts import RuleCounts


def rollout(settings: Settings, project: str, *, control: str | None, days: int) -> dict[str, Any]:
    """What the rules of a project would have refused: asked of the service that runs there, or of what it has left."""
    with _client(settings) as client:
        if client is not None:
            return client.rollout(project=project, days=days)
    with opened(settings.data_dir, control, what="policies") as store:
        return _document(store, settings, project, days)


def change(
    settings: Settings, project: str, rules: tuple[str, ...], *, promote: bool, control: str | None, **of: Any
) -> dict[str, Any]:
    """Promote rules, or put them into the shadow; the activation, as the API gives it.

    Args:
        settings: say which service.
        project: whose rules.
        rules: ids.
        promote: whether they decide from now on.
        control: URL of the control state, where no service runs.
        of: `note`; `over`, the number of the activation that was seen; `known`, what was seen of the rules.
    """
    from sentric_analyzer.api.policy_documents import activation_document
    from sentric_analyzer.control.api_keys import LOCAL

    with _client(settings) as client:
        if client is not None:
            return client.shadow(rules, project=project, promote=promote, note=of["note"], over=of["over"])
    with opened(settings.data_dir, control, what="policies") as store:
        made = _promotions(store, settings).change(project, rules, shadow=not promote, actor=LOCAL, **of)
        return activation_document(made[1])


def promote(
    settings: Settings, project: str, rules: tuple[str, ...], *, is_sure: bool, note: str, control: str | None
) -> dict[str, Any]:
    """Promote rules, once somebody has seen what they would have refused; the activation.

    Raises:
        click.Abort: nobody agreed.
    """
    from sentric_analyzer.console import rollout_lines
    from sentric_analyzer.deciding.readiness import DAYS, known_of

    rules = tuple(dict.fromkeys(rules))
    seen = rollout(settings, project, control=control, days=DAYS)
    by_id = {rule["id"]: rule for rule in seen["rules"]}
    for rule_id in rules:
        _print(rollout_lines(by_id[rule_id]) if rule_id in by_id else [f"{rule_id}: asks and blocks nothing"])
    if not is_sure:
        click.confirm(f"Let {'it' if len(rules) == 1 else 'them'} decide for project {visible(project)}?", abort=True)
    known = known_of(seen)
    return change(settings, project, rules, promote=True, control=control, note=note, over=seen["number"], known=known)


def shadow(
    settings: Settings, project: str, rules: tuple[str, ...], *, note: str, control: str | None
) -> dict[str, Any]:
    """Put rules into the shadow, whatever is known of them; the activation."""
    return change(settings, project, tuple(dict.fromkeys(rules)), promote=False, control=control, note=note, over=None)


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(visible(line))


@contextmanager
def _client(settings: Settings) -> "Generator[Client | None]":
    """A client of the service that holds the data directory; None where none runs."""
    from sentric_analyzer.api.client import Client
    from sentric_analyzer.api.served import admin_key, serving_place

    directory = Path(settings.data_dir).expanduser()
    if (served := serving_place(directory)) is None:
        yield None
        return
    address, certificate = served
    with Client(address, settings.api_key or admin_key(directory), certificate=certificate) as client:
        yield client


def _document(store: "ControlStore", settings: Settings, project: str, days: int) -> dict[str, Any]:
    from sentric.policy.loader import load_bundle
    from sentric_analyzer.deciding.readiness import rollout_document, since

    activation, documents = _promotions(store, settings).in_force(project)
    now = time.time_ns()
    counts = _counts(settings, project, since(now, days))
    turned_back = store.incidents.turned_back(project)
    return rollout_document(project, load_bundle(documents), activation, counts, turned_back, now)


def _promotions(store: "ControlStore", settings: Settings) -> "Promotions":
    from sentric.policy.bundle import bundle_of
    from sentric_analyzer.deciding.promotions import Promotions

    def of_settings() -> Mapping[str, str]:
        return bundle_of(Path(settings.policy) if settings.policy else None, allow_loopback=settings.allow_loopback)

    return Promotions(store.policies, store.incidents, of_settings)


def _counts(settings: Settings, project: str, since: int) -> "RuleCounts":
    from sentric_analyzer.storage import Store, embedded_url
    from sentric_analyzer.storage.rule_counts import NOTHING

    directory = Path(settings.data_dir).expanduser()
    if not settings.store and not (directory / "store").is_dir():
        click.echo(
            f"{visible(str(directory))}: no runs are stored there: nothing is known of what was refused", err=True
        )
        return NOTHING
    try:
        with Store.open(settings.store or embedded_url(directory)) as store:
            return store.rule_counts(project, since=since)
    except SentricError as error:
        click.echo(f"nothing is known of what was refused: {visible(str(error))}", err=True)
        return NOTHING
