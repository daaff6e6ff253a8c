"""Decisions over REST: ask before acting, from any language; read what was decided."""

from contextlib import suppress
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import FastAPI, Path, Query, Response
from pydantic import ConfigDict, Field, JsonValue

from sentric.events import Effect, Element, Kind, Source
from sentric.policy.rule import Decision, Severity
from sentric.policy.rule_file import KEBAB
from sentric.policy.seen import EXCERPT_LENGTH, MOST_SHOWN, ORIGIN_LENGTH, Excerpt
from sentric_analyzer.api.access import Caller
from sentric_analyzer.api.answers import Answer, json_answer
from sentric_analyzer.api.documents import Document, Next
from sentric_analyzer.api.event_models import Element as ElementModel
from sentric_analyzer.api.event_models import Score as ScoreModel
from sentric_analyzer.api.needs import needs
from sentric_analyzer.api.parameters import After, Limit, Projects, own_project
from sentric_analyzer.api.places import next_of, place_of
from sentric_analyzer.api.problems import DECISIONS_PATH, refuse_with
from sentric_analyzer.api.routes import Routes
from sentric_analyzer.control import Scope
from sentric_analyzer.control.errors import IdempotencyError, UnknownDecisionError, UnknownProjectError
from sentric_analyzer.control.rulings import JudgedBy, Settled
from sentric_analyzer.deciding import Asked, AskedError, Begun, Claim, Decider, claims
from sentric_analyzer.deciding.asked import LONGEST_IDEMPOTENCY_KEY, LONGEST_NAME, MOST_EVENTS
from sentric_analyzer.deciding.claims import LONGEST_RULE_ID, LONGEST_TITLE, LONGEST_VALUE, MOST_EVIDENCE, MOST_RULES

if TYPE_CHECKING:
    from sentric_analyzer.control.store import ControlStore

REPLAYED = "Idempotency-Replayed"
"""Header of an answer that was given before, to the same idempotency key."""
_Name = Annotated[str, Field(max_length=LONGEST_NAME)]


class ClaimedRule(Document):
    """A rule that matched, as a guard states it."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(max_length=LONGEST_RULE_ID, pattern=f"^{KEBAB}$")
    title: str = Field(max_length=LONGEST_TITLE)
    severity: Severity
    decision: Decision
    risk: int = Field(ge=0, le=100)
    would: Decision | None = None
    """What it would decide, were it not in shadow."""
    error: str = Field("", max_length=LONGEST_VALUE)
    """Why it could not be evaluated, where it counts as matched for that reason."""
    evidence: dict[_Name, Annotated[str, Field(max_length=LONGEST_VALUE)]] = Field(
        default_factory=dict[str, str], max_length=MOST_EVIDENCE
    )
    """The values it rests on, by their names."""
    score: bool = Field(False, strict=True)
    """Whether it wants a language model to be asked how risky the action is, and none was."""


class ClaimedVerdict(Document):
    """A guard's own verdict: a claim, which describes nothing but itself, and is marked so wherever it is kept."""

    model_config = ConfigDict(extra="forbid")

    rules: list[ClaimedRule] = Field(max_length=MOST_RULES)
    """Those that matched; none: it is allowed plainly."""
    policy_digest: str = Field(pattern="^[0-9a-f]{16}$")
    """Of the policy by which the guard judged."""


class SeenText(Document):
    """Part of what the agent has seen before, for people who are asked."""

    model_config = ConfigDict(extra="forbid")

    source: Source
    origin: str = Field("", max_length=ORIGIN_LENGTH)
    """The page's URL, or the tool's name."""
    excerpt: str = Field(max_length=EXCERPT_LENGTH)


