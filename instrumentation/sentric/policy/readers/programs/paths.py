"""Paths of files: which hold credentials, which make something run again, which are the system's or can be rebuilt."""

import re
from enum import StrEnum
from functools import lru_cache

from sentric.policy.readers.words.lexicon import words

PATH_LIMIT = 1024
"""Longest path that is read, in characters."""


class Secrecy(StrEnum):
    """Whose credentials a file holds."""

    PROJECT = "project"
    """Those of the work at hand: settings that developers keep beside the code."""
    PERSONAL = "personal"
    """Those of a person or a machine: keys, cookies, keychains."""


class Persistence(StrEnum):
    """What a file's change lasts for."""

    PROFILE = "profile"
    """Shell start files, editor settings, instructions to agents: often changed on request."""
    STARTUP = "startup"
    """What is run or obeyed without being asked again: jobs, services, hooks, keys to log in, servers of tools."""


_EXAMPLES = (".example", ".sample", ".template", ".dist", ".pub", ".md", ".test", ".j2", ".tmpl", "-example", ".schema")
_PERSONAL_NAMES = words(
    "id_rsa id_dsa id_ecdsa id_ed25519 .netrc _netrc .git-credentials .pgpass shadow gshadow sam logins.json key4.db "
    "key3.db cookies.sqlite wallet.dat .vault-token application_default_credentials.json keystore.jks login.keychain "
    "login.keychain-db .htpasswd master.key krb5.keytab ntds.dit access_tokens.db credentials.db signons.sqlite"
)
_PERSONAL_PARTS = (
    "/.aws/credentials", "/.aws/sso/cache", "/.gnupg/", "/.azure/", "/.config/gcloud/", "/.password-store/",
    "/keychains/", "/user data/default/cookies", "/login data", "/network/cookies", "/default/cookies", "/.oci/",
    "/.config/gh/hosts.yml", "/.codex/auth.json", "/.claude/.credentials", "/.config/op/", "/.local/share/keyrings",
    "/.electrum/", "/.ethereum/keystore", "/.config/solana/id.json", "/.local/share/kwalletd", "/1password/",
    "/bitwarden/", "/.kube/cache", "/etc/kubernetes/admin.conf", "/run/secrets/kubernetes.io", "/.config/sops/",
    "/etc/shadow", "/etc/sudoers", "/security/passwd",
)  # fmt: skip
_PERSONAL_DIRECTORIES = words(".ssh .aws .gnupg .azure gcloud .password-store keychains keyrings")
_PROJECT_NAMES = words(
    ".env .npmrc .pypirc .dockercfg .my.cnf credentials.json secrets.yaml secrets.yml secrets.json secrets.toml .envrc "
    "secret.yaml service-account.json service_account.json terraform.tfvars vault.yml .vault_pass token.json "
    "secrets.env wp-config.php .s3cfg .boto kubeconfig mcp.json .mcp.json claude_desktop_config.json .claude.json "
    "tokens.json client_secret.json .streamlit/secrets.toml"
)
_PROJECT_PARTS = (
    "/.kube/config",
    "/.docker/config.json",
    "/.cursor/mcp.json",
    "/.gem/credentials",
    "/.cargo/credentials",
)
_ENVIRON = re.compile(r"/proc/(?:\d+|self|\*|\$\w+|\$\(\))/environ")
_ENV_FILE = re.compile(r"\.env(?:\.[a-z]+)?$")
_KEY_FILE = re.compile(r"\.(?:pem|p12|pfx|kdbx|ppk|keystore|agekey)$")

