"""`sentric test`: judge recorded runs again, and say which verdicts changed."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sentric.cli.fixture_view import Tested
    from sentric.policy.rule import Policy

_CHANGED, _FAILURE = 1, 3


@click.command("test")
@click.argument("paths", nargs=-1, required=True, metavar="FIXTURES...", type=click.Path(path_type=Path, exists=True))
@click.option("--policy", type=click.Path(path_type=Path), help="Policy or pack file. Default: the shipped rules.")
@click.option("--update", is_flag=True, help="Write what is decided now into the fixtures, as what is expected.")
@click.option("--format", "form", type=click.Choice(["table", "json", "junit"]), default="table", show_default=True)
def fixtures(paths: tuple[Path, ...], policy: Path | None, update: bool, form: str) -> None:
    """Judge recorded runs again, and fail where a verdict changed.

    FIXTURES are files that `sentric runs export` made, or directories of them. Exit status: 0 all the same (or
    updated), 1 a verdict changed, 2 called wrongly, or a policy that does not load, 3 a fixture cannot be read.
    """
    from sentric.cli.fixture_view import print_tested
    from sentric.policy.loader import load_policy
    from sentric.settings import Settings
    from sentric.testing import FixtureError, find_fixtures

    settings = Settings.load(policy=str(policy) if policy else None)
    chosen = load_policy(Path(settings.policy) if settings.policy else None, allow_loopback=settings.allow_loopback)
    try:
        files = find_fixtures(paths)
    except FixtureError as error:
        raise click.UsageError(str(error)) from None
    tested = [_tested(file, chosen, update=update) for file in files]
    print_tested(tested, chosen, form)
    if any(one.problems for one in tested):
        sys.exit(_FAILURE)
    if not update and any(one.changes for one in tested):
        sys.exit(_CHANGED)


def _tested(file: Path, policy: "Policy", *, update: bool) -> "Tested":
    from sentric.cli.fixture_view import Tested
    from sentric.testing import FixtureError, load_fixture, write_fixture
    from sentric.testing.replaying import changes, judge

    try:
        fixture = load_fixture(file)
    except FixtureError as error:
        return Tested(str(file), problems=tuple(error.problems))
    now = judge(fixture, policy)
    found = changes(fixture, now)
    if found and update:
        write_fixture(fixture.expecting(now), file)
    return Tested(str(file), fixture.run.run_id, len(now.steps), tuple(found), updated=bool(found) and update)
