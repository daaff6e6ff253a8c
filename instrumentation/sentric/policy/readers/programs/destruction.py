"""What a call of a program destroys, and how much of it."""

from collections.abc import Callable, Iterator

from sentric.policy.readers.programs import teardown
from sentric.policy.readers.programs.loss import ACCOUNTS, DISKS, FILES, POWER, TABLES, Destruction, Extent, lost
from sentric.policy.readers.programs.paths import Ground, ground, normal
from sentric.policy.readers.programs.programs import Call
from sentric.policy.readers.programs.statements import losses
from sentric.policy.readers.words.lexicon import words

_Judge = Callable[[Call], Destruction | None]
_EXTENTS = {
    Ground.SYSTEM: Extent.RUINOUS,
    Ground.KEPT: Extent.LASTING,
    Ground.WORK: Extent.LIMITED,
    Ground.REBUILT: None,
}
_RANKS = {None: 0, Extent.LIMITED: 1, Extent.LASTING: 2, Extent.RUINOUS: 3}


def destruction(call: Call) -> Destruction | None:
    """What a call destroys; None where it is nothing worth a word."""
    judge = _JUDGES.get(call.program)
    found = judge(call) if judge is not None else None
    return found or _overwritten(call) or _in_statements(call)


def of_statements(text: str) -> Destruction | None:
    """What SQL destroys."""
    gone = losses(text)
    if not gone:
        return None
    whole = [loss for loss in gone if loss.is_whole and not _is_temporary(loss.target)]
    worst = (whole or list(gone))[0]
    targets = tuple(dict.fromkeys(loss.target for loss in gone if loss.target))
    return lost(Extent.LASTING if whole else Extent.LIMITED, worst.what, targets, TABLES)


def _is_temporary(name: str) -> bool:
    bare = name.rpartition(".")[2]
    return bare.startswith(("tmp", "temp", "test_", "_", "stg_", "staging_", "bak_", "old_")) or bare.endswith(
        ("_tmp", "_temp", "_test", "_bak", "_old", "_backup", "_copy", "_staging", "_new")
    )


def _of_paths(what: str, targets: tuple[str, ...]) -> Destruction | None:
    """The worst of what is lost with some directories."""
    extents = [_EXTENTS[ground(target)] for target in targets]
    worst = max(extents, key=_RANKS.__getitem__, default=None)
    return None if worst is None else lost(worst, what, targets, FILES)


def _removed(call: Call) -> Destruction | None:
    flags = [argument.lower() for argument in call.arguments if argument[:1] in "-/" and len(argument) < 24]
    recursive = any(flag in {"--recursive", "-recurse", "-rec", "/s", "-r"} for flag in flags)
    recursive = recursive or call.program in {"rimraf", "deltree"}
    recursive = recursive or (call.program == "rm" and call.has("-r", "-R", "--recursive"))
    if not recursive and "--no-preserve-root" not in flags:
        return None
    targets = tuple(target for target in call.operands if target.lower() not in {"/s", "/q", "/f"})
    return _of_paths("deletes directories with all that is in them", targets)


def _found_files(call: Call) -> Destruction | None:
    removes = "-delete" in call.arguments or any(
        argument in {"rm", "shred", "/bin/rm"} for argument in call.arguments if "-exec" in call.arguments
    )
    roots = call.operands[:1]
    if not removes or not roots:
        return None
    narrowed = any(
        argument in {"-name", "-iname", "-path", "-regex", "-mtime", "-empty"} for argument in call.arguments
    )
    if narrowed:
        return (
            lost(Extent.LASTING, "deletes files everywhere", roots, FILES)
            if ground(roots[0]) is Ground.SYSTEM
            else None
        )
    return _of_paths("deletes all files below a directory", roots)


def _formatted(call: Call) -> Destruction | None:
    targets = call.operands[-1:]
    disks = tuple(target for target in targets if normal(target).startswith("/dev/") or normal(target).endswith(":"))
    return lost(Extent.RUINOUS, "formats or erases a disk", disks, DISKS) if disks else None