_STARTUP_NAMES = words(
    "authorized_keys authorized_keys2 sudoers crontab ld.so.preload .rhosts mcp.json .mcp.json "
    "claude_desktop_config.json .claude.json mcp_settings.json cline_mcp_settings.json mcp_config.json autorun.inf "
    "sitecustomize.py usercustomize.py rc.local hosts.equiv"
)
_STARTUP_PARTS = (
    "/etc/cron", "/var/spool/cron", "/etc/systemd/system", "/systemd/user/", "/lib/systemd/system", "/etc/init.d/",
    "/launchagents/", "/launchdaemons/", "/start menu/programs/startup", "/.config/autostart", "/.git/hooks/",
    "/etc/sudoers.d", "/etc/pam.d/", "/etc/rc", "/etc/passwd", "/etc/shadow", "/.ssh/rc",
    "/.claude/settings", "/.cursor/mcp", "/.codex/config", "/.gemini/settings", "/.continue/config", "/.vscode/mcp",
    "/default/extensions/", "/profiles/extensions/", "/etc/xdg/autostart",
    "/etc/ssh/sshd_config", "/.goose/config", "/.codeium/windsurf/mcp",
)  # fmt: skip
_PROFILE_NAMES = words(
    ".bashrc .bash_profile .bash_login .profile .zshrc .zshenv .zprofile .zlogin config.fish .xinitrc .xprofile .vimrc "
    ".inputrc .bash_aliases .bash_logout .gitconfig claude.md agents.md gemini.md .cursorrules .windsurfrules "
    "copilot-instructions.md microsoft.powershell_profile.ps1 profile.ps1 hosts .tmux.conf .npmrc pip.conf"
)
_PROFILE_PARTS = (
    "/etc/profile.d/", "/etc/ld.so.conf", "/etc/udev/rules.d", "/.ssh/config", "/.cursor/rules", "/.claude/",
    "/.vscode/settings.json", "/.vscode/tasks.json", "/etc/hosts", "/.github/copilot", "/.config/fish/",
)  # fmt: skip

_SYSTEM = words(
    "/ /* /. /home /home/* /root /root/* /etc /etc/* /usr /usr/* /var /var/* /bin /sbin /boot /lib /lib64 /opt /dev "
    "/sys /proc /users /users/* /system /library /applications /mnt /media /srv /data c: c:/ c:/* c:/windows c:/users "
    "c:/program_files ~ ~/ ~/* ~/. $home $home/* ${home} ${home}/* $home/. /* /.* %userprofile% $env:userprofile "
    "$env:systemdrive %systemdrive% %systemdrive%/ /var/lib /usr/local /usr/bin /usr/lib /volumes /boot/efi"
)
_KEPT = (
    "/var/lib/",
    "/srv/",
    "/data/",
    "/mnt/",
    "/backup",
    "/media/",
    "/volumes/",
    "/etc/",
    "/usr/",
    "/boot/",
    "/var/log",
)
"""Where machines keep what cannot be rebuilt."""
_OWN = words(
    "documents desktop pictures photos music videos downloads mail .ssh .gnupg .aws .thunderbird backups backup"
)
_REBUILT = words(
    "node_modules build dist target out .cache __pycache__ .pytest_cache .mypy_cache .ruff_cache .tox venv .venv env "
    "coverage .next .nuxt .gradle obj tmp temp .parcel-cache htmlcov .turbo .svelte-kit bower_components .nox .eggs "
    "cmake-build-debug cmake-build-release deriveddata pods .terraform .serverless .hypothesis _build site .angular "
    "vendor bin logs log .coverage test-results playwright-report storybook-static public/build"
)
_TEMPORARY = (
    *(f"/{name}/" for name in ("tmp", "var/tmp", "private/tmp", "dev/shm", "var/folders")),
    "$tmpdir", "${tmpdir", "%temp%", "$env:temp",
)  # fmt: skip


_WORDS = frozenset(name for name in _PERSONAL_NAMES | _PERSONAL_DIRECTORIES | _PROJECT_NAMES if "." not in name)
"""Names of files and directories with credentials that look like a word."""
_PERSONAL_PART = re.compile("|".join(map(re.escape, _PERSONAL_PARTS))).search
_PROJECT_PART = re.compile("|".join(map(re.escape, _PROJECT_PARTS))).search


