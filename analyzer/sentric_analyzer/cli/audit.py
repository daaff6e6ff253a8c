"""`sentric audit`: who did what, whether that is what it was, and a copy to keep elsewhere."""

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sentric.cli.group import SuggestingGroup
from sentric.cli.visible import as_json, visible
from sentric.errors import SentricError
from sentric.settings import Settings
from sentric_analyzer.cli.asking import FORMAT
from sentric_analyzer.cli.opened import CONTROL, opened
from sentric_analyzer.cli.runs import DATA_DIR

if TYPE_CHECKING:
    from sentric_analyzer.control.audit_chain import Checkpoint, Record, Verification

_BROKEN = 1
_LONGEST_DETAIL = 1000
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group(cls=SuggestingGroup)
def audit() -> None:
    """Verify, export and list who did what, on the control database itself, whether the service runs or not."""


@audit.command()
@click.option("--file", type=_FILE, help="An export, instead of the database.")
@click.option(
    "--checkpoint",
    "kept",
    type=_FILE,
    multiple=True,
    help="Checkpoints kept elsewhere, such as an earlier copy of audit.head; may be given again.",
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="BASE64",
    help="Public key that checkpoints are signed with, besides that of the service; may be given again.",
)
@DATA_DIR
@CONTROL
@FORMAT
def verify(
    file: Path | None,
    kept: tuple[Path, ...],
    keys: tuple[str, ...],
    data_dir: str | None,
    control: str | None,
    form: str,
) -> None:
    """Read all records, and name the first that is not what it was.

    Finds records that were changed, removed, put in or put in another order, also when whatever follows them was
    made anew, as far as a checkpoint vouches for them. Exit status: 0 intact, 1 broken, 3 it cannot be read.
    """
    from sentric_analyzer.control.audit import Audit
    from sentric_analyzer.control.audit_file import checkpoints_of, verify_file

    settings = Settings.load(data_dir=data_dir, control=control)
    outside = [checkpoint for path in kept for checkpoint in checkpoints_of(path)]
    known = _public_keys(keys, settings)
    if file is not None:
        found = verify_file(file, outside, known)
    else:
        with opened(data_dir, control, what="records") as store:
            found = Audit(store.changes).verify([*outside, *_head(settings)], known)
    _tell(found, known, form)
    if found.bad is not None:
        sys.exit(_BROKEN)


@audit.command()
@click.option("--output", "-o", type=_FILE, help="Write to this new file instead.")
@DATA_DIR
@CONTROL
def export(output: Path | None, data_dir: str | None, control: str | None) -> None:
    """Write every record and checkpoint, a line of JSON each, to be kept and verified elsewhere."""
    from sentric_analyzer.control.audit import Audit
    from sentric_analyzer.control.audit_file import exported

    settings = Settings.load(data_dir=data_dir, control=control)
    with opened(data_dir, control, what="records") as store:
        lines = exported(Audit(store.changes), _head(settings))
        if output is None:
            for line in lines:
                click.echo(line)
        else:
            number = _write(output, lines)
            click.echo(f"written: {number} lines to {visible(str(output))}", err=True)
    for key in _public_keys((), settings).values():
        click.echo(f"the checkpoints are verified with --key {key}", err=True)


@audit.command("list")
@click.option("--project", help="Of this project alone.")
@click.option("--actor", help="Of this actor alone, such as person:ID, key:ID, local or sentric.")
@click.option("--what", multiple=True, help="Of this sort alone, such as approval.approve; may be given again.")
@click.option("--subject", metavar="ID", help="About this agent, approval, decision, key, … alone.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many, newest first.")
@DATA_DIR
@CONTROL
@FORMAT
def list_records(
    limit: int, data_dir: str | None, control: str | None, form: str, what: tuple[str, ...], **only: str | None
) -> None:
    """List what was done, the newest first."""
    wanted: dict[str, Any] = {name: value for name, value in only.items() if value is not None}
    if what:
        wanted["what"] = what
    with opened(data_dir, control, what="records") as store:
        found = store.changes.records(limit=limit, newest_first=True, **wanted)
    if form == "json":
        click.echo(as_json([_document(record) for record in found], indent=2))
    elif found:
        _print_records(found)
    else:
        click.echo("no such records")


