"""Approvals in a terminal, from the documents of the REST API: what somebody has to know before they answer."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text as Line

from sentric_analyzer.console.lines import Json, block, each, inside, listed, listing, number, said, time_left, when
from sentric_analyzer.console.terminal import STYLES
from sentric_analyzer.visible import one_line, plural, shortened

ID_WIDTH = 12
"""Characters of an approval's id in a list: enough to name it to other commands."""
STATE_STYLES = {"pending": "bold yellow", "approved": "green", "denied": "red", "expired": "dim", "cancelled": "dim"}
ATTEMPT_STYLES = {"begun": "yellow", "sent": "yellow", "reached": "bold yellow", "failed": "red", "answered": "green"}
_CELL = 200
_CLAIM = "says the agent"


def render_approvals(approvals: Sequence[Json], console: Console, now: datetime) -> None:
    """Print a list of approvals: the documents of `/v1/approvals`."""
    table = listing(approval=True, state=True, left=True, tier=True, agent=False, action=False, approved=True)
    for approval in approvals:
        request = inside(approval, "request")
        tier = said(approval, "tier")
        action = " ".join(filter(None, (said(request, "tool"), _on(request))))
        table.add_row(
            Line(said(approval, "approval_id")[:ID_WIDTH]),
            state(approval),
            Line(time_left(approval.get("expires"), now) if is_pending(approval) else ""),
            Line(tier, STYLES.get(tier, "")),
            Line(said(approval, "agent_id")),
            Line(shortened(action, _CELL)),
            Line(f"{number(approval, 'approvals_so_far')} of {number(approval, 'needed')}"),
        )
    console.print(table)


def render_approval(approval: Json, console: Console, now: datetime) -> None:
    """Print an approval: what is to be done, where, why, what is wrong with it, and who has to answer.

    What the agent wrote stands in a column of its own, so that none of it looks like a word of Sentric's.
    """
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for label, shown in _rows(approval, now):
        table.add_row(label, shown)
    console.print(table)


def state(approval: Json) -> Line:
    """The state of an approval."""
    word = said(approval, "state")
    return Line("used" if approval.get("used") else word, STATE_STYLES.get(word, ""))


def is_pending(approval: Json) -> bool:
    """Whether it waits for an answer."""
    return approval.get("state") == "pending"


def _rows(approval: Json, now: datetime) -> Iterator[tuple[str, RenderableType]]:
    request = inside(approval, "request")
    yield "approval", Line.assemble(said(approval, "approval_id"), "  ", state(approval))
    if is_pending(approval):
        left = time_left(approval.get("expires"), now)
        yield "time left", Line(f"{left}: without an answer it is denied")
    yield "action", Line.assemble((said(request, "tool"), "bold"), *_sort(request))
    if where := _on(request):
        yield "where", Line(where)
    if element := inside(request, "element"):
        yield "element", _values(element)
    if arguments := inside(request, "arguments"):
        yield "arguments", _values(arguments)
    yield "why", _why(request)
    if task := said(request, "task"):
        yield "task", Group(Line("of its user, says the agent:", "dim italic"), block(task))
    if asserted := inside(request, "asserted"):
        yield _CLAIM, _values(asserted)
    yield from _rules(request)
    if score := inside(request, "score"):
        yield "score", _score(score)
    yield from _seen(request)
    yield "risk", Line(_risk(approval, request))
    yield from _people(approval, request)


def _people(approval: Json, request: Json) -> Iterator[tuple[str, RenderableType]]:
    """Who asks, who was asked, and what they have answered."""
    yield "agent", Line(_agent(approval, request))
    yield "asked by", Line(f"{said(approval, 'requester')} on {when(approval.get('created'))} UTC")
    if said(request, "judged_by") == "guard":
        yield "judged by", Line("its own guard, which has seen the whole run: rules and risk are what it says")
    yield "takes", Line(_needed(approval))
    for attempt in each(approval, "attempts"):
        yield "asked", _attempt(attempt)
    for answer in each(approval, "answers"):
        yield "answer", Line(_answer(answer))


def _sort(request: Json) -> Iterator[str]:
    if server := said(request, "server"):
        yield f" of {server}"
    told = ", ".join(filter(None, (said(request, "kind"), listed(request, "effects"))))
    if told:
        yield f"  ({told})"


