"""How far a policy is from shadow to enforcing, in a terminal, from the documents of `/v1/policies/rollout`."""

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text as Line

from sentric_analyzer.console.lines import Json, each, inside, listed, listing, number, said, when
from sentric_analyzer.visible import plural

_ADVICE = {
    "ready": ("ready", "bold green"),
    "too_few": ("seen too few", "dim"),
    "look": ("look at them", "yellow"),
    "breaks": ("would break runs", "bold red"),
}


def render_rollout(document: Json, console: Console) -> None:
    """Print what rules would have refused, those that would refuse most first."""
    rules = each(document, "rules")
    whose = f"project {said(document, 'project')}, version {number(document, 'version')}"
    seen = f"{plural(number(document, 'runs'), 'run')} of {plural(number(document, 'agents'), 'agent')}"
    console.print(Line(f"{whose}: {seen} over {plural(number(document, 'days'), 'day')}", "bold"))
    if not rules:
        console.print("no rule in force asks or blocks")
        return
    if not any(rule.get("shadow") for rule in rules):
        console.print(Line("No rule is in shadow: these decide where guards enforce.", "dim"))
    titles = {"rule": False, "severity": True, "decides": True, "so_far": False, "looked_at": True, "state": True}
    table = listing(**titles, latest=False)
    for rule in rules:
        word, style = _ADVICE.get(said(rule, "advice"), (said(rule, "advice"), ""))
        back = Line("turned back", "bold red") if rule.get("turned_back") else Line(word, style)
        cells = (said(rule, "id"), said(rule, "severity"), said(rule, "decision"), _refused(rule))
        looked, latest = str(number(rule, "looked_at")), ", ".join(_runs(rule))
        table.add_row(*map(Line, cells), Line(looked), back, Line(latest, "dim"))
    console.print(table)


def rollout_lines(rule: Json) -> Iterator[str]:
    """What a rule would have refused so far, in sentences."""
    yield f"{said(rule, 'id')} ({said(rule, 'severity')}, {said(rule, 'decision')}): {said(rule, 'title')}"
    looked = f"of {plural(number(rule, 'looked_at'), 'run')} that it looked at"
    if not number(rule, "runs"):
        yield f"  so far nothing, {looked}"
    else:
        span = f"{when(rule.get('first'))} to {when(rule.get('last'))} UTC"
        held = f"; {number(rule, 'held')} held in shadow" if number(rule, "held") else ""
        yield f"  so far {_refused(rule)}, {looked}, {span}{held}"
        yield f"  latest runs: {listed(rule, 'latest_runs')}"
    if rule.get("turned_back"):
        yield f"  was turned back, over its error budget, on {when(rule.get('turned_back'))} UTC"
    if budget := inside(rule, "error_budget"):
        agents = plural(number(budget, "agents"), "agent")
        yield f"  is turned back when it refuses more than {agents} within {number(budget, 'window')} s"


def _refused(rule: Json) -> str:
    blocks, asks = number(rule, "blocks"), number(rule, "asks")
    if not blocks and not asks:
        return "nothing"
    what = " and ".join(filter(None, (plural(blocks, "block") if blocks else "", plural(asks, "ask") if asks else "")))
    return f"{what} in {plural(number(rule, 'runs'), 'run')} of {plural(number(rule, 'agents'), 'agent')}"


def _runs(rule: Json) -> Iterator[str]:
    latest = rule.get("latest_runs")
    return (str(run)[:12] for run in latest) if isinstance(latest, list) else iter(())
