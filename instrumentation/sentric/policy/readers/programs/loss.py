"""What can be lost, how much of it, and the words that tasks have for it."""

from dataclasses import dataclass
from enum import StrEnum

from sentric.policy.readers.words.lexicon import words

TARGETS_KEPT = 8
"""Targets of one call that are named."""


class Extent(StrEnum):
    """How much is lost."""

    LIMITED = "limited"
    """Part of the work at hand, or what its owner can bring back."""
    LASTING = "lasting"
    """Data, history or machines that nothing of the agent's brings back."""
    RUINOUS = "ruinous"
    """A whole machine, disk or home."""


@dataclass(frozen=True, slots=True)
class Destruction:
    """What is destroyed."""

    extent: Extent
    what: str
    targets: tuple[str, ...]
    about: frozenset[str]
    """Words by which a task speaks of such things."""


FILES = words("file files folder folders directory directories disk space home project repository repo logs log cache")
DISKS = words("disk disks drive drives partition partitions volume volumes usb stick card device filesystem image")
TABLES = words(
    "table tables database databases db schema schemas rows row records record data collection collections entries all "
    "column columns index migration migrations"
)
"""Words by which a task speaks of what is in a database."""
BRANCHES = words("branch branches push git history commit commits remote main master tag tags repository repo rebase")
CONTAINERS = words("docker container containers image images volume volumes podman compose stack")
CLUSTERS = words(
    "namespace namespaces cluster kubernetes k8s pod pods deployment deployments helm release chart node volume"
)
CLOUD = words(
    "infrastructure environment environments stack stacks resources resource instance instances bucket buckets cloud "
    "aws gcp azure terraform cluster server servers vm database deployment app application staging sandbox project"
)
ACCOUNTS = words("user users account accounts")
POWER = words("restart reboot shutdown shut power off machine server host")
PROTECTED = words("main master trunk production prod release develop default head stable")


def lost(extent: Extent, what: str, targets: tuple[str, ...], about: frozenset[str]) -> Destruction:
    """A destruction, with no more targets than are named."""
    return Destruction(extent, what, targets[:TARGETS_KEPT], about)
