"""What a person is shown of a question: one screen of text, and what is said in under 20 seconds."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sentric.events import Kind
from sentric.policy.risk import BUDGET, STRIKES
from sentric.policy.rule import Decision
from sentric_analyzer.approvals.question import Leaf, Question, number, said
from sentric_analyzer.approvals.screen import BAR, HEIGHT, barred, beside, named, own, shares
from sentric_analyzer.approvals.spoken import spoken
from sentric_analyzer.control.agents import Agent
from sentric_analyzer.control.approval import Approval, Said, State, told
from sentric_analyzer.visible import plural

FEWEST_OF_ARGUMENTS = 6
"""Lines that the arguments have at least, however much else there is to say."""
MOST_RULES = 3
"""Rules that are shown; how many others there are is said."""
MOST_PAST = 3
"""Of what was decided before."""
MOST_SEEN = 3
"""Texts that the agent has seen before."""
_LEGEND = f"Lines with a bar ({BAR.strip()}) are words of the agent, its tools and pages: none is ours."
_SOURCES = {
    "page": "page",
    "tool_result": "tool result",
    "extract": "text of a page",
    "resource": "resource",
    "tool_definition": "tool",
}


_NEW = 60.0
"""Seconds for which an agent is new."""
_COUNTED = {Decision.ALLOW: "allowed", Decision.ASK: "asked", Decision.BLOCK: "blocked"}


class Past(NamedTuple):
    """Something that was decided about the same agent before."""

    time: float
    """Unix seconds."""
    became: str
    """`blocked`, `approved`, `denied`, `expired` or `cancelled`."""
    tool: str
    rules: tuple[str, ...] = ()
    """Ids of those that matched."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A question, in words. All of it is redacted; what the agent wrote is marked as its words."""

    title: str
    """One line."""
    text: str
    """One screen: 80 columns, 40 lines at most. Plain text."""
    spoken: str
    """At most 50 words, without what cannot be spoken."""


def shown(approval: Approval, agent: Agent | None, history: Sequence[Past] = (), *, now: float) -> Shown:
    """What a person is shown of a question.

    Args:
        approval: the question.
        agent: who asks, as it stands now; None: that is not known.
        history: what was decided about the agent before, the latest first.
        now: Unix seconds.
    """
    question = Question(approval.request)
    name = question.said("agent_name") or approval.agent_id
    before = [*_asked(approval, question, agent, now)]
    after = [
        *_why(question),
        *_rules(question),
        *_opinion(question),
        *_seen(question),
        *_agent(approval, question, agent, name, now),
        *_past(history),
        *_answer(approval),
        _LEGEND,
    ]
    room = max(HEIGHT - len(before) - len(after), FEWEST_OF_ARGUMENTS)
    return Shown(
        title=f"Sentric asks: may {named(name)} {_does(question)}? ({approval.tier} risk)",
        text="\n".join([*before, *_arguments(question, room), *after]),
        spoken=spoken(question, name=name, tier=approval.tier),
    )


def _does(question: Question) -> str:
    return f"use {named(question.said('tool'))}" if question.kind is Kind.OTHER else question.does


def _asked(approval: Approval, question: Question, agent: Agent | None, now: float) -> Iterator[str]:
    lasting = " It cannot be taken back." if question.is_irreversible else ""
    yield f"Sentric asks: may an agent {question.does}?{lasting}"
    if approval.state is State.PENDING:
        yield f"Answer by {_moment(approval.expires)} UTC, in {_span(approval.expires - now)}: silence is a denial."
    else:
        yield f"It is {told(approval)}: it can no longer be answered."
    yield ""
    yield from beside("RISK", own(_risk(approval, question, agent), 1))
    tool, server = question.said("tool"), question.said("server")
    lines = barred(f"{tool} of {server}" if server else tool, 1)
    if url := question.said("url"):
        lines += barred(f"on {url}", 1)
    if element := _element(question.inside("element")):
        lines += barred(f"at {element}", 1)
    yield from beside("ACTION", lines)


def _risk(approval: Approval, question: Question, agent: Agent | None) -> str:
    head = f"{approval.tier}, {question.risk} of 100"
    if agent is None:
        return head
    after = agent.risk + question.risk
    over = ": blocked even so" if after > BUDGET else ""
    return f"{head}; it adds up to {after} of at most {BUDGET}{over}"


def _element(element: Mapping[str, Any]) -> str:
    kind = " ".join(filter(None, (said(element, "tag"), said(element, "type"), said(element, "name"))))
    text, goes = said(element, "text"), said(element, "form_action")
    return ", ".join(filter(None, (kind, f"'{text}'" if text else "", f"sent to {goes}" if goes else "")))


