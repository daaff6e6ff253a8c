"""The commands of an action: of a shell's text, of an argument list, of code that starts programs, of a tool's name."""

import re
from collections.abc import Iterator, Mapping

import re2

from sentric.events import Action, JsonValue, Kind
from sentric.policy.readers.actions.effects import name_parts
from sentric.policy.readers.actions.reading import reading
from sentric.policy.readers.programs.programs import Call, calls, of_words
from sentric.policy.readers.words.lexicon import words
from sentric.policy.readers.words.text import readable

WORDS_LIMIT = 256
"""Words of an argument list that are read."""
STARTS_LIMIT = 64
"""Programs started by one text of code that are read."""
STRING_LIMIT = 4096
"""Longest literal in code that is read as a command."""

_ASIDE = words(
    "cwd workdir working_directory working_dir description explanation timeout language reason purpose id session "
    "shell env_name title name comment thought blocking is_background"
)
"""Arguments that stand beside the command."""
_PROGRAM = ("command", "cmd", "program", "executable", "binary", "commands")
_LIST = ("args", "arguments", "argv", "command", "cmd", "commands")
_TOOLS = words("git docker kubectl terraform helm aws gcloud kubernetes k8s redis npm podman tofu pulumi")
"""First words of tools' names that are programs, as MCP servers for them have it."""
_LANGUAGES = words("python py javascript js node ruby php code repl notebook cell ipython jupyter interpreter")
_SOURCE = words("code source source_code python")
_INTERPRETERS = words("python pypy node nodejs deno bun ruby perl php mongo mongosh psql rails manage.py irb ipython")
_CODE = re.compile(
    r"(?:os\.system|os\.popen|subprocess\.\w{1,20}|exec(?:Sync|File|FileSync)?|spawn(?:Sync)?|popen|system|shell_exec)"
    r"\(\s{0,8}(\[?)\s{0,8}[frb]?([\"'`])"
)
_TREE = re.compile(r"(?:shutil\.rmtree|\.rm(?:Sync|dirSync)|rimraf)\(\s{0,8}[frb]?([\"'`])")
_LITERAL = re.compile(r"\"([^\"\n]*)\"|'([^'\n]*)'")

_HINT = re2.compile(
    r"(?i)\b(?:rm|rmi|rmdir|rmtree|rmsync|rmdirsync|rb|rd|ri|del|erase|deltree|rimraf|shred|srm|sdelete|wipe\w*|mk(?:e2)?fs|blkdiscard|newfs|dd|"
    r"dcfldd|format|format-volume|clear-disk|sgdisk|diskpart|chmod|chown|chgrp|setfacl|icacls|takeown|kill|"
    r"shutdown|reboot|halt|poweroff|zfs|zpool|restart\w*|stop\w*|rollout|redeploy|rollback|pkill|killall|telinit|"
    r"cryptsetup|remove\w*|delete\w*|destroy\w*|terminate\w*|purge\w*|drop\w*|truncate|prune|down|drain|uninstall|unpublish|"
    r"deregister|schedule-key-deletion|flush\w*|reset\w*|clean|push|filter-branch|filter-repo|reflog|stash|fresh|branch|"
    r"restart-computer|stop-computer|vssadmin|wbadmin|wevtutil|userdel|deluser|lvremove|vgremove|pvremove|"
    r"curl|wget|iwr|irm|iex|invoke-\w+|aria2c|bitsadmin|start-bitstransfer|downloadstring|base64|base32|xxd|openssl|"
    r"powershell|pwsh|mshta|regsvr32|rundll32|wscript|cscript|msiexec|wmic|nc|ncat|netcat|socat|pbpaste|xclip|xsel|wl-paste|"
    r"get-clipboard|gcb|crontab|schtasks|register-scheduledtask|new-scheduledtask|systemctl|launchctl|sc|reg|new-service|"
    r"set-itemproperty|new-itemproperty|update-rc\.d|chkconfig|nssm|ssh-copy-id|visudo|chsh|usermod|gpasswd|adduser|mcp|"
    r"add-mcp|hookspath|load-extension|security|secret-tool|keyctl|cmdkey|mkdir|clone|fetch|sqlflush)\b"
    r"|init\s+[016]\b|--replicas=0"
    r"|update\b[^;]{0,200}\bset\b|-delete\b|db:|\+\w+:|\s:\w"
    r"|[./~](?:env|ssh|aws|netrc|npmrc|pypirc|gnupg|azure|kube|docker|git-credentials|pgpass|my\.cnf|config|claude|"
    r"cursor|codex|bash\w*|zsh\w*|profile|zprofile|vscode|xinitrc|inputrc|vimrc|gitconfig|boto|s3cfg|envrc)|"
    r"id_(?:rsa|dsa|ecdsa|ed25519)|/proc/|/etc/|/dev/|/var/spool|login data|cookies\b|keychain|keyring|wallet|"
    r"credential|secrets?\.|tokens?\.json|kubeconfig|tfvars|\.pem\b|\.key\b|\.p12|\.pfx|kdbx|key[34]\.db|logins\.json|mcp\.json|"
    r"hooks/|authorized_keys|agents\.md|claude\.md|gemini\.md|rules\b|launchagents|launchdaemons|startup|autostart|"
    r"sitecustomize|\biam\b|-polic(?:y|ies)\b|rolebinding|collaborators|memberships|role assignment|"
    r"chpasswd|passwd|useradd|dropuser|\bvault\b|\bufw\b|ip6?tables|firewall-cmd|\b(?:psql|mysql\w*|mariadb\w*|sqlite3|pg_dump\w*|mongodump|mongoexport|sqlcmd|duckdb)\b|"
    r"\bacl\b|visibility|-permission\b|groupadd|localgroup|execute|query\(|deletemany|\bgrant\b|\brevoke\b|\balter\s|"
    r"\w\\\w|\w''\w|\w\"\"\w|\$IFS|\$\{IFS|:\|:"
)
"""What a text must have in it somewhere to be worth taking apart: one linear search instead of a reading."""