class DecisionWish(Document):
    """An action that is about to be done. All but ids and names is redacted before anything else happens."""

    model_config = ConfigDict(extra="forbid")

    agent_id: str = Field(min_length=1, max_length=LONGEST_NAME)
    """Whose risk and strikes it counts towards."""
    action: str = Field(min_length=1, max_length=LONGEST_NAME)
    """Name of the tool."""
    arguments: dict[str, JsonValue] | None = None
    """What the tool is given."""
    payload: JsonValue = None
    """The same, where it is no object of named arguments."""
    agent_name: _Name = ""
    """Name that the policy knows the agent by; empty: its id."""
    server: _Name = ""
    """The MCP server or toolset the tool belongs to."""
    kind: Kind | None = None
    """What sort of thing it does, where its name and arguments do not tell: what they tell is not lessened."""
    effects: list[Effect] = Field([], max_length=len(Effect))
    """What it changes in the world, besides what its name and arguments tell."""
    url: str = ""
    """The page the agent stands on."""
    element: ElementModel | None = None
    """The page element it is about."""
    reasoning: str = ""
    """Why the agent wants it, in its own words."""
    context: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])
    """What the caller asserts about it: claims, which are marked so wherever they are shown."""
    task: str = ""
    """What the human asked the agent for."""
    events: list[JsonValue] = Field([], max_length=MOST_EVENTS)
    """What happened in the run before, the earliest first, each as in the examples of rules: what the agent was
    shown and did, so that rules about injections and flows can see it."""
    seen: list[SeenText] = Field([], max_length=MOST_SHOWN)
    """What people are shown of what the agent has seen before, the latest first. Left out, it is taken from `events`:
    what the evidence of the rules points to, or else the latest."""
    run_id: _Name = ""
    call_id: _Name = ""
    approval_id: str = Field("", max_length=32)
    """Of an approval of this very action, which is used up by it."""
    idempotency_key: str = Field("", max_length=LONGEST_IDEMPOTENCY_KEY)
    """Asked again with the same key, the same is answered, and nothing is counted twice."""
    verdict: ClaimedVerdict | None = None
    """What a guard has made of it that has seen the whole run. It is taken as it is, with the engine's own rules by the
    agent's exact sums; the policy's rules are not judged again."""
    settled: Settled | None = None
    """How it ended, where a guard had to decide alone while nobody answered it: it is counted and recorded, and not
    decided. Needs a verdict and an idempotency key."""
    time: (
        Annotated[str, Field(max_length=64, json_schema_extra={"format": "date-time"})]
        | Annotated[int, Field(strict=True, ge=0, lt=1 << 63)]
        | None
    ) = None
    """When it was settled, in RFC 3339 or in Unix nanoseconds; left out, or in the future: now."""
    project: str | None = Field(None, max_length=64)
    """One of those of the key; left out: its first."""


class MatchedRule(Document):
    """A rule that matched."""

    id: str
    title: str
    severity: Severity
    decision: Decision
    risk: int
    error: str = ""
    """Why it could not be evaluated, where it counts as matched for that reason."""
    would: Decision | None = None
    """What it would have decided, had the policy not held it in shadow. Left out where it was not held."""


class Before(Document):
    """What an agent had added up to before an action."""

    risk: int
    strikes: int
    stopped: str
    """Why an operator has stopped it; empty where none has."""


class DecisionAnswer(Document):
    """What was decided about an action."""

    decision_id: str
    time: datetime
    project: str
    agent_id: str
    agent_name: str
    action: str
    kind: Kind
    effects: list[Effect]
    asserted: dict[str, JsonValue]
    """What the caller asserted, redacted."""
    decision: Decision
    allowed: bool
    """Whether the action may be done now: allow and warn."""
    reasons: list[str]
    rules: list[MatchedRule]
    risk: int
    """Of this action, 0 to 100."""
    score: ScoreModel | None = None
    """What a language model said of it, where a rule wanted that: it can raise what the rules say, and never lower."""
    before: Before
    """What it was decided by: this action is not in it."""
    cumulative_risk: int
    """Of all that the agent was allowed since it was reset, this action too if it is allowed."""
    risk_budget: int
    strikes: int
    """Refusals since the agent was reset."""
    strikes_to_shut_down: int
    agent_state: str
    """`active`, `shut_down` or `stopped`."""
    approval_id: str | None
    """Of the approval that is waited for, or was used."""
    approval_state: str | None
    approval_expires: datetime | None
    judged_by: JudgedBy
    """Whose verdict it is: `guard` where it was claimed."""
    policy_digest: str
    """The one policy that decided; the guard's where it has judged."""
    settled: Settled | None
    """How it ended, where a guard has decided alone: then `allowed` says no more than that."""
    happened: datetime | None
    """When that was, as the guard says."""


class KeptDecision(Document):
    """A decision that was kept."""

    request: dict[str, JsonValue]
    """What was asked, redacted."""
    answer: DecisionAnswer


class KeptDecisions(Document):
    """Some decisions, the newest first."""

    decisions: list[KeptDecision]
    next: Next


