from pathlib import Path

from sentric.policy.difference import Change, difference
from sentric.policy.loader import load_policy

PACK = """\
pack: ours
rules:
""" + "".join(
    f"""\
  - {{id: {name}, title: {name}, description: d, severity: low, decision: warn, risk: 1, category: c, type: regex,
     pattern: {name}, over: [all]}}
"""
    for name in ("one", "two", "three")
)


def policy(tmp_path: Path, text: str, *, name: str) -> Path:
    (tmp_path / "ours.yaml").write_text(PACK)
    path = tmp_path / name
    path.write_text(text)
    return path


def test_everything_that_differs_is_told_field_by_field(tmp_path: Path) -> None:
    before = "policy: a\npacks: [ours.yaml]\ndisable: [three]\ntuning: {repeats: 5}\nagents: {x: {disable: [two]}}\n"
    after = (
        "policy: b\npacks: [ours.yaml]\ndisable: [one]\n"
        "override: {two: {severity: high, decision: block, risk: 70}}\n"
        "tuning: {allowed_domains: [a.example]}\n"
        "agents: {x: {override: {two: {risk: 3}}, tuning: {repeats: 9}}}\n"
        "projects: {'p-*': {disable: [three]}}\n"
    )
    old = load_policy(policy(tmp_path, before, name="a.yaml"))
    new = load_policy(policy(tmp_path, after, name="b.yaml"))
    found = difference(old, new)
    assert [rule.id for rule in found.added] == ["three"]
    assert [rule.id for rule in found.removed] == ["one"]
    assert [(change.subject, change.field, change.before, change.after) for change in found.changes] == [
        ("two", "severity", "low", "high"),
        ("two", "decision", "warn", "block"),
        ("two", "risk", 1, 70),
        ("tuning", "allowed_domains", (), ("a.example",)),
        ("tuning", "repeats", 5, 3),
        ("agents x", "two.enabled", False, None),
        ("agents x", "two.risk", None, 3),
        ("agents x", "tuning.repeats", None, 9),
        ("projects p-*", "three.enabled", None, False),
    ]
    assert found.digests == (old.digest, new.digest)
    assert not found.decides_alike


def test_policies_that_decide_alike_may_still_read_differently(tmp_path: Path) -> None:
    path = policy(tmp_path, "policy: a\npacks: [ours.yaml]\n", name="a.yaml")
    old = load_policy(path)
    (tmp_path / "ours.yaml").write_text(PACK.replace("title: two", "title: other"))
    found = difference(old, load_policy(path))
    assert found.changes == (Change("two", "title", "two", "other"),)
    assert found.decides_alike
    assert difference(old, old).changes == ()
