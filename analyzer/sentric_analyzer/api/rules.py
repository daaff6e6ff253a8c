"""The rules of a project's policy over REST: each change is a new version, which decides once it is activated."""

from dataclasses import replace
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, FastAPI, Header, Path, Query, Response
from pydantic import ConfigDict, Field, JsonValue, model_validator

from sentric.policy.rule import Decision, Override, Severity
from sentric_analyzer.api.access import Caller
from sentric_analyzer.api.answers import Answer, json_answer
from sentric_analyzer.api.documents import Document, Next
from sentric_analyzer.api.needs import needs
from sentric_analyzer.api.one_project import OneProject, project_of
from sentric_analyzer.api.parameters import MAX_LIMIT, Limit
from sentric_analyzer.api.policy_changes import POLICY_BODY
from sentric_analyzer.api.policy_documents import (
    LARGEST_VERSION,
    Base,
    NamedProject,
    Note,
    SavedPolicy,
    activation_document,
    version_document,
)
from sentric_analyzer.api.problems import Refused, refuse_with
from sentric_analyzer.api.routes import Routes
from sentric_analyzer.api.rule_documents import PolicyRule, state_document
from sentric_analyzer.control import Grant, Scope
from sentric_analyzer.control.errors import PolicyChangedError
from sentric_analyzer.control.policies import LONGEST_NOTE
from sentric_analyzer.deciding.rule_changes import (
    Change,
    RuleChanges,
    Rules,
    RuleTakenError,
    UnknownRuleError,
    added,
    exported,
    imported,
    overridden,
    removed,
    replaced,
)
from sentric_analyzer.deciding.rule_texts import stated_text

if TYPE_CHECKING:
    from sentric_analyzer.control.store import ControlStore

YAML_TYPE = "application/yaml"
_RuleId = Annotated[str, Path(max_length=200, description="The id of a rule.")]
_VersionAsked = Annotated[
    int | None,
    Query(
        alias="version",
        ge=0,
        le=LARGEST_VERSION,
        description="Of the policy; 0: that of the service's settings. Left out: the newest one, or else version 0.",
    ),
]


class Form(StrEnum):
    """What rules are exported to and imported from."""

    PACK = "pack"
    LIST = "list"


class RuleChange(Document):
    """Common to all changes of rules."""

    model_config = ConfigDict(extra="forbid")

    project: NamedProject = None
    """Left out: that of the key, or `default` where the key is for every project."""
    note: Note = ""
    """What is different, for people."""
    base: Base = None
    """The version that its author has seen, as `If-Match` says it too: refused where there is a newer one. Left out:
    whatever is there."""
    activate: bool = False
    """Whether the new version is put in force, too."""


class RuleWish(RuleChange):
    """A rule."""

    rule: dict[str, JsonValue] | None = None
    """As an item of a pack's `rules` states it."""
    yaml: str | None = None
    """The same as text, which is kept word for word."""

    @model_validator(mode="after")
    def _has_one(self) -> "RuleWish":
        if (self.rule is None) is (self.yaml is None):
            raise ValueError("give either rule or yaml")
        return self

    def text(self) -> str:
        """The text of the rule."""
        return self.yaml if self.yaml is not None else stated_text(self.rule or {})


class OverrideWish(RuleChange):
    """What a policy changes of a rule: what is left out stays as it is; null is as the rule itself says."""

    enabled: bool | None = None
    severity: Severity | None = None
    decision: Decision | None = None
    risk: int | None = Field(None, ge=0, le=100)
    shadow: bool | None = None
    """Whether it counts as a warning at most; false takes it out of the policy's `shadow`."""

    def over(self, before: Override) -> Override:
        """The override that becomes of another one."""
        stated = {name: getattr(self, name) for name in Override.__slots__ if name in self.model_fields_set}
        return replace(before, **stated)


class ImportWish(RuleChange):
    """Rules to be added."""

    yaml: str
    """A pack, or a list."""
    form: Form = Form.PACK
    replace: bool = False
    """Whether they take the place of all rules that were made over REST."""