def _copied(call: Call) -> Destruction | None:
    targets = tuple(word[3:] for word in call.arguments if word.startswith("of=") and _is_disk(word[3:]))
    return lost(Extent.RUINOUS, "writes over a disk", targets, DISKS) if targets else None


def _overwritten(call: Call) -> Destruction | None:
    targets = tuple(path for path in call.command.writes if _is_disk(path))
    return lost(Extent.RUINOUS, "writes over a disk", targets, DISKS) if targets else None


def _is_disk(path: str) -> bool:
    return normal(path).startswith(
        ("/dev/sd", "/dev/nvme", "/dev/hd", "/dev/vd", "/dev/xvd", "/dev/mmcblk", "/dev/disk", "/dev/rdisk",
         "/dev/mapper/", "/dev/dm-", "//./physicaldrive")
    )  # fmt: skip


def _shredded(call: Call) -> Destruction | None:
    return _formatted(call) or _of_paths("destroys files beyond recovery", call.operands)


def _opened(call: Call) -> Destruction | None:
    """Rights taken off, or owners changed, through whole directories."""
    if not call.has("-R", "--recursive"):
        return None
    mode, targets = call.operands[:1], call.operands[1:]
    is_open = mode and (
        mode[0].lstrip("0") in {"777", "666", "000", ""} or mode[0] in {"a+rwx", "o+w", "ugo+rwx", "a+w", "a=rwx"}
    )
    if call.program == "chmod" and not is_open:
        return None
    worst = _of_paths("changes the rights of everything in a directory", targets)
    return worst if worst is None or call.program == "chmod" or worst.extent is Extent.RUINOUS else None


def _database(call: Call) -> Destruction | None:
    given = " ".join(call.arguments).lower()
    signs = {
        "dropdb": "", "redis-cli": "flushall|flushdb", "mongo": "dropdatabase(|.drop(|deletemany({})|remove({})",
        "mongosh": "dropdatabase(|.drop(|deletemany({})|remove({})", "mysqladmin": "drop",
        "keydb-cli": "flushall|flushdb",
        "valkey-cli": "flushall|flushdb",
    }  # fmt: skip
    if any(sign in given for sign in signs[call.program].split("|")):
        return lost(Extent.LASTING, "drops a database or all its data", call.operands, TABLES)
    return None


def _in_statements(call: Call) -> Destruction | None:
    """SQL among the arguments or the input of a database's client."""
    if call.program not in CLIENTS:
        return None
    before = call.command.fed_by
    texts = (*call.arguments, call.command.given, *((" ".join(before.words[1:]),) if before is not None else ()))
    return next((found for text in texts if " " in text and (found := of_statements(text)) is not None), None)


def _managed(call: Call) -> Destruction | None:
    """Commands of frameworks that empty the database of the application."""
    given = {argument.lower() for argument in call.arguments}
    signs = words("db:drop db:wipe migrate:fresh migrate:reset db:reset db:schema:load flush reset_db sqlflush")
    if signs & given or {"migrate", "reset"} <= given or {"db", "reset"} <= given:
        return lost(Extent.LIMITED, "empties the application's database", (), TABLES)
    return None


def _machine(call: Call) -> Destruction | None:
    given = " ".join(call.arguments).lower()
    found = {
        "vssadmin": (
            "delete" in given,
            Extent.RUINOUS,
            "deletes the backups of the system",
            words("shadow shadows backup"),
        ),
        "wbadmin": ("delete" in given, Extent.RUINOUS, "deletes the backups of the system", words("backup backups")),
        "wevtutil": (given.startswith("cl"), Extent.LASTING, "erases the logs of the system", words("log logs event")),
        "crontab": ("-r" in call.arguments, Extent.LASTING, "deletes all scheduled jobs", words("cron crontab jobs")),
        "userdel": (True, Extent.LASTING, "deletes a user", ACCOUNTS),
        "deluser": (True, Extent.LASTING, "deletes a user", ACCOUNTS),
        "kill": ("-1" in call.arguments[1:], Extent.LASTING, "kills every process", words("process processes")),
        "shutdown": ("-c" not in call.arguments, Extent.LIMITED, "turns the machine off", POWER),
    }
    holds, extent, what, about = found[call.program]
    return lost(extent, what, call.operands, about) if holds else None


