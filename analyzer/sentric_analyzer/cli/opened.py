"""What the commands on the control database itself have in common: they need no service and no key."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sentric.settings import Settings

if TYPE_CHECKING:
    from sentric_analyzer.control.store import ControlStore

CONTROL = click.option(
    "--control", metavar="URL", help="SQL URL of the control state, where it is not in the directory."
)


@contextmanager
def opened(
    data_dir: str | None, control: str | None, *, make: bool = False, what: str = "keys"
) -> "Generator[ControlStore]":
    """The store that the options name; the default one is made only where something is to be put into it.

    Args:
        data_dir: of a service, running or not.
        control: URL of its control state; empty: in the directory.
        make: whether it is made.
        what: is asked for, in the plural.

    Raises:
        ControlError: there is none, or it does not answer.
    """
    from sentric_analyzer.control.errors import ControlError
    from sentric_analyzer.control.store import CONTROL_FILE, ControlStore, control_url

    settings = Settings.load(data_dir=data_dir, control=control)
    directory = Path(settings.data_dir).expanduser()
    if not settings.control and make:
        _make(directory)
    elif not settings.control and not (directory / CONTROL_FILE).exists():
        raise ControlError(f"{directory}: there are no {what} yet: start `sentric serve`, or name another --data-dir")
    with ControlStore.open(settings.control or control_url(directory)) as store:
        yield store


def _make(directory: Path) -> None:
    from sentric_analyzer.control.errors import ControlError

    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ControlError(f"--data-dir {directory}: cannot be made: {error.strerror}: name another") from None