_latest: tuple[Action | None, bool, tuple[Call, ...]] = (None, False, ())


def programs(action: Action, *, every: bool = False) -> tuple[Call, ...]:
    """The programs that an action calls, in order.

    Args:
        action: the action.
        every: whether to read texts, too, in which nothing hints at what the signals tell of.
    """
    global _latest  # noqa: PLW0603  # one tuple, replaced whole: threads can at worst read an action twice
    known, whole, called = _latest
    if known is not action or (every and not whole):
        called = _programs(action, every=every)
        _latest = (action, every, called)
    return called


def _programs(action: Action, *, every: bool) -> tuple[Call, ...]:
    if action.kind is Kind.SHELL:
        return tuple(_shell(action, every=every))
    if not is_program(action.tool):
        return ()
    parts = name_parts(action.tool)
    return of_words((_named(parts[0]), *parts[1:], *_flags(action.arguments)))


def is_program(tool: str) -> bool:
    """Whether a tool is named like a call of a program: `git_push`."""
    parts = name_parts(tool)
    return len(parts) > 1 and parts[0] in _TOOLS


def code_of(action: Action, called: tuple[Call, ...]) -> tuple[str, ...]:
    """The texts of other languages than the shell's that an action runs: a tool's code, `python -c`, here-documents."""
    if action.kind is not Kind.SHELL:
        return ()
    found = [text for key, text in reading(action).arguments if key not in _ASIDE and "(" in text]
    if not found:
        return ()
    if not _LANGUAGES.isdisjoint(name_parts(action.tool)) or any(
        key in _SOURCE for key, _ in reading(action).arguments
    ):
        return tuple(found)
    given = (call for call in called if call.program.rstrip("0123456789.") in _INTERPRETERS)
    return tuple(text for call in given for text in (*call.arguments, call.command.given) if "(" in text)


def is_fork_bomb(action: Action) -> bool:
    """Whether a shell's text is the one that calls itself twice."""
    return action.kind is Kind.SHELL and any(
        ":|:&" in text[:STRING_LIMIT].replace(" ", "") for _, text in reading(action).arguments
    )


def _shell(action: Action, *, every: bool) -> Iterator[Call]:
    listed = _argument_list(action.arguments)
    if listed:
        yield from of_words(listed[:WORDS_LIMIT])
        return
    parts = name_parts(action.tool)
    for key, text in reading(action).arguments:
        if key in _ASIDE or not text or (not every and _HINT.search(readable(text)) is None):
            continue
        if parts and parts[0] in _TOOLS and parts[0] not in text[:STRING_LIMIT].lower():
            yield from of_words((_named(parts[0]), *text[:STRING_LIMIT].split()[:WORDS_LIMIT]))
        if "python" in parts or "import " in text or "require(" in text:
            yield from _started_in(text)
        if not ("python" in parts and not text.startswith("!")):
            yield from calls(text)


def _argument_list(arguments: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """A program and its arguments, where they are given as a list; nothing where they are not."""
    program = next((value for name in _PROGRAM if isinstance(value := arguments.get(name), str)), "")
    for name in _LIST:
        value = arguments.get(name)
        if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
            given = tuple(item for item in value if isinstance(item, str))
            if name == "commands":
                return ()
            return (program, *given) if program and name not in _PROGRAM else given
    return ()


def _named(part: str) -> str:
    return {"kubernetes": "kubectl", "k8s": "kubectl", "redis": "redis-cli"}.get(part, part)


def _flags(arguments: Mapping[str, JsonValue]) -> Iterator[str]:
    given = list(arguments.items())[:WORDS_LIMIT]
    for name, value in sorted(
        given, key=lambda pair: pair[0] not in {"remote", "kind", "resource_type", "resourceType"}
    ):
        if value is True:
            yield "--" + str(name).replace("_", "-")
        elif isinstance(value, str) and len(value) <= STRING_LIMIT:
            if value.lower() in {"hard", "force", "all", "recursive"}:
                yield "--" + value.lower()
            yield value
        elif isinstance(value, list):
            yield from (item for item in value[:WORDS_LIMIT] if isinstance(item, str) and len(item) <= STRING_LIMIT)


def _started_in(text: str) -> Iterator[Call]:
    """The programs that code starts, as far as they stand in it as literals."""
    for count, found in enumerate(_CODE.finditer(text)):
        if count >= STARTS_LIMIT:
            return
        start, quote = found.end(), found[2]
        if found[1]:
            end = text.find("]", start, start + STRING_LIMIT)
            literals = _LITERAL.findall(text[start - 1 : end if end > 0 else start + STRING_LIMIT])
            yield from of_words(tuple(double or single for double, single in literals[:WORDS_LIMIT]))
        else:
            end = text.find(quote, start, start + STRING_LIMIT)
            yield from calls(text[start : end if end > 0 else start + STRING_LIMIT])
    for count, found in enumerate(_TREE.finditer(text)):
        if count >= STARTS_LIMIT:
            return
        end = text.find(found[1], found.end(), found.end() + STRING_LIMIT)
        yield from of_words(("rm", "-rf", text[found.end() : end if end > 0 else found.end() + STRING_LIMIT]))
