"""What rules for businesses ask: who is paid how much, whose data is taken, what happens to what is in production."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ClassVar

from sentric.events import Action, Effect, Kind
from sentric.policy.content import Reads
from sentric.policy.readers.actions.effects import name_parts
from sentric.policy.readers.actions.reading import Reading, reading
from sentric.policy.readers.programs.code import code_of, programs
from sentric.policy.readers.programs.databases import executed, reaches_database
from sentric.policy.readers.programs.destruction import CLIENTS
from sentric.policy.readers.programs.operations import (
    ENDINGS,
    PEOPLE,
    deletes_people,
    ends_users,
    names_people,
    removes_people,
    stops,
)
from sentric.policy.readers.programs.payments import pays_by_request
from sentric.policy.readers.programs.permits import permits, permits_by, permits_with
from sentric.policy.readers.programs.programs import Call
from sentric.policy.readers.programs.records import (
    SENSITIVE,
    fields_asked,
    is_contact,
    is_over,
    is_wide,
    queries,
    selects_all_of_people,
    selects_contact,
    writes_out,
)
from sentric.policy.readers.programs.statements import Statement, statements
from sentric.policy.readers.values.amounts import are_known, payment, plain_key
from sentric.policy.readers.words.lexicon import words
from sentric.policy.readers.words.notices import SIGNS, missing_of, names_any_document, says_approved, sentences
from sentric.policy.readers.words.patterns import Patterns
from sentric.policy.readers.words.text import leaves, readable
from sentric.policy.rule import Scope, Tuning
from sentric.policy.signals.family import Facts, Family

TEXT_LIMIT = 262_144
"""Characters of an action's arguments that are read."""
SHORT = 256
"""Longest argument that is read as the name of something."""

_PERSONAL = Patterns(
    {
        "social security number": r"(?:\b|_)ss[_-]?n(?:s|o|r|um|umber)?(?:\b|_)"
        r"|(?:\b|_)ss[_-]n(?:o|r|um|umber)(?:\b|_)|\bsoc(?:ial)?[\s_-]?sec(?:urity)?"
        r"|national[\s_-]?insurance[\s_-]?n|\bsin[\s_-]number|tax[\s_-]?(?:payer[\s_-]?)?id|\b(?:nino|itin|pesel|cpf)\b"
        r"|aadha?ar|personnummer|steuer[\s_-]?id|sozialversicherung|codice[\s_-]?fiscale|seguridad[\s_-]?social"
        r"|s[eé]curit[eé][\s_-]?sociale",
        "health": r"\bmedical|\bpatients?\b|diagnos[ei]s|prescription|health[\s_-]?record|allerg",
        "pay": r"\bsalar(?:y|ies)|payroll|\bwages?\b|compensation",
        "card or account": r"credit[\s_-]?cards?|card[\s_-]?numbers?|\biban\b|bank[\s_-]?account"
        r"|account[\s_-]?numbers?|\bcvv\b",
        "identity": r"passport|driver'?s?[\s_-]?licen|date[\s_-]?of[\s_-]?birth|birth[\s_-]?date|\bdob\b"
        r"|national[\s_-]?id",
        "contact": r"home[\s_-]?address|phone[\s_-]?numbers?|email[\s_-]?addresses"
        r"|\bpersonal[\s_-](?:data|info|details)|\bpii\b",
    }
)
"""Words for the personal data that a query or an export names."""
_TAKING = words("export dump backup download extract")
_ASIDE = words(
    "limit count maxresults pagesize top rows batchsize maxrows size perpage numresults n maxrecords first take"
)
"""Arguments that say how many records are wanted, without how their words are joined."""
_ATTACHED = words(
    "attachment attachments file files document documents enclosure enclosures attached docs "
    "supporting_documents document_ids filename filenames"
)
_RESTARTS = words("restart reboot shutdown bounce recycle poweroff halt kill redeploy stop rollout")
_STOPS = words("turnoff terminate drain reload reset hibernate suspend cycle")
"""Verbs that stop something only where the name says that it is a server."""
_SERVERS = words(
    "server servers service services instance instances machine host hosts vm vms node nodes pod pods "
    "deployment cluster container containers app application process "
    "system database db daemon production prod app apps pool queue worker workers nginx apache web"
)
_TAKING_KINDS = frozenset({Kind.DATABASE, Kind.EXPORT, Kind.DOWNLOAD, Kind.SHELL})
_SPLIT = re.compile(r"[\s_/.,;:'\"()=]+")
_DUMPERS = words("pg_dump pg_dumpall mysqldump mariadb-dump mongodump mongoexport bcp expdp")
_WHOLES = words("database databases db")
"""What is exported as a whole, by the names of tools."""
_WHOLE = words("all unlimited max everything * -1 none infinite")
_QUESTION = re.compile(
    r"\s*(?:what (?:is|are)|how (?:do|does|to|can)|why|define|explain|meaning of|definition of)\b", re.IGNORECASE
)
_STATUS_KEYS = words(
    "status decision state outcome result resolution approval application_status loan_status new_status"
)
_APPROVED = words("approved accepted granted approve accept")
_DECIDED = words("loan loans application applications mortgage claim claims credit request case permit applicant visa")
_NOTICES = words("notice letter notification certificate confirmation send email mail notify issue sms message")
_RIGHTS = words(
    "role roles permission permissions access key keys token tokens password mfa group groups team membership"
)
_ONLY_READING = frozenset({Effect.READ})
_OUTSIDE = words("non pre not no nonprod preprod")


