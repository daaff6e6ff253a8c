"""`sentric report RUN`: what an agent did, why, and what was unsafe."""

from pathlib import Path
from typing import Any

import click

from sentric.cli.visible import as_json
from sentric.errors import SentricError
from sentric.settings import Settings
from sentric_analyzer.cli.runs import DATA_DIR, STORE


@click.command()
@click.argument("run", default="latest")
@DATA_DIR
@STORE
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "markdown", "html"]),
    default="table",
    show_default=True,
)
@click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file instead.")
def report(run: str, data_dir: str | None, store: str | None, form: str, output: Path | None) -> None:
    """Show what an agent did, why, and what was unsafe.

    RUN is a run id, the beginning of one, or `latest` (the default).
    """
    from sentric_analyzer.api.reader import open_reader

    settings = Settings.load(data_dir=data_dir, store=store)
    with open_reader(Path(settings.data_dir).expanduser(), settings.store, settings.api_key) as reader:
        document = reader.run_document(run)
    if document is None:
        raise SentricError(f"no run {run!r}: `sentric runs` lists those there are")
    _write(document, form, output)


def _write(document: dict[str, Any], form: str, output: Path | None) -> None:
    if form == "table" and output is None:
        from rich.console import Console

        from sentric_analyzer.console import render_terminal

        render_terminal(document, Console())
        return
    text = _text(document, form)
    if output is None:
        click.echo(text.encode() if form == "html" else text)  # the page says that it is UTF-8
        return
    try:
        output.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise SentricError(f"{output}: cannot be written: {error.strerror}") from None


def _text(document: dict[str, Any], form: str) -> str:
    from sentric_analyzer.console import render_html, render_markdown

    match form:
        case "html":
            return render_html(document)
        case "json":
            return as_json(document, indent=2)
        case _:
            return render_markdown(document)
