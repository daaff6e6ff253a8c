"""Agents, decisions and incidents in a terminal, from the documents of the REST API."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text as Line

from sentric_analyzer.console.lines import Json, each, inside, listed, listing, number, said, when
from sentric_analyzer.visible import plural, shortened

STATE_STYLES = {"active": "green", "shut_down": "bold red", "stopped": "bold red"}
DECISION_STYLES = {"allow": "green", "warn": "yellow", "ask": "cyan", "block": "bold red"}
_BAR = 10
_CELL = 300


def render_agents(agents: Sequence[Json], console: Console) -> None:
    """Print a list of agents: the documents of `/v1/agents`."""
    several = len({said(agent, "project") for agent in agents}) > 1
    table = listing(agent=False, name=False, state=True, risk=True, strikes=True, last=False)
    for agent in agents:
        project = f"{said(agent, 'project')} / " if several else ""
        table.add_row(
            Line(project + said(agent, "agent_id")),
            Line(said(agent, "name")),
            state(agent),
            risk_bar(agent),
            Line(strikes(agent)),
            Line(when(agent.get("last_seen"))),
        )
    console.print(table)


def render_agent(agent: Json, console: Console) -> None:
    """Print an agent: a document of `/v1/agents/ID`, with its refusals."""
    counts = inside(agent, "decisions")
    decided = ", ".join(f"{number(counts, name)} {name}" for name in DECISION_STYLES)
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    facts.add_row("agent", Line(said(agent, "agent_id"), "bold"))
    facts.add_row("name", Line(said(agent, "name")))
    facts.add_row("project", Line(said(agent, "project")))
    facts.add_row("state", state(agent))
    facts.add_row("risk", risk_bar(agent))
    facts.add_row("strikes", Line(f"{number(agent, 'strikes')}; {number(agent, 'strikes_to_shut_down')} shut it down"))
    facts.add_row("decisions", Line(decided))
    facts.add_row("seen", Line(f"{when(agent.get('first_seen'))} to {when(agent.get('last_seen'))} UTC"))
    if agent.get("reset"):
        facts.add_row("reset", Line(f"{when(agent.get('reset'))} UTC"))
    for stop in each(agent, "stops"):
        facts.add_row("stopped", Line(_stop(stop), "red"))
    console.print(facts)
    if refusals := each(agent, "refusals"):
        console.print(Line(f"\n{plural(len(refusals), 'refusal')} since it was made or reset:", "bold"))
        table = listing(time=False, action=False, why=False, decision=True)
        for refusal in refusals:
            cells = (when(refusal.get("time")), said(refusal, "action"), listed(refusal, "reasons"))
            table.add_row(*(Line(shortened(cell, _CELL)) for cell in (*cells, said(refusal, "decision_id")[:12])))
        console.print(table)
    elif state(agent).plain != "stopped":
        console.print(Line("No refusal counts against it.", "dim"))


def render_decisions(decisions: Sequence[Json], console: Console) -> None:
    """Print a list of decisions: the documents of `/v1/decisions`."""
    table = listing(time=False, decision=True, agent=False, action=False, why=False, risk=True, id=True)
    for document in decisions:
        answer = inside(document, "answer")
        decision = said(answer, "decision")
        settled = said(answer, "settled")  # by its guard alone: what came of it is not what was decided
        why = listed(answer, "reasons")
        table.add_row(
            Line(when(answer.get("happened") or answer.get("time"))),
            Line(f"{decision}, {settled}" if settled else decision, DECISION_STYLES.get(decision, "")),
            Line(said(answer, "agent_id")),
            Line(said(answer, "action")),
            Line(shortened(why, _CELL)),
            Line(f"{number(answer, 'risk')} → {number(answer, 'cumulative_risk')}"),
            Line(said(answer, "decision_id")[:12]),
        )
    console.print(table)


def render_incidents(incidents: Sequence[Json], console: Console) -> None:
    """Print a list of incidents: the documents of `/v1/incidents`."""
    table = listing(opened=False, state=True, kind=False, agent=False, what=False)
    for incident in incidents:
        is_open = incident.get("closed") is None
        of_name, of_rule = (said(inside(incident, "detail"), name) for name in ("name", "rule"))
        about = f"rule {of_rule}" if of_rule else f"all named {of_name}"
        table.add_row(
            Line(when(incident.get("opened"))),
            Line("open", "bold red") if is_open else Line("closed", "dim"),
            Line(said(incident, "kind")),
            Line(said(incident, "agent_id") or about),
            Line(shortened(said(incident, "summary"), _CELL)),
        )
    console.print(table)


def state(agent: Json) -> Line:
    """The state of an agent."""
    word = said(agent, "state")
    return Line(word.replace("_", " "), STATE_STYLES.get(word, ""))


def risk_bar(agent: Json) -> Line:
    """How much of its budget an agent has used, as a bar and in figures."""
    risk, budget = number(agent, "risk"), number(agent, "risk_budget")
    filled = min(_BAR, round(_BAR * risk / budget)) if budget > 0 else 0
    style = "green" if filled < _BAR // 2 else "yellow" if filled < _BAR else "red"
    return Line.assemble(("▰" * filled, style), ("▱" * (_BAR - filled), "dim"), f" {risk}/{budget}")


def strikes(agent: Json) -> str:
    """The strikes of an agent, of how many."""
    return f"{number(agent, 'strikes')} of {number(agent, 'strikes_to_shut_down')}"


def _stop(stop: Json) -> str:
    by = "by its name" if stop.get("by") == "name" else "by its id"
    reason = said(stop, "reason") or "no reason given"
    return f"{by}, by {said(stop, 'actor')} on {when(stop.get('since'))} UTC: {shortened(reason, _CELL)}"