@dataclass(frozen=True, slots=True)
class BusinessFacts(Facts):
    """Facts that rules for businesses ask for."""

    stated_about: ClassVar[tuple[Scope, ...]] = (Scope.ACTION,)
    fields_read: ClassVar[Mapping[str, Reads]] = {
        "amount_over_limit": frozenset(),
    }

    pays: bool = False
    """It pays, orders or transfers money, also by a request to a payment service."""
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
    identity, contact, all columns (of a table of people)."""
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

    def tune(self, tuning: Tuning) -> None:
        """Go on by another policy."""
        super().tune(tuning)
        self._production = frozenset(word.lower() for word in tuning.production)

    def action(self, action: Action) -> BusinessFacts:
        """Read an action."""
        read, name = reading(action), _named(name_parts(action.tool))
        only_reads = action.effects <= _ONLY_READING  # so it is of a tool of which nothing is known
        found = _NOTHING
        if Effect.PAY in action.effects or action.kind is Kind.PAYMENT or pays_by_request(action, read):
            found = self._paid(action, read)
        if action.kind in _TAKING_KINDS or only_reads or name.takes:
            found = self._taken(found, action, read, name)
        if action.effects != _ONLY_READING or _has_parts(action, read):
            found = self._operated(found, action, read, name)
        if Effect.SEND in action.effects or name.approves or (name.decides and action.effects != _ONLY_READING):
            found = self._noticed(found, action, read, name)
        return found

    def _paid(self, action: Action, read: Reading) -> BusinessFacts:
        label = action.element.text[:SHORT] if action.element is not None else ""
        paid = payment(read.arguments, label)
        sites = tuple(where.site for where in read.goes.places if where.site)
        tuning = self.tuning
        foreign = bool(tuning.amount_currency) and any(code != tuning.amount_currency for code in paid.currencies)
        return BusinessFacts(
            pays=True,
            amount=paid.amount,
            amount_currency=paid.currency,
            amount_over_limit=paid.amount > tuning.amount_limit or paid.amount <= 0 or foreign,
            vendor=next(iter((*paid.vendors, *sites)), "")[:SHORT],
            vendor_known=are_known(paid.vendors or sites, tuning.vendors),
        )

    def _taken(self, facts: BusinessFacts, action: Action, read: Reading, name: "_Name") -> BusinessFacts:
        if action.kind in {Kind.FILE_WRITE, Kind.MESSAGE}:
            return facts
        called = programs(action) if action.kind is Kind.SHELL else ()
        taken = list(queries(action, read, called))
        dumps = any(call.program in _DUMPERS or ".dump" in call.arguments for call in called)
        exports = dumps or action.kind is Kind.EXPORT or name.takes or any(map(writes_out, taken))
        if not exports and not taken and action.kind not in {Kind.DATABASE, Kind.OTHER, Kind.HTTP}:
            return facts
        fields = list(fields_asked(action.arguments, read, _address(action, read)))
        if action.kind is Kind.HTTP and not exports and not fields:
            return facts
        text = readable("\n".join((_asked_of(action, read, name, called, taken), *fields)))
        if action.kind is Kind.OTHER and not exports and _QUESTION.match(text):
            return facts
        asked = tuple(_PERSONAL.matching(text))
        if "contact" not in asked and (selects_contact(text) or any(map(is_contact, fields))):
            asked = (*asked, "contact")
        if any(map(selects_all_of_people, taken)):
            asked = (*asked, "all columns")
        sensitive = exports and (bool(asked) or _is_sensitive(text))
        sensitive = sensitive or dumps or (name.takes and not _WHOLES.isdisjoint(name.parts))
        many = dumps or self._takes_many(read, taken)
        if not (asked or many or sensitive):
            return facts
        return replace(facts, personal_asked=asked, many_records=many, sensitive_export=sensitive)

    def _takes_many(self, read: Reading, taken: list[Statement]) -> bool:
        limit = self.tuning.record_limit
        counts: dict[str, int] = {}
        for key, text in read.arguments:
            if plain_key(key) in _ASIDE and (text.strip().lower() in _WHOLE or is_over(text, limit)):
                return True
            counts[key] = counts.get(key, 0) + 1
        return any(count > limit for count in counts.values()) or any(is_wide(query, limit) for query in taken)

    def _operated(self, facts: BusinessFacts, action: Action, read: Reading, name: "_Name") -> BusinessFacts:
        deletes = name.deletes_users or _deletes_users(action, read)
        restarts = name.restarts or any(map(stops, programs(action)))
        permits = name.takes_rights or (not name.only_deletes_users and _changes_permissions(action, read))
        if not (deletes or restarts or permits):
            return facts
        return replace(
            facts,
            deletes_users=deletes,
            restarts=restarts,
            changes_permissions=permits,
            in_production=self._in_production(action, read),
        )

    def _in_production(self, action: Action, read: Reading) -> bool:
        length = TEXT_LIMIT if action.kind in {Kind.SHELL, Kind.DATABASE} else SHORT
        texts = [text[:length] for _, text in read.arguments] + [text[:SHORT] for _, text in leaves(action.context)]
        return any(self._names_production(text) for text in (action.tool, action.server, action.url[:SHORT], *texts))

    def _names_production(self, text: str) -> bool:
        low = readable(text).lower()
        if not any(name in low for name in self._production):
            return False
        spoken = "".join(char if char.isalnum() else " " for char in low).split()
        return any(
            (word in self._production or word.rstrip("0123456789") in self._production)
            and (not index or spoken[index - 1] not in _OUTSIDE)
            for index, word in enumerate(spoken)
        )

    def _noticed(self, facts: BusinessFacts, action: Action, read: Reading, name: "_Name") -> BusinessFacts:
        by_name = (
            name.notifies
            or (name.decides and name.does_approve)
            or (name.decides and action.effects != _ONLY_READING and _sets_approved(read))
        )
        text = readable(_joined(read, ()))
        if not by_name and not any(sign in text.lower() for sign in SIGNS):
            return facts
        told = sentences(text)
        if not by_name and not says_approved(told):
            return facts
        required = self.tuning.required_documents
        missing = missing_of(required, told)
        if not required:
            attached = any(key in _ATTACHED and value for key, value in read.arguments) or names_any_document(text)
            missing = () if attached else ("any document",)
        return replace(facts, approval_notice=True, missing_documents=missing)


@dataclass(frozen=True, slots=True)
class _Name:
    """What the name of a tool says; it is the same for all its calls."""

    parts: tuple[str, ...]
    takes: bool
    deletes_users: bool
    only_deletes_users: bool
    """What it takes away is the user, and not a right, a group or a role of the user's."""
    takes_rights: bool
    restarts: bool
    approves: bool
    does_approve: bool
    notifies: bool
    decides: bool


