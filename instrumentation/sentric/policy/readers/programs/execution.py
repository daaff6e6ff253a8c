"""Programs that were fetched, decoded or pasted, and are run unread."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sentric.policy.readers.places.hosts import place
from sentric.policy.readers.programs.programs import SHELLS, Call, name_of, started
from sentric.policy.readers.programs.shell import Command
from sentric.policy.readers.values.entities import entities
from sentric.policy.readers.words.lexicon import words

PIPELINE_READ = 16
"""Commands of one pipeline that are looked back at."""
INNER_READ = 64
"""Commands within one command's substitutions that are looked at."""

_FETCHERS = words(
    "curl wget fetch http https iwr irm invoke-webrequest invoke-restmethod aria2c lynx bitsadmin start-bitstransfer "
    "axel new-object curlie wget2 xh httpie"
)
_DECODERS = words("base64 xxd openssl base32 uudecode frombase64string gunzip zcat rev tr")
_CLIPBOARDS = words("pbpaste xclip xsel wl-paste get-clipboard gcb")
_INTERPRETERS = words("python python2 python3 node perl ruby php deno bun lua pypy pypy3 osascript")
_SOURCES = words("source . eval iex invoke-expression sh bash zsh dash ksh fish")
_OPENERS = words(
    "open start xdg-open msiexec dpkg rpm installer start-process invoke-item java mono wine rundll32 regsvr32 run"
)
_SHOWING = words("mshta regsvr32 rundll32 wscript cscript msiexec wmic")
"""Programs that show help and pages, and run what is in them."""
_OUTPUTS = words("-o --output -outfile -OutFile --output-document -O -destination")
_KNOWN = words(
    "rustup.rs astral.sh docker.com python-poetry.org nodesource.com bun.sh deno.land pnpm.io sdkman.io helm.sh "
    "starship.rs ohmyz.sh fly.io ollama.com pyenv.run mise.run k3s.io tailscale.com pypa.io cursor.com claude.ai "
    "opencode.ai microsoft.com llvm.org google.com volta.sh dot.net duckdb.org chocolatey.org get.scoop.sh scoop.sh "
    "brew.sh golang.org go.dev haskell.org julialang.org nixos.org determinate.systems devbox.sh jetify.com "
    "cloudflare.com hashicorp.com cli.github.com vercel.com railway.app "
    "anthropic.com openai.com amazonaws.com elastic.co pulumi.com"
)
"""Sites whose own installers are meant to be piped into a shell."""
_KNOWN_PATHS = (
    "/homebrew/install",
    "/nvm-sh/nvm",
    "/helm/helm",
    "/ohmyzsh/ohmyzsh",
    "/rvm/rvm",
    "/pyenv/pyenv",
    "/creationix/nvm",
    "/k3d-io/k3d",
    "/golangci/golangci-lint",
    "/aquasecurity/trivy",
    "/junegunn/vim-plug",
)


@dataclass(frozen=True, slots=True)
class Execution:
    """Something run unread."""

    what: str
    source: str = ""
    """URL it came from, or the file; "" where it is in the command."""
    is_known: bool = False
    """The source is a vendor's own installer, or the machine itself."""


def executions(calls: Iterable[Call], fetched: dict[str, str]) -> Iterator[Execution]:
    """What some calls run unread.

    Args:
        calls: the calls of one action, in order.
        fetched: names of files fetched before, each with its URL; those the calls fetch are added.
    """
    for call in calls:
        found = _piped(call) or _substituted(call) or _opaque(call) or _remote_shell(call) or _of_file(call, fetched)
        if found is not None:
            yield found
        if call.program in _FETCHERS and (name := _output(call)):
            fetched[name] = _url(call.arguments)


def is_known(url: str) -> bool:
    """Whether a URL is a vendor's own installer, or on the machine itself."""
    where = place(url)
    if where is None:
        return False
    return (
        where.loopback
        or where.site in _KNOWN
        or where.host in _KNOWN
        or any(part in url.lower() for part in _KNOWN_PATHS)
    )


def _from(what: str, url: str) -> Execution:
    return Execution(what, url, bool(url) and is_known(url))


def _url(given: Iterable[str]) -> str:
    for word in given:
        if "://" in word and (urls := entities(word).urls):
            return urls[0]
    return next((word for word in given if "." in word and not word.startswith("-") and "/" in word), "")


def _reads_program(call: Call) -> bool:
    """Whether a call runs what comes on its input."""
    if call.program in SHELLS or call.program in {"iex", "invoke-expression", "powershell", "pwsh", "cmd"}:
        stated = any(word[:1] == "-" and word[1:2] != "-" and word.endswith("c") for word in call.arguments)
        return call.has("-s") or call.arguments[-1:] == ("-",) or not (call.operands or stated)
    if call.program in _INTERPRETERS:
        return call.arguments[:1] == ("-",) or not (call.operands or call.has("-c", "-m", "-e", "-p", "-n"))
    return call.program in {"source", "."} and "/dev/stdin" in call.arguments


