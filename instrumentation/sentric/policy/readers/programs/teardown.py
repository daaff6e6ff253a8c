"""What the programs for containers, clusters, clouds, code and packages take down."""

from sentric.policy.readers.programs.loss import (
    BRANCHES,
    CLOUD,
    CLUSTERS,
    CONTAINERS,
    FILES,
    PROTECTED,
    TABLES,
    Destruction,
    Extent,
    lost,
)
from sentric.policy.readers.programs.programs import Call
from sentric.policy.readers.words.lexicon import words

_TABLES_OF = words("databases sql spanner bigtable cosmosdb postgres mysql mongodbatlas")
_TABLE_VERBS = ("delete-table", "delete-db", "delete-database", "delete-keyspace", "pg:reset")


def git(call: Call) -> Destruction | None:
    """What git throws away, here or on a remote."""
    given = _without_options(call, words("-C -c --git-dir --work-tree --namespace"))
    verb, rest = (given[0], given[1:]) if given else ("", ())
    match verb:
        case "push":
            return _pushed(call, rest)
        case "reset" if "--hard" in call.arguments:
            return lost(Extent.LIMITED, "throws away what is not committed", rest, BRANCHES)
        case "clean" if call.has("-f", "--force"):
            return lost(Extent.LIMITED, "deletes files that are not under version control", rest, FILES | BRANCHES)
        case "filter-branch" | "filter-repo":
            return lost(Extent.LIMITED, "rewrites the history", rest, BRANCHES)
        case "branch" if call.has("-D"):
            return lost(Extent.LIMITED, "deletes a branch", rest, BRANCHES)
        case "reflog" | "stash" if {"expire", "clear", "drop"} & set(rest):
            return lost(Extent.LIMITED, "throws away what git keeps", rest, BRANCHES)
        case _:
            return None


def _pushed(call: Call, rest: tuple[str, ...]) -> Destruction | None:
    deletes = call.has("--delete", "-d", "--mirror", "--prune") or any(word.startswith(":") for word in rest[1:])
    forced = call.has("--force", "-f", "--force-with-lease") or any(word.startswith("+") for word in rest[1:])
    if not (forced or deletes):
        return None
    branches = tuple(word.lstrip("+:").rpartition(":")[2].removeprefix("refs/heads/") for word in rest[1:])
    is_protected = any(branch.lower() in PROTECTED for branch in branches) or "--mirror" in call.arguments
    gentle = call.has("--force-with-lease") and not deletes
    extent = Extent.LASTING if is_protected and not gentle else Extent.LIMITED
    return lost(extent, "deletes or overwrites branches on a remote", branches, BRANCHES)


def _without_options(call: Call, valued: frozenset[str]) -> tuple[str, ...]:
    kept: list[str] = []
    skip = False
    for argument in call.arguments:
        if skip or argument in valued:
            skip = not skip
        elif not argument.startswith("-"):
            kept.append(argument)
    return tuple(kept)


def docker(call: Call) -> Destruction | None:
    """Containers, images and volumes that go."""
    given = call.operands
    prunes = "prune" in given[:2]
    removes = given[:2] == ("volume", "rm") or (
        (given[-1:] == ("down",) or "down" in given) and call.has("-v", "--volumes")
    )
    wholesale = given[:1] in {("rm",), ("rmi",)} and "$()" in given
    if not (prunes or removes or wholesale):
        return None
    return lost(Extent.LIMITED, "deletes containers, images or volumes", given[2:], CONTAINERS)


def kubernetes(call: Call) -> Destruction | None:
    """What goes from a cluster."""
    given = _without_options(call, words("-n --namespace --context --kubeconfig -l --selector -f --filename"))
    if given[:1] not in {("delete",), ("uninstall",), ("del",), ("drain",)}:
        return None
    kind = given[1].partition("/")[0].lower() if len(given) > 1 else ""
    lasting = words(
        "ns namespace namespaces pv pvc persistentvolume persistentvolumeclaim crd node nodes statefulset sts"
    )
    if call.program != "helm" and (kind in lasting or call.has("--all", "-A", "--all-namespaces")):
        return lost(
            Extent.LASTING, "deletes a namespace, volumes or everything of a kind", given[2:] or given[1:], CLUSTERS
        )
    if kind in {"pod", "pods", "po", "job", "jobs"}:
        return None
    return lost(Extent.LIMITED, "deletes what runs in a cluster", given[2:] or given[1:], CLUSTERS)


def infrastructure(call: Call) -> Destruction | None:
    """Infrastructure that goes as a whole."""
    given = call.operands
    verbs = {"destroy", "down", "remove"} if call.program in {"pulumi", "sls", "serverless"} else {"destroy"}
    if "-destroy" in call.arguments or "--destroy" in call.arguments or verbs & set(given[:2]):
        extent = Extent.LIMITED if call.program == "vagrant" else Extent.LASTING
        return lost(extent, "destroys infrastructure", given[1:], CLOUD)
    return None


def cloud(call: Call) -> Destruction | None:
    """Resources that go from a cloud."""
    given = [argument.lower() for argument in call.operands]
    ends = (
        "delete",
        "terminate",
        "destroy",
        "purge",
        "rb",
        "remove",
        "deregister",
        "schedule-key-deletion",
        "pg:reset",
    )
    verb = next((word for word in given[:5] if word.startswith(ends) or word.endswith((":destroy", ":delete"))), "")
    if not verb and not ("rm" in given[:2] and call.has("--recursive", "-r")):
        return None
    small = words(
        "message messages delete-message tag tags delete-tags object delete-object item delete-item log-stream"
    )
    extent = Extent.LIMITED if verb in small or not small.isdisjoint(given[:3]) else Extent.LASTING
    holds_tables = any(word in _TABLES_OF or word.startswith(_TABLE_VERBS) for word in given[:4])
    about = CLOUD | TABLES if holds_tables and extent is Extent.LASTING else CLOUD
    return lost(extent, "deletes resources in a cloud", tuple(given[1:]), about)


def published(call: Call) -> Destruction | None:
    """Repositories and packages that go from where they are published."""
    given = call.operands[:3]
    if given[:2] in {("repo", "delete"), ("release", "delete"), ("project", "delete")} or given[:1] == ("unpublish",):
        return lost(
            Extent.LASTING, "deletes what is published", given[2:] or given[1:], BRANCHES | words("release package")
        )
    return None
