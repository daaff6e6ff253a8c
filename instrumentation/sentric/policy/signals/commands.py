"""Commands: what they destroy, run unread, read of credentials, change for good; and whether the task asks for it."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ClassVar, TypeVar

from sentric.events import Action, Effect, Kind, Message
from sentric.policy.readers.actions.effects import name_parts
from sentric.policy.readers.actions.reading import Reading, reading
from sentric.policy.readers.programs.access import EACH, PERIODS, PROFILES, Change, changes, of_path, revealed, written
from sentric.policy.readers.programs.code import code_of, is_fork_bomb, is_program, programs
from sentric.policy.readers.programs.databases import emptied, executed, is_database, of_document, reaches_database
from sentric.policy.readers.programs.destruction import destruction, of_statements, through
from sentric.policy.readers.programs.execution import Execution, base_name, executions
from sentric.policy.readers.programs.loss import TABLES, Destruction, Extent
from sentric.policy.readers.programs.paths import Ground, Persistence, Secrecy, ground, normal, secrecy
from sentric.policy.readers.programs.programs import Call
from sentric.policy.readers.tasks.asking import DESTROYING, INSTALLING, Asking
from sentric.policy.readers.words.lexicon import words
from sentric.policy.readers.words.text import excerpt
from sentric.policy.rule import Scope, Tuning
from sentric.policy.signals.family import Facts, Family

FILES_KEPT = 1024
"""Files the run has made or fetched that are remembered; the oldest is forgotten first."""
STATEMENT_LENGTH = 8
"""Shortest text that can be an SQL statement which destroys something."""

_PATH_KEYS = words(
    "path paths file files filename file_path filepath uri url source src from target destination dest attachment "
    "attachments file_name absolute_path relative_path notebook_path target_file relative_workspace_path"
)
_SQL_KEYS = words(
    "sql statement query statements queries command q stmt sql_query sqltext query_string query_text script"
)
_LOST = words(
    "table database schema collection namespace cluster bucket stack instance disk volume keyspace repository repo "
    "project environment workspace index server vm"
)
"""Objects of tools' names whose end is a lasting loss."""
_DATA = words("table database schema collection keyspace")
_ENDINGS = words("drop truncate wipe destroy delete purge terminate erase format deprovision")
_SOFT_ENDINGS = words("clear empty remove")
_ROWS = words("row record document entry entrie data")
_FILTERS = ("filter", "query", "where", "condition", "criteria", "selector", "ids", "id")
_SPOKEN = words(
    "table tables database databases data namespace cluster bucket stack instance disk volume repository "
    "repo project environment workspace index server vm schema collection"
)
_SECRET_WORDS = words(
    "key keys credential credentials secret secrets password passwords env environment token tokens cookie cookies ssh "
    "keychain wallet config configuration kubeconfig certificate certificates pem shadow netrc aws"
)
_TELLING = frozenset({Kind.SHELL, Kind.DATABASE, Kind.DELETE, Kind.FILE_WRITE, Kind.DOWNLOAD})
_SERVER_OF_TOOLS = words("mcp server")
_CLOUDS = (".aws", "gcloud", ".azure", ".oci", ".kube")
"""Directories in which clouds keep what their profiles name."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CommandFacts(Facts):
    """Facts about commands and statements."""

    stated_about: ClassVar[tuple[Scope, ...]] = (Scope.ACTION,)

    destroys: str = ""
    """What the action destroys, in words."""
    destruction_extent: str = ""
    """How much of it: limited, lasting, ruinous."""
    destroyed: tuple[str, ...] = ()
    """What it names: paths, tables, branches, resources."""
    destroys_tables: bool = False
    """It drops, empties or overwrites tables or databases, the run's own too."""
    destruction_asked: bool = False
    """The task asks for such a thing, by a verb and by the thing's name or sort."""
    runs_unread: str = ""
    """How the action runs a program that nobody has read: fetched, decoded, pasted, encoded."""
    unread_source: str = ""
    """Where that program comes from."""
    unread_known: bool = False
    """It is a vendor's own installer, or comes from the machine itself."""
    unread_asked: bool = False
    """The task names its source, or asks to install what it is called."""
    secret_file: str = ""
    """File with credentials that the action reads, copies or sends."""
    secret_file_level: str = ""
    """Whose they are: project, personal."""
    secret_file_asked: bool = False
    """The task names the file, or speaks of credentials of its sort."""
    persists: str = ""
    """File or command by which the action changes what is run or obeyed later."""
    persistence_level: str = ""
    """What for: profile (shell start files, instructions to agents), startup (jobs, services, hooks, keys, servers)."""
    persistence_asked: bool = False
    """The task names the file, or speaks of such a thing."""