class RuleList(Document):
    """The rules of a version of a policy, in its order."""

    version: int
    """0: the policy of the service's own settings."""
    rules: list[PolicyRule]
    next: Next


class VersionedRule(PolicyRule):
    """A rule of a version of a policy."""

    version: int


class RulesChanged(SavedPolicy):
    """A version in which rules are changed."""

    rule: PolicyRule | None
    """As it is now; null where it is gone, or many are changed."""


async def _known(
    if_match: Annotated[str, Header(max_length=64, description="ETag of what the author has seen: the version.")] = "",
) -> int | None:
    stated = if_match.strip().removeprefix("W/").strip('"')
    if stated in {"", "*"}:
        return None
    if not (stated.isascii() and stated.isdecimal() and len(stated) < 10):
        raise Refused(HTTPStatus.PRECONDITION_FAILED, "If-Match: is no ETag of rules")
    return int(stated)


_Known = Annotated[int | None, Depends(_known)]


async def _of_query(
    project: OneProject,
    note: Annotated[str, Query(max_length=LONGEST_NOTE, description="What is different, for people.")] = "",
    base: Annotated[
        int | None, Query(ge=0, le=LARGEST_VERSION, description="The version that its author has seen.")
    ] = None,
    activate: Annotated[bool, Query(description="Whether the new version is put in force, too.")] = False,
) -> RuleChange:
    return RuleChange(project=project, note=note, base=base, activate=activate)


_OfQuery = Annotated[RuleChange, Depends(_of_query)]
_UNKNOWN = {404: "There is no such project, version or rule."}
_REFUSALS = {
    **_UNKNOWN,
    409: "The id is taken, or somebody else has made a version since `base`.",
    412: "Somebody else has made a version since that of If-Match.",
    422: "It cannot be loaded: everything that is wrong, each with its file and line.",
}


def add_rules(app: FastAPI, changes: RuleChanges, loading: Answer) -> None:
    """Let an app show the rules of policies, and export them.

    Args:
        app: is added to.
        changes: reads rules.
        loading: answers what loads policies.
    """
    routes = Routes(app, "rules", "The rules of policies, one by one.")
    refuse_with(app, {UnknownRuleError: HTTPStatus.NOT_FOUND, RuleTakenError: HTTPStatus.CONFLICT})

    @routes.get("/v1/rules", needs(Scope.READ), gives=RuleList, errors=_UNKNOWN)
    async def list_rules(
        project: OneProject,
        version: _VersionAsked = None,
        after: Annotated[str | None, Query(max_length=200, description="`next` of the page before.")] = None,
        limit: Limit = MAX_LIMIT,
    ) -> Response:
        """Every rule of the packs of a policy, in force or not. The ETag is the version."""

        def ask() -> Response:
            rules = changes.rules(project, version)
            begin = 0 if after is None else rules.states.index(rules.find(after)) + 1
            page = rules.states[begin : begin + limit]
            end = page[-1].rule.id if begin + limit < len(rules.states) else None
            document = {"version": rules.version, "rules": list(map(state_document, page)), "next": end}
            return json_answer(document, headers=_etag(rules))

        return await loading(ask)

    @routes.get("/v1/rules/export", needs(Scope.READ), gives=YAML_TYPE, errors=_UNKNOWN)
    async def export_rules(
        project: OneProject,
        version: _VersionAsked = None,
        form: Annotated[Form, Query(description="A pack file, or a list in a simpler shape.")] = Form.PACK,
    ) -> Response:
        """The project's own rules, as a pack file or as a list."""

        def ask() -> Response:
            rules = changes.rules(project, version)
            text = exported(rules, as_list=form is Form.LIST)
            headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **_etag(rules)}
            return Response(text, headers=headers, media_type=YAML_TYPE)

        return await loading(ask)

    @routes.get("/v1/rules/{rule_id}", needs(Scope.READ), gives=VersionedRule, errors=_UNKNOWN)
    async def get_rule(project: OneProject, rule_id: _RuleId, version: _VersionAsked = None) -> Response:
        """A rule, and what becomes of it. The ETag is the version of the policy."""

        def ask() -> Response:
            rules = changes.rules(project, version)
            document = {**state_document(rules.find(rule_id)), "version": rules.version}
            return json_answer(document, headers=_etag(rules))

        return await loading(ask)


