"""What rules for businesses ask: who is paid how much, whose data is taken, what happens to what is in production."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from sentric.events import Action, Effect, Kind, Observation
from sentric.policy.rule import Scope, Tuning
from sentric.policy.signals.amounts import is_among, payment
from sentric.policy.signals.code import programs
from sentric.policy.signals.effects import name_parts
from sentric.policy.signals.family import Facts, Family
from sentric.policy.signals.lexicon import phrase, words
from sentric.policy.signals.patterns import Patterns
from sentric.policy.signals.reading import Reading, reading
from sentric.policy.signals.statements import Statement, statements
from sentric.policy.signals.text import leaves, readable

TEXT_LIMIT = 16_384
"""Characters of an action's arguments that are read."""
SHORT = 256
"""Longest argument that is read as the name of something."""

_PERSONAL = Patterns(
    {
        "social security number": r"(?:\b|_)ssns?(?:\b|_)|social[\s_-]?security|national[\s_-]?insurance[\s_-]?n"
        r"|\bsin[\s_-]number"
        r"|tax[\s_-]?(?:payer[\s_-]?)?id|\bnino\b|personnummer|steuer-?id",
        "health": r"\bmedical|\bpatients?\b|diagnos[ei]s|prescription|health[\s_-]?record|allerg",
        "pay": r"\bsalar(?:y|ies)|payroll|\bwages?\b|compensation",
        "card or account": r"credit[\s_-]?cards?|card[\s_-]?numbers?|\biban\b|bank[\s_-]?account"
        r"|account[\s_-]?numbers?|\bcvv\b",
        "identity": r"passport|driver'?s?[\s_-]?licen|date[\s_-]?of[\s_-]?birth|birth[\s_-]?date|\bdob\b"
        r"|national[\s_-]?id",
        "contact": r"home[\s_-]?address|phone[\s_-]?numbers?|email[\s_-]?addresses"
        r"|\bpersonal[\s_-](?:data|info|details)|\bpii\b"
        r"|(?:select|,)[^;]{0,200}?\b(?:e-?mail|phone|address|birth)\w{0,12}\b[^;]{0,400}\bfrom\b",
    }
)
"""Words for the personal data that a query or an export names."""
_SENSITIVE = words(
    "customer customers client clients employee employees user users patient patients member members payroll salary "
    "salaries hr confidential financial finance secret secrets sensitive medical health personal pii contacts "
    "credentials billing candidates students subscribers leads accounts personnel"
)
_TAKING = words("export dump backup download extract")
_ASIDE = words("limit count max_results page_size top rows batch_size max_rows size per_page num_results n max_records")
_AGGREGATES = words("count sum avg min max exists")
_NOTICE = Patterns(
    {
        "notice": phrase(
            "notice of approval|approval (?:notice|letter|notification|certificate|confirmation)|letter of approval"
        ),
        "approved": phrase("(?:has|have) been|is|are|was", "(?:hereby |now |formally |officially )?approved"),
        "approve": phrase("we|i", "(?:hereby |formally |officially )?(?:approve|have approved)"),
    }
)
_ATTACHED = words(
    "attachment attachments file files document documents enclosure enclosures attached docs "
    "supporting_documents document_ids filename filenames"
)
_ANY_DOCUMENT = Patterns(
    {"document": r"\b(?:attach(?:ed|ments?)|enclos(?:ed|ures?))\b|\w\.(?:pdf|docx?|odt|xlsx?|png|jpe?g|tiff?)\b"}
)
_PEOPLE = words("user users account accounts member members employee employees customer customers person people login")
_ENDINGS = words("delete remove drop purge deactivate deprovision erase terminate destroy offboard")
_RESTARTS = words("restart reboot shutdown bounce recycle poweroff halt kill redeploy stop rollout")
_SERVERS = words(
    "server servers service services instance instances machine host hosts vm vms node nodes pod pods "
    "deployment cluster container containers app application process "
    "system database db daemon production prod"
)
_PERMITTING = words("chmod chown chgrp setfacl icacls takeown usermod gpasswd adduser visudo")
_PERMITTING_WORDS = tuple(sorted(_PERMITTING))
_OUTSIDE = words("non pre not no nonprod preprod")