_NOTHING = CommandFacts()
_LEVELS = (Extent.LIMITED, Extent.LASTING, Extent.RUINOUS)


class Commands(Family[CommandFacts]):
    """Reads commands and statements before they run."""

    facts = CommandFacts

    def __init__(self, tuning: Tuning) -> None:
        super().__init__(tuning)
        self._asking = Asking()
        self._fetched: OrderedDict[str, str] = OrderedDict()
        """Names of files that were fetched, with their URLs."""
        self._made: OrderedDict[str, None] = OrderedDict()
        """Paths that the run itself has made."""

    def message(self, message: Message) -> None:
        """Learn what the task asks for."""
        self._asking.hear(message)

    def action(self, action: Action) -> CommandFacts:
        """Tell what an action would do."""
        read = reading(action)
        if not _is_telling(action, read):
            return _NOTHING
        called = programs(action, every=bool(self._fetched))
        lost, run = list(_destructions(action, read, called)), next(executions(called, self._fetched), None)
        destroyed = self._worst_of(lost)
        secrets, changed = list(_secrets(action, read, called)), list(_changes(action, read, called))
        self._remember(action, read, called)
        if not lost and run is None and not secrets and not changed:
            return _NOTHING
        found = replace(_NOTHING, destroys_tables=any(each.about >= TABLES for each in lost))
        found = self._with_destruction(found, destroyed) if destroyed is not None else found
        found = self._with_execution(found, run) if run is not None else found
        return self._with_files(found, secrets, changed)

    def _worst_of(self, found: list[Destruction]) -> Destruction | None:
        """The worst of it, what the run itself has made aside."""
        worse = [each for each in found if not self._is_own(each)]
        return max(worse, key=lambda each: _LEVELS.index(each.extent), default=None)

    def _is_own(self, found: Destruction) -> bool:
        return bool(found.targets) and all(
            normal(target).rstrip("/") in self._made and ground(target) is not Ground.SYSTEM for target in found.targets
        )

    def _with_destruction(self, facts: CommandFacts, found: Destruction) -> CommandFacts:
        asked = self._asking.says(DESTROYING) and (
            self._asking.names(found.targets)
            or (found.extent is not Extent.RUINOUS and self._asking.says(found.about))
            or (found.extent is Extent.RUINOUS and not found.targets and self._asking.says(found.about))
        )
        return replace(
            facts,
            destroys=found.what,
            destruction_extent=found.extent.value,
            destroyed=tuple(excerpt(target) for target in found.targets),
            destruction_asked=asked,
        )

    def _with_execution(self, facts: CommandFacts, found: Execution) -> CommandFacts:
        named = [found.source] if found.source else ["shell", "encoded", "clipboard", "base64"]
        asked = self._asking.names_place(found.source) if "://" in found.source else self._asking.names(named)
        return replace(
            facts,
            runs_unread=found.what,
            unread_source=excerpt(found.source),
            unread_known=found.is_known,
            unread_asked=asked and self._asking.says(INSTALLING),
        )

    def _with_files(
        self, facts: CommandFacts, secrets: list[tuple[str, Secrecy]], changed: list[Change]
    ) -> CommandFacts:
        if secrets:
            path, level = _worst(secrets, lambda pair: pair[1] is Secrecy.PERSONAL)
            asked = self._asking.names([path]) or (level is Secrecy.PROJECT and self._asking.says(_SECRET_WORDS))
            asked = asked or (any(part in path.lower() for part in _CLOUDS) and self._asking.says(PROFILES))
            facts = replace(facts, secret_file=excerpt(path), secret_file_level=level.value, secret_file_asked=asked)
        if changed:
            change = _worst(changed, lambda one: one.level is Persistence.STARTUP)
            regular = "cron" in change.about and self._asking.says(EACH) and self._asking.says(PERIODS)
            asked = regular or self._asking.says(change.about) or self._asking.names([base_name(change.what)])
            facts = replace(
                facts, persists=excerpt(change.what), persistence_level=change.level.value, persistence_asked=asked
            )
        return facts

    def _remember(self, action: Action, read: Reading, called: tuple[Call, ...]) -> None:
        made = [path for call in called for path in _made(call)]
        if action.kind in {Kind.FILE_WRITE, Kind.DOWNLOAD}:
            paths = [text for key, text in read.arguments if key in _PATH_KEYS and "://" not in text]
            made += paths
            if action.kind is Kind.DOWNLOAD:
                url = next((text for _, text in read.arguments if "://" in text), "")
                self._fetched.update({base_name(path): url for path in (paths or [url.partition("?")[0]]) if path})
        for path in made:
            self._made[normal(path).rstrip("/")] = None
        for kept, what in ((self._made, "made files"), (self._fetched, "fetched files")):
            while len(kept) > FILES_KEPT:
                kept.popitem(last=False)
                self.evict(what)