@lru_cache(maxsize=1024)
def _named(parts: tuple[str, ...]) -> _Name:
    spoken = frozenset(parts)
    deletes_users = not ENDINGS.isdisjoint(spoken) and not PEOPLE.isdisjoint(spoken)
    return _Name(
        parts,
        takes=not _TAKING.isdisjoint(spoken),
        deletes_users=deletes_users,
        only_deletes_users=deletes_users and "remove" not in spoken and spoken.isdisjoint(_RIGHTS),
        takes_rights=deletes_users and not spoken.isdisjoint(_RIGHTS),
        restarts=_names_a_stop(parts),
        approves="approval" in spoken,
        does_approve=not spoken.isdisjoint({"approve", "approves"}),
        notifies="approval" in spoken and not _NOTICES.isdisjoint(spoken),
        decides=not _DECIDED.isdisjoint(spoken),
    )


def _names_a_stop(parts: tuple[str, ...]) -> bool:
    spoken = frozenset(parts)
    if {"scale", "zero"} <= spoken or "poweroff" in spoken or {"power", "off"} <= spoken:
        return True
    if not _SERVERS.isdisjoint(spoken):
        return not spoken.isdisjoint(_RESTARTS | _STOPS)
    return not _RESTARTS.isdisjoint(spoken) and (len(parts) == 1 or parts[-1] in _RESTARTS)


