"""Changes of who may do what: by programs, by statements, by the fields that a tool is told to change."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any, cast

from sentric.events import Action, Effect, JsonValue, Kind
from sentric.policy.readers.actions.effects import name_parts
from sentric.policy.readers.programs.programs import Call
from sentric.policy.readers.programs.statements import Statement
from sentric.policy.readers.words.lexicon import words

_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
ENTRIES_READ = 1024
"""Fields of one action's arguments that are read."""

_ALWAYS = words(
    "chown chgrp setfacl icacls takeown usermod gpasswd adduser useradd visudo passwd chpasswd dseditgroup ssh-copy-id "
    "chattr addgroup groupmod"
)
_FILES_OF_RIGHTS = ("/etc/sudoers", "/.ssh/authorized_keys", "/etc/passwd", "/etc/shadow", "/etc/group")
_ENDINGS = ("iam-policy-binding", "set-iam-policy")
_CHANGING = ("attach", "put", "add", "create", "update", "delete", "detach", "remove", "set", "upload", "deactivate")
_CLOUD_VERBS = words(
    "put-bucket-policy put-bucket-acl put-object-acl put-key-policy put-resource-policy put-public-access-block "
    "delete-public-access-block add-permission create-grant modify-snapshot-attribute modify-image-attribute "
    "set-repository-policy authorize-security-group-ingress create-access-entry associate-access-policy"
)
_GITHUB_PATHS = ("collaborators", "memberships", "invitations", "/teams", "/keys", "permission")
_BINDINGS = words("rolebinding clusterrolebinding role clusterrole rolebindings clusterrolebindings")

_RIGHTS = words(
    "role roles permission permissions access_level acl acls privilege privileges is_admin admin is_superuser "
    "superuser is_staff is_owner is_administrator account_type user_type group groups scopes"
)
_OPEN_KEYS = words("visibility access sharing share_with link_access audience privacy")
_OPEN_WORDS = words("public anyone everyone world internet public-read public_read anyone_with_link anyonewithlink")
_OPEN_SWITCHES = {"public": True, "is_public": True, "private": False, "is_private": False, "publicly_accessible": True}
_WHO = words(
    "user users member members account accounts employee employees person people principal team username user_id "
    "login profile collaborator"
)
_UPDATING = words("update patch set change modify edit assign make add put upsert alter create promote")
_TABLES_OF_RIGHTS = words("user_roles roles role_assignments permissions user_permissions role_permissions user_role")
_PROCEDURES = words(
    "sp_addrolemember sp_droprolemember sp_addsrvrolemember sp_dropsrvrolemember sp_addlogin sp_droplogin sp_password "
    "sp_grantdbaccess sp_revokedbaccess sp_adduser sp_dropuser sp_changedbowner sp_changeobjectowner"
)
_COLUMNS = words(
    "role roles is_admin admin is_superuser superuser is_staff permission permissions privileges access_level user_type"
)


def permits(call: Call) -> bool:
    """Whether a program changes who may do what."""
    program, given = call.program, tuple(word.lower() for word in call.operands[:16])
    if program in _ALWAYS or any(path.endswith(_FILES_OF_RIGHTS) for path in call.command.writes):
        return True
    match program:
        case "chmod":
            # Making a file executable gives nobody access.
            return call.operands[:1] not in {("+x",), ("u+x",), ("a+x",)}
        case "aws":
            by_iam = given[:1] == ("iam",) and given[1:2] and given[1].startswith(_CHANGING)
            return bool(by_iam) or not _CLOUD_VERBS.isdisjoint(given)
        case "gcloud" | "gsutil" | "bq":
            by_list = given[:2] in {("iam", "ch"), ("iam", "set"), ("acl", "ch"), ("acl", "set")}
            by_iam = "iam" in given[:2] and not {"create", "delete", "update"}.isdisjoint(given)
            return by_list or by_iam or any(word.endswith(_ENDINGS) for word in given)
        case "az":
            return given[:2] in {("role", "assignment"), ("role", "definition")} and given[2:3] != ("list",)
        case "kubectl" | "oc" | "k":
            by_policy = given[:2] == ("adm", "policy") or given[:2] == ("auth", "reconcile")
            return by_policy or (
                given[:1] != ("get",)
                and given[:1] != ("describe",)
                and given[1:2] != ()
                and given[1].partition("/")[0] in _BINDINGS
            )
        case "gh" | "glab":
            return _by_repository(call, given)
        case "net" | "net1":
            return given[:1] in {("user",), ("localgroup",), ("group",)} and any(
                "/a" in word or "/d" in word for word in given
            )
        case _:
            return _lets_in(call, given)


