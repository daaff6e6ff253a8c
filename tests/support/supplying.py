"""Policies of one rule each, told apart by its name, and as a service sends them."""

import json
from dataclasses import replace
from typing import Any

from sentric.events import Action, Effect, Kind
from sentric.policy.engine import Engine
from sentric.policy.loader import load_bundle
from sentric.policy.rule import Policy
from sentric.policy.supply import PURPOSE, Supply
from sentric_analyzer.control.signing import Signer

SIGNER = Signer(bytes(32))
PACK = """\
pack: ours
rules:
  - id: {id}
    title: A command
    description: What it means.
    severity: low
    decision: warn
    risk: 1
    category: oversight
    on: [shell]
    type: phrases
    pattern: evil
    over: [arguments]
"""
BROKEN = PACK.format(id="broken").replace("severity: low", "severity: loud")
PROJECT = "shop"
SHELL = Action(
    sequence=0,
    time=0,
    tool="shell",
    arguments={"command": "evil"},
    kind=Kind.SHELL,
    effects=frozenset({Effect.EXECUTE}),
)


def pack(name: str) -> str:
    return PACK.format(id=name)


def rules(policy: Policy) -> list[str]:
    return [rule.id for rule in policy.rules]


def decided(policy: Policy, times: int = 1) -> tuple[str, str]:
    """The rule that every verdict of a run names, and the digest."""
    engine = Engine(policy, project=PROJECT, run_id="r", trace_id="0" * 32, agent="a")
    named: set[tuple[str, str]] = set()
    for sequence in range(times):
        (match,) = engine.judge(replace(SHELL, sequence=sequence)).matches
        named.add((match.rule.id, engine.policy.digest))
    (only,) = named
    return only


def stated(text: str, *, number: int = 1, project: str = PROJECT, signer: Signer = SIGNER, **more: Any) -> bytes:
    """A policy as a service sends it."""
    documents = {"policy.yaml": text}
    digest = more.pop("digest", "") or load_bundle(documents).digest
    supply = Supply(
        project=project,
        version=number,
        number=number,
        digest=digest,
        documents=documents,
        main="policy.yaml",
        issued="2027-01-15T08:00:00Z",
        key_id=signer.key_id,
        public_key=signer.public_key,
    )
    return json.dumps(supply.document(signer.sign(PURPOSE, supply.message()))).encode()