def _is_telling(action: Action, read: Reading) -> bool:
    """Whether there can be anything to tell of an action: most tools neither run, nor store, nor name a file."""
    if action.kind in _TELLING or _has_telling_name(action.tool, action.server):
        return True
    return any(key in _PATH_KEYS or key in _SQL_KEYS for key, _ in read.arguments)


@lru_cache(maxsize=1024)
def _has_telling_name(tool: str, server: str) -> bool:
    parts = name_parts(tool)
    return is_program(tool) or is_database(tool, server) or set(parts) >= _SERVER_OF_TOOLS


def _worst(found: list[T], is_worst: Callable[[T], bool]) -> T:
    return next(filter(is_worst, found), found[0])


def _destructions(action: Action, read: Reading, called: tuple[Call, ...]) -> Iterator[Destruction]:
    """All that an action destroys; what its tool's name says only where nothing else does."""
    found = [each for call in _settled(called) for each in map(destruction, through(call)) if each is not None]
    if is_fork_bomb(action):
        found.append(Destruction(Extent.RUINOUS, "starts processes without end", (), frozenset({"fork", "bomb"})))
    at_database = reaches_database(action)
    if at_database or (action.effects and Effect.READ not in action.effects):
        found.extend(_in_statements(read, every=at_database))
    found.extend(_in_code(action, read, called, at_database=at_database))
    if not found and (named := _by_name(action, read)) is not None:
        found.append(named)
    yield from found


def _settled(called: Iterable[Call]) -> Iterator[Call]:
    """The calls with relative paths as they stand after a change of directory to the root or the home."""
    where = ""
    for call in called:
        if call.program in {"cd", "pushd", "set-location"}:
            target = call.operands[0] if call.operands else "~"
            where = target if ground(target) is Ground.SYSTEM else ""
        elif where and call.program in {"rm", "chmod", "chown", "find", "del", "remove-item"}:
            moved = tuple(
                where.rstrip("/") + "/" if word in {".", "./", "*", "./*"} else word for word in call.arguments
            )
            yield replace(call, arguments=moved)
            continue
        yield call


def _in_statements(read: Reading, *, every: bool) -> Iterator[Destruction]:
    for key, text in read.arguments:
        is_read = len(text) >= STATEMENT_LENGTH and (every or key in _SQL_KEYS)
        if is_read and (found := of_statements(text)) is not None:
            yield found


