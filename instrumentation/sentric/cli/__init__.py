"""The `sentric` command. Each command is imported only when it is run, so that `sentric --help` is quick."""

import sys
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import entry_points
from io import TextIOWrapper
from typing import Any, TypeAlias

import click

from sentric._version import __version__
from sentric.cli.group import SuggestingGroup
from sentric.cli.visible import visible
from sentric.errors import PolicyError, SentricError

__all__ = ["COMMANDS", "main"]

CommandTable: TypeAlias = Mapping[str, tuple[str, str]]
"""Name of a command -> where it is (`module:object`) and one line of help."""

COMMANDS: CommandTable = {
    "rules": ("sentric.cli.rules:rules", "List, show, check, test, import, export and compare rules."),
    "test": ("sentric.cli.fixtures:fixtures", "Judge recorded runs again; fail where a verdict changed."),
}

USAGE = 2
"""Exit status of a command that was called wrongly, or was given a policy that does not load."""
FAILURE = 3
"""Exit status of a command that could not do its work."""


class _LazyGroup(SuggestingGroup):
    """A group whose commands come from tables."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._table: dict[str, tuple[str, str]] = {}

    def table(self) -> dict[str, tuple[str, str]]:
        """Every command there is; a name that two packages claim is an error."""
        if not self._table:
            tables = [COMMANDS, *(entry.load() for entry in entry_points(group="sentric.commands"))]
            for table in tables:
                if twice := self._table.keys() & table.keys():
                    raise SentricError(f"two packages bring a command named {min(twice)!r}: uninstall one of them")
                self._table.update(table)
        return self._table

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self.table())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.table():
            return None
        module, _, name = self.table()[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.table()[name][1]) for name in self.list_commands(ctx)])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="sentric")
def root() -> None:
    """See what AI agents do and why, and be told what is unsafe."""


def main() -> None:
    """Run the command line; the errors we foresee are one line each, without a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal that cannot show a character shows its number instead
            stream.reconfigure(errors="backslashreplace")
    try:
        root(prog_name="sentric")
    except SentricError as error:
        for line in str(error).splitlines() or [type(error).__name__]:
            click.echo(f"error: {visible(line)}", err=True)
        sys.exit(USAGE if isinstance(error, PolicyError) else FAILURE)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in {"sentric", "sentric_analyzer"}:
            raise  # a bug of ours
        click.echo(f"error: this command needs the package {error.name!r}: pip install 'sentric[all]'", err=True)
        sys.exit(FAILURE)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone: that is its right
        sys.exit(0)
