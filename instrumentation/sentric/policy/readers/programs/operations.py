"""What is done to people's accounts and to running services: by programs, by statements, by requests."""

import re
from collections.abc import Iterable

from sentric.policy.readers.actions.effects import name_parts
from sentric.policy.readers.programs.programs import Call
from sentric.policy.readers.programs.statements import Statement
from sentric.policy.readers.words.lexicon import words

WORDS_READ = 6
"""Operands of a call that are read: its commands stand first."""
TEXT_LIMIT = 65_536
"""Characters of a text of code that are read."""

PEOPLE = words(
    "user users account accounts member members employee employees customer customers person people login logins "
    "tenant tenants"
)
"""Words for the accounts of people."""
_TABLES = PEOPLE | words("staff clients client subscribers patients profiles")
ENDINGS = words("delete remove drop purge deactivate deprovision erase terminate destroy offboard")
"""Verbs that take an account away."""
_USER_PROGRAMS = words("userdel deluser dropuser remove-localuser remove-aduser remove-azureaduser remove-mguser")
_DIRECTORIES = words(
    "aws gcloud az okta gh heroku auth0 firebase vault kcadm kcadm.sh doctl supabase gam ipa samba-tool"
)
"""Programs that administer accounts."""
_DOCUMENTS = re.compile(r"\bdb\.(\w{1,64})\.(?:delete(?:One|Many)|remove|findOneAndDelete)\b")

_HALTING = words("reboot shutdown poweroff halt restart-computer stop-computer iisreset pkill killall kill skill")
_STOPPING = words("restart reboot stop kill down redeploy rollback reload reset delete drain try-restart force-reload")
_ALWAYS = words("restart reboot stop kill redeploy rollback")
_ENDED_BY = {
    "kubectl": words("drain cordon"), "oc": words("drain cordon"), "k": words("drain cordon"),
    "docker": words("down"), "docker-compose": words("down"), "podman": words("down"),
    "gcloud": words("reset suspend"), "az": words("deallocate"), "net": words("pause"),
    "systemctl": words("reload try-restart force-reload isolate"), "service": words("reload force-reload"),
    "ansible": words("state=restarted state=stopped"),
}  # fmt: skip
"""What else stops something, by program."""
_MANAGERS = frozenset(_ENDED_BY) | words(
    "pm2 supervisorctl helm heroku nomad fly flyctl doctl ansible rc-service initctl launchctl sc cf eb vagrant virsh "
    "railway render consul nginx apachectl httpd aws sv monit circusctl passenger-config invoke-rc.d openrc svcadm "
    "restart-service stop-service forever docker-machine multipass pct qm xl govc nerdctl crictl"
)
"""Programs that run services and machines."""
_WORKLOADS = ("pod", "deploy", "statefulset", "sts", "daemonset", "ds/", "replicaset", "node", "job")


def ends_users(call: Call) -> bool:
    """Whether a program deletes accounts of people."""
    if call.program in _USER_PROGRAMS:
        return True
    given = tuple(word.lower() for word in call.operands[:WORDS_READ])
    if call.program in {"net", "net1"}:
        return given[:1] == ("user",) and any(word.startswith("/d") for word in given)
    if call.program not in _DIRECTORIES:
        return False
    spoken = frozenset(part for word in given for part in name_parts(word))
    return not spoken.isdisjoint(ENDINGS) and not spoken.isdisjoint(PEOPLE)


def deletes_people(statement: Statement) -> bool:
    """Whether a statement deletes rows of a table of people, or a user of the database."""
    tokens = statement.words
    if statement.verb == "drop":
        return tokens[1:2] in {("user",), ("role",), ("login",)}
    if "delete" not in tokens:
        return False
    target = statement.after("delete", "from") or statement.after("from") or statement.after("delete")
    name = target.rpartition(".")[2]
    return name in _TABLES or name.rpartition("_")[2] in _TABLES


def removes_people(text: str) -> bool:
    """Whether code deletes documents of people: `db.users.deleteOne(…)`."""
    if "db." not in text:
        return False
    return any(found[1].lower() in _TABLES for found in _DOCUMENTS.finditer(text, 0, TEXT_LIMIT))


def names_people(path: str) -> bool:
    """Whether the end of a URL's path is an account, or all of them: `/v1/users/4`."""
    return not PEOPLE.isdisjoint(path.partition("?")[0].rstrip("/").lower().split("/")[-2:])


def stops(call: Call) -> bool:
    """Whether a program restarts or stops a service, a process or a machine."""
    program, given = call.program, tuple(" ".join(call.operands[:WORDS_READ]).lower().split())
    if program in _HALTING:
        return program != "kill" or not call.has("-0", "-l")
    if program in {"init", "telinit"}:
        return given[:1] in {("0",), ("1",), ("6",)}
    if "/init.d/" in call.command.words[0] if call.command.words else False:
        return not _STOPPING.isdisjoint(given)
    if program not in _MANAGERS:
        return False
    if program in {"restart-service", "stop-service"} or not (_ALWAYS | _ENDED_BY.get(program, frozenset())).isdisjoint(
        given
    ):
        return True
    if program in {"kubectl", "oc", "k"}:
        return _scaled_or_deleted(call, given)
    if program == "aws":
        return any(word.startswith(("reboot-", "stop-", "restart-", "terminate-instances")) for word in given[:2])
    return program in {"nginx", "apachectl", "httpd"} and call.has("-s", "-k")


def _scaled_or_deleted(call: Call, given: Iterable[str]) -> bool:
    spoken = tuple(given)
    if "scale" in spoken:
        return call.has("--replicas=0")
    return "delete" in spoken and any(word.startswith(_WORKLOADS) for word in spoken)