def _arguments(question: Question, room: int) -> list[str]:
    leaves, is_whole = question.arguments()
    if not leaves:
        return beside("", barred("without arguments", 1)) if question.said("tool") else []
    left_out = []
    if len(leaves) > room or not is_whole:
        left_out = own(
            f"More arguments than fit: these are {room - 1} of {'' if is_whole else 'over '}{len(leaves)}.", 1
        )
        leaves = _most_telling(leaves, room - 1)
    texts = [f"{leaf.name}: {leaf.text}" for leaf in leaves]
    given = shares([len(barred(text, room, 2)) for text in texts], room - len(left_out))
    lines = [line for text, most in zip(texts, given, strict=True) for line in barred(text, most, 2)]
    return beside("", [*lines, *left_out])


def _most_telling(leaves: Sequence[Leaf], most: int) -> list[Leaf]:
    """The values by which an action is understood, in their order: others do not crowd them out."""
    chosen = sorted(range(len(leaves)), key=lambda index: (leaves[index].rank, index))[:most]
    return [leaves[index] for index in sorted(chosen)]


def _why(question: Question) -> Iterator[str]:
    reasoning = question.said("reasoning")
    yield from beside("WHY", barred(reasoning, 3) if reasoning.strip() else own("The agent gives no reason."))
    if task := question.said("task").strip():
        yield from beside("TASK", barred(task, 2))


def _rules(question: Question) -> Iterator[str]:
    rules = sorted(question.each("rules"), key=lambda rule: number(rule, "risk"), reverse=True)
    each = 2 if len(rules) < MOST_RULES else 1
    lines: list[str] = []
    for rule in rules[:MOST_RULES]:
        unsure = ", could not be evaluated" if rule.get("error") else ""
        head = f"{said(rule, 'title')} ({said(rule, 'severity')}, {said(rule, 'id')}{unsure})"
        lines += barred(head, each) if question.is_of_guard else own(head, each)
    more = f"and {plural(len(rules) - MOST_RULES, 'more rule')}" if len(rules) > MOST_RULES else ""
    whose = "as its own guard says, which has seen the whole run" if question.is_of_guard else ""
    if last := ", ".join(filter(None, (more, whose))):
        lines += own(last, 1)
    yield from beside("RULES", lines)


def _opinion(question: Question) -> Iterator[str]:
    if not (score := question.inside("score")):
        return
    model, why = said(score, "model"), said(score, "explanation")
    risk = (
        f"{number(score, 'risk')} of 100, says the model {named(model)}"
        if model
        else "no model could say how risky it is"
    )
    yield from beside("OPINION", [*own(risk, 1), *(barred(why, 2) if why else [])])


def _seen(question: Question) -> Iterator[str]:
    texts = question.each("seen")[:MOST_SEEN]
    lines: list[str] = []
    for seen in texts:
        lines += barred(f"[{_SOURCES.get(said(seen, 'source'), 'text')}] {said(seen, 'origin')}", 1)
        lines += barred(said(seen, "excerpt"), 4 if len(texts) == 1 else 1 if len(texts) == MOST_SEEN else 2, 2)
    yield from beside("SEEN", lines)


def _agent(approval: Approval, question: Question, agent: Agent | None, name: str, now: float) -> Iterator[str]:
    is_named = name != approval.agent_id
    who = f"{name}, id {approval.agent_id}" if is_named else name
    run = question.said("run_id")
    lines = barred(f"{who}, run {run}" if run and run != approval.agent_id else who, 1)
    if agent is not None:
        counts = [f"{agent.counts.get(decision, 0):,} {word}" for decision, word in _COUNTED.items()]
        age = now - agent.first_seen
        is_active = agent.state == "active"
        stands = f"{agent.strikes} of {STRIKES} refusals" if is_active else f"it is {agent.state.replace('_', ' ')}"
        known = f"known for {_span(age)}" if age >= _NEW else "first seen just now"
        lines += own(f"{known}: {', '.join(counts)}; {stands}", 1)
    yield from beside("AGENT", lines)


def _past(history: Sequence[Past]) -> Iterator[str]:
    lines = []
    for past in history[:MOST_PAST]:
        rules = f" ({', '.join(past.rules[:2])})" if past.rules else ""
        lines += own(f"{_moment(past.time)}  {past.became:<9}  {named(past.tool, 24)}{rules}", 1)
    yield from beside("BEFORE", lines)


def _answer(approval: Approval) -> Iterator[str]:
    given = sum(answer.said is Said.APPROVE for answer in approval.answers)
    who = "one person" if approval.needed == 1 else f"{approval.needed} different people"
    so_far = f"; {given} approved so far" if given else ""
    takes = own(f"Takes {who}, other than who asks{so_far}.", 1)
    yield from beside("ANSWER", [*takes, *own(f"All of it: sentric approvals show {approval.approval_id[:12]}", 1)])


def _moment(time: float) -> str:
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d %H:%M}"


def _span(seconds: float) -> str:
    """How long something takes, in words."""
    whole = max(int(seconds), 0)
    if whole < 60:
        return plural(whole, "second")
    if whole < 7200:
        return f"{whole // 60} min {whole % 60} s" if whole < 3600 else plural(whole // 60, "minute")
    return plural(whole // 3600, "hour") if whole < 172_800 else plural(whole // 86_400, "day")