def _deletes_users(action: Action, read: Reading) -> bool:
    called = programs(action)
    if not called and action.kind not in {Kind.SHELL, Kind.HTTP} and not reaches_database(action):
        return False
    if any(map(ends_users, called)) or any(map(deletes_people, queries(action, read, called))):
        return True
    if action.kind is Kind.HTTP:
        return Effect.DELETE in action.effects and any(names_people(text) for _, text in read.arguments if "/" in text)
    texts = code_of(action, called) or (tuple(text for _, text in read.arguments) if reaches_database(action) else ())
    return any(removes_people(text) or any(map(deletes_people, _run_by(text))) for text in texts)


def _has_parts(action: Action, read: Reading) -> bool:
    """Whether a statement that reads may do something else in one of its parts: `WITH a AS (DELETE …) SELECT …`."""
    return action.kind is Kind.DATABASE and any(text.lstrip()[:4].lower() == "with" for _, text in read.arguments)


def _run_by(text: str) -> Iterator[Statement]:
    for found in executed(text):
        yield from statements(found)


def _is_sensitive(text: str) -> bool:
    """Whether what is exported is named like data of people or of the business's own."""
    spoken = _SPLIT.split(text.lower().replace("_csv", ""))
    return not SENSITIVE.isdisjoint(spoken) or "--all-databases" in text or "pg_dumpall" in text


def _asked_of(action: Action, read: Reading, name: "_Name", called: tuple[Call, ...], taken: list[Statement]) -> str:
    """What is asked for, as one text: what databases are told, or the arguments with the words of the tool's name."""
    if action.kind is Kind.HTTP:
        return ""
    if action.kind is not Kind.SHELL:
        return _joined(read, name.parts)
    stated = (call.text for call in called if call.program in _DUMPERS | CLIENTS)
    return "\n".join((*stated, *(" ".join(query.words) for query in taken)))


def _address(action: Action, read: Reading) -> str:
    if action.kind is not Kind.HTTP:
        return ""
    return next((text for key, text in read.arguments if key in {"url", "uri", "endpoint"}), "")


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


def _sets_approved(read: Reading) -> bool:
    return any(key in _STATUS_KEYS and text.strip().lower() in _APPROVED for key, text in read.arguments)


def _changes_permissions(action: Action, read: Reading) -> bool:
    if Effect.GRANT in action.effects or action.kind is Kind.PERMISSION or permits_with(action):
        return True
    called = programs(action)
    if any(map(permits, called)):
        return True
    texts = [text for _, text in read.arguments] if reaches_database(action) else []
    for text in code_of(action, called):
        texts.extend(executed(text))
    texts.extend(text for call in called if call.program in CLIENTS for text in (*call.arguments, call.command.given))
    return any(permits_by(statement) for text in texts if " " in text for statement in statements(text))