def add_decisions(app: FastAPI, control: "ControlStore", decider: Decider, answer: Answer, scoring: Answer) -> None:
    """Let an app decide.

    Args:
        app: gets the routes.
        control: what was decided.
        decider: decides.
        answer: for what is soon done.
        scoring: for what waits for a model, and must hold up nothing else.
    """
    routes = Routes(app, "decisions", "Whether an action may be done.")
    refuse_with(
        app,
        {
            AskedError: HTTPStatus.UNPROCESSABLE_ENTITY,
            IdempotencyError: HTTPStatus.CONFLICT,
            UnknownDecisionError: HTTPStatus.NOT_FOUND,
            UnknownProjectError: HTTPStatus.NOT_FOUND,
        },
    )

    @routes.post(
        DECISIONS_PATH,
        needs(Scope.DECIDE),
        gives=DecisionAnswer,
        errors={
            404: "There is no such approval, or no such project for the key.",
            409: "The idempotency key was used for something else.",
        },
    )
    async def decide(by: Caller, wish: DecisionWish) -> Response:
        """Ask whether an action may be done.

        Whatever is answered is durable, and in the audit, before it is answered, but for a plain allow, which is only
        counted. Any answer but one with `allowed: true` means: do not act. `ask` means that a person must approve: wait
        for the approval (`GET /v1/approvals/{approval_id}?wait=60`), then ask again with `approval_id`. Where a rule
        wants a language model's score, the answer takes as long as that, at most the setting `score_timeout`.
        """
        asked, project = _asked(wish), own_project(by, wish.project)
        waiting: list[Begun] = []

        def begin() -> Response:
            begun = decider.begin(asked, project=project, by=by)
            if begun.wanting is None:
                return _decided(decider, begun)
            waiting.append(begun)
            return Response()

        response = await answer(begin)
        return await scoring(lambda: _decided(decider, waiting[0])) if waiting else response

    @routes.get("/v1/decisions", needs(Scope.READ), gives=KeptDecisions)
    async def list_decisions(
        projects: Projects,
        agent_id: Annotated[str | None, Query(max_length=LONGEST_NAME, description="Of this agent alone.")] = None,
        decision: Annotated[Decision | None, Query(description="Those alone that were decided so.")] = None,
        after: After = None,
        limit: Limit = 50,
    ) -> Response:
        """The newest decisions. Plain allows are counted with their agents, and not kept."""
        place = place_of(after)

        def ask() -> dict[str, Any]:
            found = control.decisions.page(
                projects=projects, agent_id=agent_id, decision=decision, after=place, limit=limit
            )
            end = next_of(found, limit, lambda kept: (kept.time, kept.decision_id))
            return {"decisions": [kept.document for kept in found], "next": end}

        return await answer(ask)

    @routes.get("/v1/decisions/{decision_id}", needs(Scope.READ), gives=KeptDecision, errors={404: "No such decision."})
    async def get_decision(
        projects: Projects, decision_id: Annotated[str, Path(max_length=64, description="Id of a decision.")]
    ) -> Response:
        """A decision with what was asked."""
        return await answer(lambda: control.decisions.find(decision_id, projects=projects))


def _decided(decider: Decider, begun: Begun) -> Response:
    decided = decider.finish(begun)
    return json_answer(decided.answer, headers={REPLAYED: "true"} if decided.again else None)


def _asked(wish: DecisionWish) -> Asked:
    stated = wish.model_fields_set
    if "arguments" in stated and "payload" in stated:
        raise AskedError("arguments and payload: give one of them")
    element = None if wish.element is None else Element(**wish.element.model_dump())
    return Asked(
        agent_id=wish.agent_id,
        action=wish.action,
        arguments={"payload": wish.payload} if "payload" in stated else wish.arguments or {},
        agent_name=wish.agent_name,
        server=wish.server,
        kind=wish.kind,
        effects=frozenset(wish.effects),
        url=wish.url,
        element=element,
        reasoning=wish.reasoning,
        context=wish.context,
        task=wish.task,
        events=wish.events,
        seen=[Excerpt(one.source, one.origin, one.excerpt) for one in wish.seen],
        run_id=wish.run_id,
        call_id=wish.call_id,
        approval_id=wish.approval_id,
        idempotency_key=wish.idempotency_key,
        verdict=None if wish.verdict is None else _claim(wish.verdict),
        settled=wish.settled,
        happened=None if wish.time is None else _seconds(wish.time),
    )


def _seconds(time: str | int) -> float:
    """Unix seconds of a time in RFC 3339, or in Unix nanoseconds."""
    if isinstance(time, int):
        return time / 1e9
    with suppress(ValueError, OverflowError):
        if (found := datetime.fromisoformat(time)).tzinfo is not None:
            return found.timestamp()
    raise AskedError("time: must be like 2026-01-31T12:00:00Z, with a zone, or Unix nanoseconds")


def _claim(verdict: ClaimedVerdict) -> Claim:
    rules = (claims.ClaimedRule(rule_id=rule.id, **rule.model_dump(exclude={"id"})) for rule in verdict.rules)
    return Claim(rules=tuple(rules), policy_digest=verdict.policy_digest)
