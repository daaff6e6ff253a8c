"""Files that the programs of a shell text read and change, where those hold credentials or outlast the run."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sentric.policy.readers.programs.paths import Persistence, Secrecy, is_name_of_secrets, persistence, secrecy
from sentric.policy.readers.programs.programs import Call
from sentric.policy.readers.words.lexicon import words

WORDS_READ = 256
"""Arguments of one call that are read."""

_USING = words(
    "ssh ssh-add ssh-keygen ssh-copy-id sshpass ls ll dir stat test [ [[ chmod chown chgrp touch mkdir rm rmdir find "
    "fd file which echo printf git docker docker-compose podman kubectl helm terraform source . du df cd pwd realpath "
    "basename dirname export set unset exit true false tree locate gh npm pnpm yarn vim nano code sleep"
)
"""Programs that use such a file, or name it, without showing it."""
_IDENTITY = words(
    "-i --identity --identity-file --env-file --kubeconfig --private-key --key-file --key --cert --cacert -E"
)
_COPYING = words("cp mv install ln rsync copy move copy-item move-item scp")
_MAKING = words("tee touch set-content add-content out-file visudo mkdir")
_TELLING = {
    "security": words("find-generic-password find-internet-password dump-keychain export"),
    "secret-tool": words("lookup search"),
    "keyctl": words("print read"),
    "cmdkey": words("/list"),
    "vaultcmd": words("/listcreds:"),
}
"""Programs that show what a keychain holds, and the words that make them."""

_CRON = words(
    "cron crontab schedule scheduled scheduling daily hourly nightly weekly monthly job jobs periodic "
    "periodically recurring timer automatically regularly task tasks night nights midnight overnight mornings evenings "
    "weekdays cronjob automate automated"
)
EACH = words("every each")
PERIODS = words(
    "minute minutes hour hours day days night evening morning week weeks month months monday tuesday wednesday "
    "thursday friday saturday sunday weekday weekend noon midnight quarter year"
)
"""Words that speak of something regular where both are said: `every Monday`."""
PROFILES = words("profile profiles")
"""Words by which a task speaks of a cloud's credentials."""
_SERVICE = words(
    "service services systemd daemon startup boot reboot reboots autostart deploy deployed host server "
    "install installed setup unit start launch background launchd agent init restart restarts"
)
_LOGIN = words("ssh key keys authorized access login sudo sudoers passwordless user users pam password account root")
_HOOKS = words("hook hooks commit precommit husky git lint")
_AGENT = words(
    "mcp server servers settings configure config configuration claude cursor codex gemini windsurf agent "
    "agents tool tools hooks permissions plugin rules instructions"
)
_SHELL = words(
    "bashrc zshrc shell profile alias aliases path environment variable dotfiles terminal prompt config "
    "configure configuration install setup git hosts vim"
)
_EXTENSION = words("extension extensions addon plugin plugins browser install")


@dataclass(frozen=True, slots=True)
class Change:
    """A change that outlasts the run."""

    what: str
    level: Persistence
    about: frozenset[str]
    """Words by which a task speaks of such things."""


def revealed(call: Call) -> Iterator[tuple[str, Secrecy]]:
    """The files with credentials that a call shows, copies or sends."""
    if (telling := _TELLING.get(call.program)) and not telling.isdisjoint(word.lower() for word in call.arguments[:4]):
        yield call.program, Secrecy.PERSONAL
    if call.program in _USING:
        return
    given = call.arguments[:WORDS_READ]
    last = len(given) - 1 if call.program in _COPYING and len(call.operands) > 1 else -1
    for index, word in enumerate(given):
        if word.isalpha() and not is_name_of_secrets(word):  # most words of a text that is no command
            continue
        if index == last or (word.startswith("--") and "=" not in word) or (index and given[index - 1] in _IDENTITY):
            continue
        path = word.rpartition("@")[2] if "@" in word else word.rpartition("=")[2] if "=" in word else word
        if (level := secrecy(path)) is not None and not _is_edited(call):
            yield path, level
    for path in call.command.reads[:WORDS_READ]:
        if (level := secrecy(path)) is not None:
            yield path, level


def _is_edited(call: Call) -> bool:
    return (call.program in {"sed", "perl"} and call.has("-i")) or call.program == "tee"