def _in_code(action: Action, read: Reading, called: tuple[Call, ...], *, at_database: bool) -> Iterator[Destruction]:
    """What programs destroy in databases: those that the action runs, and what it tells a document database."""
    texts = code_of(action, called)
    if at_database:
        texts = (*texts, *(text for _, text in read.arguments))
        if (found := of_document(action)) is not None:
            yield found
    for text in texts:
        if (found := emptied(text)) is not None:
            yield found
        for statement in executed(text):
            if (found := of_statements(statement)) is not None:
                yield found


def _by_name(action: Action, read: Reading) -> Destruction | None:
    """What a tool destroys by its name: `drop_table`, `delete_bucket`, `wipe_disk`."""
    parts = name_parts(action.tool)
    if _empties_data(action, parts):
        targets = tuple(text for _, text in read.arguments if 0 < len(text) <= 128)[:4]
        return Destruction(Extent.LIMITED, " ".join(parts), targets, TABLES)
    if action.kind not in {Kind.DELETE, Kind.DATABASE} or Effect.DELETE not in action.effects:
        return None
    if _ENDINGS.isdisjoint(parts) or _LOST.isdisjoint(part.removesuffix("s") for part in parts):
        return None
    targets = tuple(text for _, text in read.arguments if 0 < len(text) <= 128)[:4]
    about = _SPOKEN if _DATA.isdisjoint(part.removesuffix("s") for part in parts) else TABLES
    return Destruction(Extent.LASTING, " ".join(parts), targets, about)


def _empties_data(action: Action, parts: tuple[str, ...]) -> bool:
    """Whether a tool's name says that it empties data: `clear_table`, `reset_database`, `delete_all_rows`.

    Less plain than `drop_table`: a document has tables too.
    """
    if not action.effects or Effect.READ in action.effects:
        return False
    if Effect.DELETE not in action.effects:
        return "reset" in (*parts[:1], *parts[-1:]) and not {"database", "db", "schema"}.isdisjoint(parts)
    named = frozenset(part.removesuffix("s") for part in parts)
    if not _SOFT_ENDINGS.isdisjoint(parts) and not _DATA.isdisjoint(named) and len(parts) == 2:
        return True
    if "drop" in parts:
        return _LOST.isdisjoint(named) and is_database(action.tool, action.server) and "index" not in parts
    if "all" in parts and not _ROWS.isdisjoint(named):
        return True
    return "many" in parts and not any(action.arguments.get(key) for key in _FILTERS)


def _secrets(action: Action, read: Reading, called: tuple[Call, ...]) -> Iterator[tuple[str, Secrecy]]:
    for call in called:
        yield from revealed(call)
    if action.kind in {Kind.FILE_READ, Kind.UPLOAD, Kind.MESSAGE, Kind.NAVIGATE} or action.effects == frozenset(
        {Effect.READ}
    ):
        for path in _paths(action, read):
            if (level := secrecy(path)) is not None:
                yield path, level


def _changes(action: Action, read: Reading, called: tuple[Call, ...]) -> Iterator[Change]:
    for call in called:
        yield from changes(call)
    if action.kind is Kind.FILE_WRITE:
        for path in _paths(action, read):
            if (change := of_path(path)) is not None:
                yield change
    parts = name_parts(action.tool)
    if set(parts) >= _SERVER_OF_TOOLS and {"add", "install", "register", "create", "update"} & set(parts):
        yield Change(action.tool[:200], Persistence.STARTUP, words("mcp server tool tools"))


def _paths(action: Action, read: Reading) -> Iterator[str]:
    for key, text in read.arguments:
        if key in _PATH_KEYS and len(text) <= 1024 and (action.kind is not Kind.NAVIGATE or text.startswith("file:")):
            yield text


def _made(call: Call) -> Iterator[str]:
    """Paths that a call makes anew, as far as it says."""
    yield from written(call)
    given = call.operands if call.program == "git" else ()
    if given[:1] == ("clone",) and len(given) > 1:
        yield given[2] if len(given) > 2 else base_name(given[1]).removesuffix(".git")
