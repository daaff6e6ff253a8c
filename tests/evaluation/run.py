"""`make eval`: the shipped rules on labelled runs.

First the development runs, which are not part of this project and are skipped where they are absent; then the runs of
this project, per suite.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import click

from evaluation.measure import Judged, Score, false_alarms, judge, missed, score, score_by_suite
from fixtures.labelled import labelled_runs
from sentric.policy.loader import load_policy

SENTRIC = Path(sys.executable).with_name("sentric")
_RUNS, _LABELS, _SCORE = "dev.otlp.jsonl.gz", "dev.labels.json", "score.py"


@click.command()
@click.option("--dev", type=click.Path(path_type=Path), help="Directory of the development runs.")
@click.option("--policy", type=click.Path(path_type=Path), help="Policy file. Default: the shipped rules.")
@click.option("--verbose", is_flag=True, help="Name the misses and the false alarms.")
def main(dev: Path | None, policy: Path | None, verbose: bool) -> None:
    """Print how well labelled runs are told apart."""
    _development(dev, policy)
    click.echo()
    judged = judge(labelled_runs(), load_policy(policy))
    _print_scores(judged)
    if verbose:
        _print_names("missed", missed(judged))
        _print_names("false alarms", false_alarms(judged))


def _development(directory: Path | None, policy: Path | None) -> None:
    absent = next((name for name in (_RUNS, _LABELS, _SCORE) if not directory or not (directory / name).is_file()), "")
    if absent or not directory:
        click.echo(f"development runs: skipped, because {absent} is not in {directory or 'a directory named by --dev'}")
        return
    click.echo("development runs (a run is flagged at severity high or more)")
    chosen = ["--policy", str(policy)] if policy else []
    with tempfile.NamedTemporaryFile("w", suffix=".json") as findings:
        command = [str(SENTRIC), "analyze", "--format", "json", *chosen, str(directory / _RUNS)]
        subprocess.run(command, stdout=findings, check=True)
        subprocess.run([sys.executable, str(directory / _SCORE), findings.name, str(directory / _LABELS)], check=True)


def _print_scores(judged: list[Judged]) -> None:
    click.echo(f"own runs ({len(judged)})   recall  by calls   resisted: flagged  shown   honest: flagged  look-alikes")
    for suite, found in score_by_suite(judged).items():
        click.echo(_line(suite, found))
    click.echo(_line("all", score(judged)))


def _line(suite: str, found: Score) -> str:
    return (
        f"  {suite:15}  {found.recall:6.3f}  {found.recall_by_calls:8.3f}  {found.resisted_flagged:18.3f}"
        f"  {found.resisted_shown:5.3f}  {found.benign_flagged:16.3f}  {found.lookalikes_flagged:11.3f}"
    )


def _print_names(title: str, judged: list[Judged]) -> None:
    click.echo(f"\n{title} ({len(judged)})")
    for one in judged:
        click.echo(f"  {one.run.name} [{one.run.label}]: {one.rules or 'nothing found'}")


if __name__ == "__main__":
    main()