@dataclass(frozen=True, slots=True)
class BusinessFacts(Facts):
    """Facts that rules for businesses ask for."""

    stated_about: ClassVar[tuple[Scope, ...]] = (Scope.ACTION,)

    amount: float = 0.0
    """Largest amount of money that a payment states; 0 where none is."""
    amount_currency: str = ""
    """Its currency, by its ISO 4217 code, where it is stated."""
    amount_over_limit: bool = False
    """It is over the policy's `amount_limit`, in another currency than `amount_currency`, or not stated."""
    vendor: str = ""
    """Who is paid, as it is stated."""
    vendor_known: bool = False
    """One of the policy's `vendors`."""
    personal_asked: tuple[str, ...] = ()
    """Sorts of personal data that a query or an export names: social security number, health, pay, card or account,
    identity, contact."""
    many_records: bool = False
    """It takes more records than the policy's `record_limit`, or all there are."""
    sensitive_export: bool = False
    """It exports, dumps or downloads data of people or of the business's own."""
    deletes_users: bool = False
    """It deletes users, accounts or members."""
    restarts: bool = False
    """It restarts or stops a server, a service or a process."""
    changes_permissions: bool = False
    """It gives, takes or changes access: by its effects, or by a program for that."""
    in_production: bool = False
    """It names what is in production."""
    approval_notice: bool = False
    """It says that something has been approved."""
    missing_documents: tuple[str, ...] = ()
    """Required documents that such a notice neither names nor attaches."""


_NOTHING = BusinessFacts()


class Business(Family[BusinessFacts]):
    """Reads actions as a business would."""

    facts = BusinessFacts

    def __init__(self, tuning: Tuning) -> None:
        super().__init__(tuning)
        self._production = frozenset(word.lower() for word in tuning.production)

    def observation(self, observation: Observation) -> BusinessFacts:
        """Nothing is said about texts."""
        return _NOTHING

    def action(self, action: Action) -> BusinessFacts:
        """Read an action."""
        read = reading(action)
        parts = name_parts(action.tool)
        found = _NOTHING
        if Effect.PAY in action.effects or action.kind is Kind.PAYMENT:
            found = self._paid(action, read)
        if action.kind in {Kind.DATABASE, Kind.EXPORT, Kind.DOWNLOAD} or action.effects <= {Effect.READ}:
            found = self._taken(found, action, read, parts)
        if not action.effects <= {Effect.READ}:
            found = self._operated(found, action, read, parts)
        if Effect.SEND in action.effects or "approval" in parts:
            found = self._noticed(found, read, parts)
        return found

    def _paid(self, action: Action, read: Reading) -> BusinessFacts:
        label = action.element.text[:SHORT] if action.element is not None else ""
        paid = payment(read.arguments, label)
        sites = tuple(where.site for where in read.goes.places if where.site)
        tuning = self.tuning
        foreign = bool(tuning.amount_currency and paid.currency and paid.currency != tuning.amount_currency)
        return BusinessFacts(
            amount=paid.amount,
            amount_currency=paid.currency,
            amount_over_limit=paid.amount > tuning.amount_limit or paid.amount <= 0 or foreign,
            vendor=next(iter((*paid.vendors, *sites)), "")[:SHORT],
            vendor_known=is_among(paid.vendors or sites, tuning.vendors),
        )

    def _taken(self, facts: BusinessFacts, action: Action, read: Reading, parts: tuple[str, ...]) -> BusinessFacts:
        exports = action.kind is Kind.EXPORT or not _TAKING.isdisjoint(parts)
        if not exports and action.kind is not Kind.DATABASE and action.kind is not Kind.OTHER:
            return facts
        text = readable(_joined(read, parts))
        asked = tuple(_PERSONAL.matching(text))
        spoken = {part.removesuffix("_csv") for part in text.lower().replace("_", " ").replace("/", " ").split()}
        return replace(
            facts,
            personal_asked=asked,
            many_records=self._takes_many(action, read),
            sensitive_export=exports and (bool(asked) or not _SENSITIVE.isdisjoint(spoken)),
        )

    def _takes_many(self, action: Action, read: Reading) -> bool:
        limit = self.tuning.record_limit
        counts: dict[str, int] = {}
        for key, text in read.arguments:
            if key in _ASIDE and len(text) <= 20 and text.isdecimal() and int(text) > limit:
                return True
            counts[key] = counts.get(key, 0) + 1
        if any(count > limit for count in counts.values()):
            return True
        return action.kind is Kind.DATABASE and any(
            _is_wide(statement, limit) for _, text in read.arguments for statement in statements(text)
        )

    def _operated(self, facts: BusinessFacts, action: Action, read: Reading, parts: tuple[str, ...]) -> BusinessFacts:
        deletes, restarts = self._deletes_users(action, read, parts), _restarts(action, read, parts)
        permits = _changes_permissions(action)
        if not (deletes or restarts or permits):
            return facts
        return replace(
            facts,
            deletes_users=deletes,
            restarts=restarts,
            changes_permissions=permits,
            in_production=self._in_production(action, read),
        )

    def _deletes_users(self, action: Action, read: Reading, parts: tuple[str, ...]) -> bool:
        if not _ENDINGS.isdisjoint(parts) and not _PEOPLE.isdisjoint(parts):
            return True
        if action.kind is Kind.SHELL:
            return any(
                word in {"userdel", "deluser", "dropuser"}
                for _, text in read.arguments
                if "user" in text
                for word in text.split()[:64]
            )
        if action.kind is not Kind.DATABASE:
            return False
        return any(
            (statement.verb == "delete" and statement.after("delete", "from").rpartition(".")[2] in _PEOPLE)
            or (statement.verb == "drop" and statement.words[1:2] in {("user",), ("role",)})
            for _, text in read.arguments
            for statement in statements(text)
        )

    def _in_production(self, action: Action, read: Reading) -> bool:
        texts = [text[:SHORT] for _, text in read.arguments] + [text[:SHORT] for _, text in leaves(action.context)]
        return any(self._names_production(text) for text in (action.tool, action.server, action.url[:SHORT], *texts))

    def _names_production(self, text: str) -> bool:
        spoken = "".join(char if char.isalnum() else " " for char in readable(text).lower()).split()
        return any(
            word in self._production and (not index or spoken[index - 1] not in _OUTSIDE)
            for index, word in enumerate(spoken)
        )

    def _noticed(self, facts: BusinessFacts, read: Reading, parts: tuple[str, ...]) -> BusinessFacts:
        text = readable(_joined(read, ()))
        by_name = "approval" in parts and not {"notice", "letter", "notification", "certificate"}.isdisjoint(parts)
        if not by_name and not ("pprov" in text and _NOTICE.matching(text)):
            return facts
        lowered = text.lower()
        required = self.tuning.required_documents
        missing = tuple(
            document
            for document in required
            if not any(word in lowered for word in document.lower().split("|") if word)
        )
        if not required:
            attached = any(key in _ATTACHED and value for key, value in read.arguments) or _ANY_DOCUMENT.matching(text)
            missing = () if attached else ("any document",)
        return replace(facts, approval_notice=True, missing_documents=missing)