def _public_keys(given: Iterable[str], settings: Settings) -> Mapping[str, str]:
    """The public keys by their ids: those that are given, and that of the service, where it is here."""
    from sentric.policy.signature import key_id_of
    from sentric_analyzer.control.signing import SIGNING_KEY_FILE, Signer

    known = {key_id_of(key): key for key in given}
    if "" in known:
        raise click.UsageError("--key: must be the base64 of an Ed25519 public key, as `sentric audit export` tells it")
    path = Path(settings.data_dir).expanduser() / SIGNING_KEY_FILE
    if settings.signing_key or path.exists():  # it is not made here
        signer = Signer.open(path, settings.signing_key)
        known[signer.key_id] = signer.public_key
    return known


def _head(settings: Settings) -> "list[Checkpoint]":
    """The checkpoint that a service keeps beside the database."""
    from sentric_analyzer.control.checkpoints import HEAD_FILE, read_head

    head = read_head(Path(settings.data_dir).expanduser() / HEAD_FILE)
    return [] if head is None else [head]


def _write(output: Path, lines: Iterable[str]) -> int:
    number = 0
    try:
        with output.open("x", encoding="ascii") as file:
            for line in lines:
                file.write(f"{line}\n")
                number += 1
    except FileExistsError:
        raise SentricError(f"{output}: is there already: name another file") from None
    except OSError as error:
        raise SentricError(f"{output}: cannot be written: {error.strerror}") from None
    return number


def _tell(found: "Verification", known: Mapping[str, str], form: str) -> None:
    if form == "json":
        document = {
            "intact": found.bad is None,
            "records": found.records,
            "checkpoints": found.checkpoints,
            "signed": found.signed,
            "bad": found.bad,
            "why": found.why,
            "keys": sorted(known),
        }
        click.echo(as_json(document, indent=2))
    elif found.bad is not None:
        click.echo(visible(f"broken at record {found.bad}: {found.why}"))
    else:
        from sentric_analyzer.visible import plural

        told = plural(found.records, "record"), plural(found.checkpoints, "checkpoint"), _signed(found)
        click.echo(f"intact: {'; '.join(told)}")


def _signed(found: "Verification") -> str:
    if found.signed == found.records:
        return "all of it is signed"
    if not found.signed:
        return "nothing of it is signed: a new chain in its place would not be noticed"
    return f"signed up to record {found.signed}: a new end after it would not be noticed"


def _document(record: "Record") -> dict[str, Any]:
    """A record as JSON. What was altered is shown as it is."""
    from sentric_analyzer.control.keys import moment

    try:
        time, detail = moment(record.time / 1e6), json.loads(record.detail)
    except (ValueError, TypeError, OverflowError, OSError, RecursionError):
        time, detail = str(record.time), str(record.detail)
    rest = {name: getattr(record, name) for name in ("actor", "what", "project", "subject", "digest")}
    return {"sequence": record.sequence, "time": time, "detail": detail, **{n: str(v) for n, v in rest.items()}}


def _print_records(found: "list[Record]") -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    from sentric_analyzer.visible import one_line, shortened

    console = Console()
    for document in map(_document, found):
        time, detail = str(document["time"])[:19].replace("T", " "), document["detail"]
        if isinstance(detail, dict):
            detail = ", ".join(f"{name}={_value(value)}" for name, value in detail.items())
        who = "  ".join(one_line(document[name]) for name in ("actor", "project", "subject") if document[name])
        head = ((f"{document['sequence']}  {time}  ", "dim"), (one_line(document["what"]), "bold"), f"  {who}")
        console.print(Text.assemble(*head), soft_wrap=True)
        if detail:
            console.print(Padding(Text(shortened(one_line(str(detail)), _LONGEST_DETAIL)), (0, 0, 0, 4)))


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