def _on(request: Json) -> str:
    return said(request, "url")


def _why(request: Json) -> RenderableType:
    reasoning = request.get("reasoning")
    if not isinstance(reasoning, str) or not reasoning.strip():
        return Line("the agent gives no reason", "yellow")
    return Group(Line(f"{_CLAIM}:", "dim italic"), block(reasoning))


def _values(values: Json) -> Table:
    """Names and values, each value in a column of its own."""
    table = Table.grid(padding=(0, 1))
    table.add_column(style="cyan", overflow="fold", max_width=30)
    table.add_column(overflow="fold")
    for name, value in values.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        table.add_row(Line(one_line(name)), block(text))
    return table


def _rules(request: Json) -> Iterator[tuple[str, RenderableType]]:
    for rule in each(request, "rules"):
        severity = said(rule, "severity")
        head = Line.assemble(
            (f" {severity} ", STYLES.get(severity, "")),
            " ",
            (said(rule, "title"), "bold"),
            f"  {said(rule, 'id')}, policy says {said(rule, 'decision')}, risk {number(rule, 'risk')}",
        )
        parts: list[RenderableType] = [head]
        if error := said(rule, "error"):
            parts.append(Line(f"could not be evaluated and counts as matched: {error}", "red"))
        if evidence := inside(rule, "evidence"):
            parts.append(_values(evidence))
        yield "rule", Group(*parts)


def _seen(request: Json) -> Iterator[tuple[str, RenderableType]]:
    """What the agent has seen before: the words of pages and tools."""
    for seen in each(request, "seen"):
        head = Line.assemble((said(seen, "source").replace("_", " "), "dim italic"), " ", said(seen, "origin"))
        yield "seen before", Group(head, block(said(seen, "excerpt")))


def _score(score: Json) -> RenderableType:
    """A model's opinion, its words in a block of their own."""
    explanation = said(score, "explanation")
    if not said(score, "model"):
        return Line(f"none, so that a person is asked: {explanation}", "yellow")
    head = f"{number(score, 'risk')} of 100, in the opinion of the model {said(score, 'model')}:"
    return Group(Line(head, "dim italic"), block(explanation))


def _risk(approval: Json, request: Json) -> str:
    agent = inside(approval, "agent")
    risk = number(request, "risk")
    if not agent:
        return f"{risk} is added to the agent's when it is done"
    after, budget = number(agent, "risk") + risk, number(agent, "risk_budget")
    over = ", over the budget: it will be blocked all the same" if after > budget else ""
    return f"{risk}: with it the agent has {after} of {budget}{over}"


def _agent(approval: Json, request: Json) -> str:
    agent_id, name = said(approval, "agent_id"), said(request, "agent_name")
    of = f" ({name})" if name and name != agent_id else ""
    run = f", run {said(request, 'run_id')}" if request.get("run_id") else ""
    return f"{agent_id}{of} of project {said(approval, 'project')}{run}"


def _needed(approval: Json) -> str:
    needed, so_far = number(approval, "needed"), number(approval, "approvals_so_far")
    people = "one person" if needed == 1 else plural(needed, "different person").replace("persons", "people")
    tier = said(approval, "tier")
    return f"{people}, other than who asked ({tier}); {plural(so_far, 'approval')} so far"


def _attempt(attempt: Json) -> Line:
    word = said(attempt, "state")
    since = next(filter(None, (attempt.get(name) for name in ("ended", "sent", "created"))), None)
    detail = f": {shortened(said(attempt, 'detail'), _CELL)}" if attempt.get("detail") else ""
    who = f"person:{said(attempt, 'person')} through {said(attempt, 'channel')}"
    return Line.assemble(f"{who}  ", (word, ATTEMPT_STYLES.get(word, "")), f" {when(since)} UTC{detail}")


def _answer(answer: Json) -> str:
    word = {"approve": "approved", "deny": "denied"}.get(said(answer, "answer"), said(answer, "answer"))
    note = f": {shortened(said(answer, 'note'), _CELL)}" if answer.get("note") else ""
    return f"{word} by {said(answer, 'approver')} ({said(answer, 'channel')}) {when(answer.get('time'))} UTC{note}"