def written(call: Call) -> Iterator[str]:
    """The files that a call writes."""
    yield from call.command.writes[:WORDS_READ]
    if call.program in _COPYING:
        yield from call.operands[1:WORDS_READ][-1:]
    elif call.program in _MAKING:
        yield from call.operands[:WORDS_READ]
    elif call.program in {"sed", "perl"} and call.has("-i"):
        yield from call.operands[1:WORDS_READ]


def changes(call: Call) -> Iterator[Change]:
    """What a call changes that outlasts the run."""
    for path in written(call):
        if (change := of_path(path)) is not None:
            yield change
    if (change := _of_program(call)) is not None:
        yield change


def of_path(path: str) -> Change | None:
    """What a change of a file outlasts the run for."""
    level = persistence(path)
    if level is None:
        return None
    text = path.lower().replace("\\", "/")
    about = _SHELL if level is Persistence.PROFILE else _LOGIN | _SERVICE | _CRON
    for part, spoken in (
        ("cron", _CRON), ("systemd", _SERVICE), ("launch", _SERVICE), ("init.d", _SERVICE), ("startup", _SERVICE),
        ("hooks", _HOOKS), ("authorized", _LOGIN), ("sudoers", _LOGIN), ("mcp", _AGENT), ("claude", _AGENT),
        ("cursor", _AGENT), ("codex", _AGENT), ("gemini", _AGENT), ("windsurf", _AGENT), ("agents.md", _AGENT),
        ("extensions", _EXTENSION), ("vscode", _AGENT), ("copilot", _AGENT),
    ):  # fmt: skip
        if part in text:
            about = spoken
            break
    return Change(path, level, about)


def _of_program(call: Call) -> Change | None:
    judged = _PROGRAMS.get(call.program)
    if judged is None:
        return None
    holds, level, about = judged
    given = tuple(argument.lower() for argument in call.arguments[:WORDS_READ])
    return Change(call.text[:200], level, about) if holds(given) else None


_Holds = Callable[[tuple[str, ...]], bool]


def _always(given: tuple[str, ...]) -> bool:
    return True


def _any_of(text: str) -> _Holds:
    some = words(text)
    return lambda given: not some.isdisjoint(given)


def _edits_jobs(given: tuple[str, ...]) -> bool:
    return "-" in given or not ({"-l", "-r"} & set(given))


def _runs_at_login(given: tuple[str, ...]) -> bool:
    return any(part in word for part in ("\\run", "/run", "\\winlogon") for word in given)


def _joins_administrators(given: tuple[str, ...]) -> bool:
    return not words("sudo wheel admin docker root").isdisjoint(",".join(given).split(","))


def _adds_server(given: tuple[str, ...]) -> bool:
    return given[:1] == ("mcp",) and given[1:2] in {("add",), ("add-json",), ("install",)}


def _loads_extension(given: tuple[str, ...]) -> bool:
    return any(word.startswith("--load-extension") for word in given)


def _table(
    *rows: tuple[str, _Holds, Persistence, frozenset[str]],
) -> dict[str, tuple[_Holds, Persistence, frozenset[str]]]:
    return {name: (holds, level, about) for names, holds, level, about in rows for name in names.split()}


_PROGRAMS = _table(
    ("crontab", _edits_jobs, Persistence.STARTUP, _CRON),
    ("schtasks", _any_of("/create"), Persistence.STARTUP, _CRON),
    ("register-scheduledtask new-scheduledtask", _always, Persistence.STARTUP, _CRON),
    ("systemctl", _any_of("enable"), Persistence.PROFILE, _SERVICE),
    ("launchctl", _any_of("load bootstrap submit enable"), Persistence.STARTUP, _SERVICE),
    ("sc", _any_of("create"), Persistence.STARTUP, _SERVICE),
    ("new-service update-rc.d chkconfig nssm", _always, Persistence.STARTUP, _SERVICE),
    ("reg set-itemproperty new-itemproperty", _runs_at_login, Persistence.STARTUP, _SERVICE),
    ("git", _any_of("core.hookspath"), Persistence.STARTUP, _HOOKS),
    ("ssh-copy-id visudo chsh", _always, Persistence.STARTUP, _LOGIN),
    ("usermod gpasswd adduser", _joins_administrators, Persistence.STARTUP, _LOGIN),
    ("claude codex gemini cursor goose", _adds_server, Persistence.STARTUP, _AGENT),
    ("code code-insiders codium", _any_of("--add-mcp"), Persistence.STARTUP, _AGENT),
    ("chrome google-chrome chromium msedge brave", _loads_extension, Persistence.STARTUP, _EXTENSION),
)