class Ground(StrEnum):
    """What is lost with a directory."""

    SYSTEM = "system"
    """The machine, or all that a person has on it."""
    KEPT = "kept"
    """Data, logs, documents."""
    WORK = "work"
    """Something below the work at hand, or unknown."""
    REBUILT = "rebuilt"
    """What is made again by building, or is temporary."""


def normal(path: str) -> str:
    """A path in lower case, with slashes, without quotes and a scheme."""
    text = path[:PATH_LIMIT].strip().strip("\"'").replace("\\", "/").lower()
    text = text.removeprefix("file://").removeprefix("@")
    while "//" in text:
        text = text.replace("//", "/")
    return text.replace("program files", "program_files")


def secrecy(path: str) -> Secrecy | None:
    """Whose credentials a file of this path holds, if any."""
    # Most arguments are words, which are no path unless they are the whole name of such a file.
    is_word = "/" not in path and "." not in path and "\\" not in path
    return None if is_word and not is_name_of_secrets(path.strip().strip("\"'@")) else _secrecy(path)


def is_name_of_secrets(word: str) -> bool:
    """Whether a word is the name of a file or directory with credentials."""
    return word.lower() in _WORDS


@lru_cache(maxsize=1024)
def _secrecy(path: str) -> Secrecy | None:
    text = normal(path)
    if not text or text.endswith(_EXAMPLES) or len(path) > PATH_LIMIT:
        return None
    name, rooted = text.rstrip("/").rpartition("/")[2], "/" + text.lstrip("/")
    if name in _PERSONAL_NAMES or _PERSONAL_PART(rooted) or _ENVIRON.search(rooted):
        return Secrecy.PERSONAL if name not in {"sam", "shadow"} or "/etc/" in rooted or "config/" in rooted else None
    if name in _PERSONAL_DIRECTORIES:
        return Secrecy.PERSONAL
    if "/.ssh/" in rooted and name not in {"config", "known_hosts", "authorized_keys", ""}:
        return Secrecy.PERSONAL
    is_project = name in _PROJECT_NAMES or _PROJECT_PART(rooted) is not None
    return Secrecy.PROJECT if is_project or _ENV_FILE.search(name) or _KEY_FILE.search(name) else None


@lru_cache(maxsize=1024)
def persistence(path: str) -> Persistence | None:
    """What a change of a file of this path lasts for, if beyond the run."""
    text = normal(path)
    if not text or text.endswith((".example", ".sample", ".template", ".bak")) or len(path) > PATH_LIMIT:
        return None
    name, rooted = text.rpartition("/")[2], "/" + text.lstrip("/")
    if name in _STARTUP_NAMES or any(part in rooted for part in _STARTUP_PARTS):
        return Persistence.STARTUP
    if name == "hosts" and "/etc/" not in rooted:
        return None
    return Persistence.PROFILE if name in _PROFILE_NAMES or any(part in rooted for part in _PROFILE_PARTS) else None


def ground(path: str) -> Ground:
    """What is lost with a directory of this path."""
    text = normal(path)
    bare = text.rstrip("/") or "/"
    if text in _SYSTEM or bare in _SYSTEM or _is_home(bare):
        return Ground.SYSTEM
    parts = [part for part in bare.split("/") if part not in {"", ".", "*", "**"}]
    last = parts[-1] if parts else ""
    if (
        text.startswith(_TEMPORARY)
        or last in _REBUILT
        or last.endswith((".egg-info", ".pyc", "-cache", ".tmp", ".log"))
    ):
        return Ground.REBUILT
    is_own = text.startswith(("~/", "$home/", "/home/", "/users/", "c:/users/")) and not _OWN.isdisjoint(parts)
    return Ground.KEPT if text.startswith(_KEPT) or is_own else Ground.WORK


def _is_home(bare: str) -> bool:
    parts = bare.removesuffix("/*").split("/")
    return (len(parts) == 3 and parts[1] in {"home", "users"}) or (bare.startswith("c:/users/") and len(parts) == 3)