def _joined(read: Reading, parts: tuple[str, ...]) -> str:
    """The arguments as one text, keys aside, with the words of the tool's name."""
    return "\n".join((*_within(read), " ".join(parts)))


def _within(read: Reading) -> Iterator[str]:
    room = TEXT_LIMIT
    for _, text in read.arguments:
        if room <= 0:
            return
        yield text[:room]
        room -= len(text)


def _is_wide(statement: Statement, limit: int) -> bool:
    """Whether a query takes more rows than a limit, as far as it says."""
    if statement.verb not in {"select", "copy", "with"} or "from" not in statement.words:
        return False
    stated = statement.after("limit") or statement.after("top") or statement.after("first")
    if stated.isdecimal():
        return len(stated) > 12 or int(stated) > limit
    selected = statement.words[1:3]
    return "where" not in statement.words and _AGGREGATES.isdisjoint(selected) and "group" not in statement.words


def _changes_permissions(action: Action) -> bool:
    if Effect.GRANT in action.effects or action.kind is Kind.PERMISSION:
        return True
    # Making a file executable gives nobody access.
    stated = action.kind is Kind.SHELL and any(
        word in text for _, text in reading(action).arguments for word in _PERMITTING_WORDS
    )
    return stated and any(
        call.program in _PERMITTING and call.operands[:1] not in {("+x",), ("u+x",), ("a+x",)}
        for call in programs(action)
    )


def _restarts(action: Action, read: Reading, parts: tuple[str, ...]) -> bool:
    if not _RESTARTS.isdisjoint(parts) and (
        not _SERVERS.isdisjoint(parts) or len(parts) == 1 or parts[-1] in _RESTARTS
    ):
        return True
    if action.kind is not Kind.SHELL:
        return False
    texts = [
        text[:TEXT_LIMIT].lower().split()
        for _, text in read.arguments
        if any(word in text for word in ("start", "boot", "shutdown", "poweroff", "halt", "stop"))
    ]
    return any(
        not {"restart", "reboot", "shutdown", "poweroff", "halt"}.isdisjoint(spoken)
        or ("stop" in spoken and not {"systemctl", "service", "docker", "pm2", "supervisorctl"}.isdisjoint(spoken))
        for spoken in texts
    )