def _piped(call: Call) -> Execution | None:
    if call.command.fed_by is None or not _reads_program(call):
        return None
    before: Command | None = call.command.fed_by
    for _ in range(PIPELINE_READ):
        if before is None:
            return None
        source = started(before)
        if source is not None:
            if source.program in _FETCHERS:
                return _from("runs what it fetches", _url(source.arguments))
            if source.program in _CLIPBOARDS:
                return Execution("runs what is on the clipboard")
            if (
                source.program in _DECODERS
                and source.program not in {"tr", "rev"}
                and source.has("-d", "-D", "--decode", "-r")
            ):
                return Execution("runs what it decodes")
        before = before.fed_by
    return None


def _substituted(call: Call) -> Execution | None:
    if (
        call.program not in _SOURCES
        and call.program not in _INTERPRETERS
        and call.program not in {"powershell", "pwsh"}
    ):
        return None
    waiting, looked = list(call.command.inner), 0
    while waiting and looked < INNER_READ:
        looked += 1
        inner = waiting.pop()
        waiting.extend(inner.inner)
        source = started(inner)
        if source is None:
            continue
        stated = _url(inner.words)
        if source.program in _FETCHERS and (source.program != "new-object" or _fetches(call)):
            return _from("runs what it fetches", stated or _url(call.arguments) or _url(_inner_words(call)))
        if source.program in _CLIPBOARDS:
            return Execution("runs what is on the clipboard")
        if source.program in {"base64", "base32", "xxd"} and source.has("-d", "-D", "--decode", "-r"):
            return Execution("runs what it decodes")
    return None


def _inner_words(call: Call) -> tuple[str, ...]:
    return tuple(word for inner in call.command.inner[:INNER_READ] for word in inner.words)


def _fetches(call: Call) -> bool:
    stated = " ".join((*call.arguments, *_inner_words(call))).lower()
    return "downloadstring" in stated or "webclient" in stated or "downloaddata" in stated


def _opaque(call: Call) -> Execution | None:
    """Ways to run a program that hide it: encoded, or in a program that only shows help and pages."""
    if call.program in {"powershell", "pwsh"}:
        hidden = any(len(word) > 1 and _is_encoded(word.lower()) for word in call.arguments)
        return Execution("runs an encoded program") if hidden else None
    if call.program in _SHOWING and any(_is_remote(word.lower()) for word in call.arguments):
        return _from("runs what it fetches", _url(call.arguments))
    return None


def _is_remote(word: str) -> bool:
    return "http:" in word or "https:" in word or "javascript:" in word or word.startswith("//")


def _is_encoded(word: str) -> bool:
    option = word.lstrip("-/")
    return word[0] in "-/" and ("encodedcommand".startswith(option) or option == "ec") and option != ""


def _remote_shell(call: Call) -> Execution | None:
    network = [
        path for path in (*call.command.writes, *call.command.reads) if path.startswith(("/dev/tcp/", "/dev/udp/"))
    ]
    if network:
        return Execution("opens a shell to another machine", network[0])
    serves = call.program in {"nc", "ncat", "netcat", "socat"} and (
        call.has("-e", "-c", "--exec", "--sh-exec") or any("exec:" in word.lower() for word in call.arguments)
    )
    return Execution("opens a shell to another machine", " ".join(call.operands[:2])) if serves else None


def _of_file(call: Call, fetched: dict[str, str]) -> Execution | None:
    if not fetched:
        return None
    runs_first = call.program in _SOURCES or call.program in _INTERPRETERS or call.program in SHELLS
    runs_any = call.program in _OPENERS
    names = [name_of(call.command.words[0])] if call.command.words else []
    names += [call.program]
    names += [base_name(word) for word in (call.operands[:1] if runs_first else call.operands if runs_any else ())]
    found = next((name for name in names if name in fetched), None)
    return None if found is None else _from("runs a file it fetched", fetched[found] or found)


def base_name(path: str) -> str:
    """The last part of a path, in lower case."""
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2].lower()


def _output(call: Call) -> str:
    """The name of the file that a call fetches into."""
    given = call.arguments
    for index, word in enumerate(given[:-1]):
        combined = word[:1] == "-" and word[1:2] != "-" and word.endswith("o") and call.program == "curl"
        if (word in _OUTPUTS and not (call.program == "curl" and word == "-O")) or combined:
            return base_name(given[index + 1])
    if call.command.writes:
        return base_name(call.command.writes[0])
    to_file = call.program in {"wget", "aria2c", "axel"} or (call.program == "curl" and call.has("-O", "--remote-name"))
    return base_name(_url(given).partition("?")[0]) if to_file else ""