def add_rule_changes(app: FastAPI, control: "ControlStore", changes: RuleChanges, loading: Answer) -> None:
    """Let an app change the rules of policies.

    Args:
        app: is added to.
        control: where policies are kept.
        changes: makes the changes.
        loading: answers what loads policies.
    """
    routes = Routes(app, "rules", "The rules of policies, one by one.")

    @routes.post("/v1/rules", needs(Scope.ADMIN), gives=RulesChanged, status=HTTPStatus.CREATED, errors=_REFUSALS)
    async def add_rule(by: Caller, known: _Known, wish: RuleWish) -> Response:
        """Add a rule, in a new version of the policy."""
        answered = await loading(lambda: _changed(by, known, wish, *added(wish.text())))
        answered.status_code = HTTPStatus.CREATED
        return answered

    @routes.post("/v1/rules/import", needs(Scope.ADMIN), gives=RulesChanged, errors=_REFUSALS, body_limit=POLICY_BODY)
    async def import_rules(by: Caller, known: _Known, wish: ImportWish) -> Response:
        """Add the rules of a pack or of a list, in a new version of the policy."""

        def ask() -> dict[str, Any]:
            change = imported(wish.yaml, is_list=wish.form is Form.LIST, instead=wish.replace)
            return _changed(by, known, wish, change)

        return await loading(ask)

    @routes.put("/v1/rules/{rule_id}", needs(Scope.ADMIN), gives=RulesChanged, errors=_REFUSALS)
    async def replace_rule(by: Caller, known: _Known, rule_id: _RuleId, wish: RuleWish) -> Response:
        """State a rule that was made over REST anew, in a new version of the policy."""
        return await loading(lambda: _changed(by, known, wish, replaced(rule_id, wish.text()), rule_id))

    @routes.patch("/v1/rules/{rule_id}", needs(Scope.ADMIN), gives=RulesChanged, errors=_REFUSALS)
    async def override_rule(by: Caller, known: _Known, rule_id: _RuleId, wish: OverrideWish) -> Response:
        """Turn a rule on or off, or change its severity, decision, risk or shadow, in a new version of the policy."""
        return await loading(lambda: _changed(by, known, wish, overridden(rule_id, wish.over), rule_id))

    @routes.delete("/v1/rules/{rule_id}", needs(Scope.ADMIN), gives=RulesChanged, errors=_REFUSALS)
    async def delete_rule(by: Caller, known: _Known, rule_id: _RuleId, wish: _OfQuery) -> Response:
        """Take away a rule that was made over REST, or disable any other, in a new version of the policy."""
        return await loading(lambda: _changed(by, known, wish, removed(rule_id), rule_id))

    def _changed(by: Grant, known: int | None, wish: RuleChange, change: Change, rule_id: str = "") -> dict[str, Any]:
        project = project_of(by, wish.project)
        base, actor = wish.base if known is None else known, by.identity
        try:
            made = changes.change(project, change, note=wish.note, base=base, actor=actor)
        except PolicyChangedError as error:
            raise Refused(
                HTTPStatus.CONFLICT if known is None else HTTPStatus.PRECONDITION_FAILED, str(error)
            ) from None
        policies = control.policies
        now = policies.activate(project, made.version, note=wish.note, actor=actor) if wish.activate else None
        active = now or policies.latest([project]).get(project)
        return {
            **version_document(made, active),
            "activation": activation_document(now) if now else None,
            "rule": _document(changes.rules(project, made.version), rule_id),
        }


def _document(rules: Rules, rule_id: str) -> dict[str, Any] | None:
    return next((state_document(state) for state in rules.states if state.rule.id == rule_id), None)


def _etag(rules: Rules) -> dict[str, str]:
    return {"ETag": f'"{rules.version}"'}