def _stopped(call: Call) -> Destruction | None:
    return lost(Extent.LIMITED, "turns the machine off or restarts it", call.operands, POWER)


def _volumes(call: Call) -> Destruction | None:
    if call.program in {"zfs", "zpool"} and "destroy" not in call.arguments[:1]:
        return None
    if call.program == "cryptsetup" and not {"erase", "luksErase", "luksFormat"} & set(call.arguments):
        return None
    return lost(Extent.RUINOUS, "destroys a volume", call.operands, DISKS)


def _table(*rows: tuple[_Judge, str]) -> dict[str, _Judge]:
    return {name: judge for judge, names in rows for name in names.split()}


CLIENTS = words(
    "psql mysql mariadb sqlite3 sqlcmd clickhouse-client clickhouse duckdb bq cockroach snowsql usql sqlplus pgcli "
    "mycli impala-shell beeline spark-sql presto trino litecli wrangler turso osql isql"
)
"""Programs that take statements of SQL."""
_JUDGES: dict[str, _Judge] = _table(
    (_removed, "rm del rd rmdir remove-item ri erase deltree rimraf"),
    (_found_files, "find fd"),
    (_formatted, "mke2fs wipefs blkdiscard format format-volume clear-disk newfs sgdisk mkswap diskpart"),
    (
        _formatted,
        "mkfs mkfs.ext4 mkfs.ext3 mkfs.xfs mkfs.btrfs mkfs.vfat mkfs.ntfs mkfs.fat mkfs.f2fs mkfs.ext2 mkfs.exfat",
    ),
    (_copied, "dd dcfldd"),
    (_shredded, "shred srm wipe sdelete"),
    (_opened, "chmod chown"),
    (teardown.git, "git"),
    (teardown.docker, "docker podman docker-compose nerdctl"),
    (teardown.kubernetes, "kubectl oc helm k"),
    (teardown.infrastructure, "terraform tofu terragrunt pulumi cdk sls serverless vagrant copilot"),
    (
        teardown.cloud,
        "aws gcloud az gsutil doctl heroku flyctl fly vercel netlify "
        "linode-cli oci ibmcloud rclone mc s3cmd hcloud eksctl",
    ),
    (_database, "dropdb redis-cli mongo mongosh mysqladmin keydb-cli valkey-cli"),
    (_managed, "rails rake artisan manage.py prisma sequelize django-admin supabase knex"),
    (_machine, "vssadmin wbadmin wevtutil crontab userdel deluser kill shutdown"),
    (_stopped, "reboot halt poweroff stop-computer restart-computer"),
    (_volumes, "zfs zpool lvremove vgremove pvremove cryptsetup"),
    (teardown.published, "gh glab npm yarn pnpm cargo"),
)


def through(call: Call) -> Iterator[Call]:
    """The call, and the one it hands its arguments to: `npx prisma …`, `python manage.py …`."""
    yield call
    if call.program in {
        "npx",
        "bunx",
        "pnpx",
        "php",
        "python",
        "python3",
        "bundle",
        "poetry",
        "uv",
        "yarn",
        "pnpm",
        "bun",
    }:
        rest = call.operands
        rest = rest[1:] if rest[:1] in {("exec",), ("run",), ("dlx",)} else rest
        if rest and (name := rest[0].rpartition("/")[2].lower()) in _JUDGES:
            yield Call(name, call.arguments[call.arguments.index(rest[0]) + 1 :], call.command)