def _lets_in(call: Call, given: tuple[str, ...]) -> bool:
    """Whether a program changes who gets in: through a firewall, by a vault's policy, by a file that says so."""
    match call.program:
        case "vault":
            return given[:2] in {("policy", "write"), ("policy", "delete"), ("token", "create"), ("auth", "enable")}
        case "ufw":
            return not {"allow", "delete", "disable", "reset"}.isdisjoint(given)
        case "iptables" | "ip6tables":
            return call.has("-A", "-D", "-F", "-I", "-P", "-X", "--append", "--insert", "--delete", "--flush")
        case "firewall-cmd":
            return any(word.startswith(("--add-", "--remove-")) for word in call.arguments)
        case "tee":
            return any(path.endswith(_FILES_OF_RIGHTS) for path in call.operands)
        case _:
            return False


def _by_repository(call: Call, given: tuple[str, ...]) -> bool:
    if given[:2] == ("repo", "edit"):
        return call.has("--visibility")
    if given[:2] in {
        ("ssh-key", "add"),
        ("deploy-key", "add"),
        ("repo", "deploy-key"),
        ("gpg-key", "add"),
        ("secret", "set"),
        ("secret", "delete"),
    }:
        return True
    changes = call.has("-X", "--method", "-f", "-F", "--field", "--raw-field", "--input") and "get" not in given
    return given[:1] == ("api",) and changes and any(part in word for word in given for part in _GITHUB_PATHS)


def permits_by(statement: Statement) -> bool:
    """Whether a statement gives or takes rights: GRANT, ALTER USER, an update of a column with roles."""
    tokens = statement.words
    match statement.verb:
        case "grant" | "revoke":
            return True
        case "deny":
            return "to" in tokens
        case "set":
            return tokens[1:2] == ("password",)
        case "exec" | "execute" | "call":
            return not _PROCEDURES.isdisjoint(word.rpartition(".")[2] for word in tokens[1:4])
        case "delete":
            return statement.after("delete", "from").rpartition(".")[2] in _TABLES_OF_RIGHTS
        case "alter" | "create":
            return _alters(tokens)
        case "update" if "set" in tokens:
            start = tokens.index("set")
            end = tokens.index("where") if "where" in tokens[start:] else len(tokens)
            named = zip(tokens[start:end], tokens[start + 1 : end], strict=False)
            return any(sign == "=" and name.rpartition(".")[2] in _COLUMNS for name, sign in named)
        case "insert":
            return not _TABLES_OF_RIGHTS.isdisjoint(word.rpartition(".")[2] for word in tokens[2:4])
        case _:
            return False


def _alters(tokens: tuple[str, ...]) -> bool:
    at = 3 if tokens[1:3] == ("or", "replace") else 1
    if tokens[at : at + 1] in {("user",), ("role",), ("login",), ("policy",)}:
        return True
    if tokens[1:3] in {("default", "privileges"), ("server", "role"), ("application", "role")}:
        return True
    return ("owner", "to") in pairwise(tokens) or ("level", "security") in pairwise(tokens)


def permits_with(action: Action) -> bool:
    """Whether a tool is told to change a role, a right, or who can see something."""
    if action.kind in {Kind.MESSAGE, Kind.SHELL, Kind.DATABASE, Kind.FILE_WRITE, Kind.INPUT}:
        return False
    if Effect.WRITE not in action.effects:
        return False
    parts = name_parts(action.tool)
    if _UPDATING.isdisjoint(parts):
        return False
    fields = dict(_fields(action.arguments))
    if not _RIGHTS.isdisjoint(fields):
        return not _WHO.isdisjoint(parts) or not _WHO.isdisjoint(fields)
    opened = any(
        key in _OPEN_KEYS and isinstance(value, str) and value.strip().lower() in _OPEN_WORDS
        for key, value in fields.items()
    )
    return opened or any(fields.get(key) is switch for key, switch in _OPEN_SWITCHES.items())


def _fields(arguments: Mapping[str, JsonValue]) -> Iterator[tuple[str, object]]:
    """The fields of some arguments at any depth, without recursion; of those of one name, the last."""
    waiting: list[Any] = [arguments]
    room = ENTRIES_READ
    while waiting and room > 0:
        value = waiting.pop()
        if isinstance(value, Mapping):
            for key, item in cast("Mapping[object, object]", value).items():
                room -= 1
                yield "_".join(_PARTS.findall(str(key)[:64])).lower(), item
                waiting.append(item)
        elif isinstance(value, list):
            waiting.extend(cast("Iterable[Any]", value[:ENTRIES_READ]))
