import subprocess
import sys
from typing import Any

import pytest

from sentric.redaction import Redactor
from sentric_analyzer.control import Scope
from sentric_analyzer.control.errors import KeyRefusedError
from sentric_analyzer.control.keys import (
    MOST_PROJECTS,
    Key,
    NewKey,
    check_key,
    is_secret,
    key_document,
    new_key_document,
    new_secret,
)

NOW = 1_800_000_000.0
HOSTILE = ["", "a\nb", "\x1b[2J", "x" * 65, "\u202egnp", "a\x00b", "\ud800", "\u200b"]


def check(**given: Any) -> None:
    check_key(**{"name": "", "projects": ["shop"], "scopes": {Scope.INGEST}, "expires": None, "now": NOW} | given)


def test_no_two_keys_are_alike_and_each_is_known_for_one() -> None:
    made = {new_secret() for _ in range(100)}

    assert len(made) == 100
    assert all(is_secret(secret) for secret in made)
    for other in ("", "sentric_sk_", f"{min(made)}x", f" {min(made)}", min(made)[:-1], min(made).replace("s", "ſ", 1)):
        assert not is_secret(other)


def test_sentrics_own_redaction_knows_a_key_for_a_secret_wherever_it_stands() -> None:
    for _ in range(50):
        secret = new_secret()
        redacted = Redactor(b"k" * 32).text(f"curl -H x:{secret}, or {secret}.")
        assert secret not in redacted
        assert redacted.count("‹secret:sentric_key:") == 2


@pytest.mark.parametrize(
    "scopes",
    [
        {Scope.INGEST},
        {Scope.DECIDE},
        {Scope.APPROVE},
        {Scope.READ},
        {Scope.ADMIN},
        {Scope.READ, Scope.APPROVE, Scope.ADMIN},
        {Scope.DECIDE, Scope.READ},
        {Scope.OPERATE, Scope.APPROVE, Scope.READ},
    ],
)
def test_scopes_that_go_together_are_taken(scopes: set[Scope]) -> None:
    check(scopes=scopes)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"scopes": ()}, "a key needs a scope: ingest, decide, approve, read, operate, admin"),
        ({"scopes": {Scope.INGEST, Scope.READ}}, "a key that may ingest may do nothing else"),
        ({"scopes": {Scope.INGEST, Scope.ADMIN}}, "a key that may ingest may do nothing else"),
        ({"scopes": {Scope.DECIDE, Scope.APPROVE}}, "a key that may decide may neither approve, operate nor"),
        ({"scopes": {Scope.DECIDE, Scope.OPERATE}}, "a key that may decide may neither approve, operate nor"),
        ({"scopes": {Scope.DECIDE, Scope.ADMIN}}, "a key that may decide may neither approve, operate nor"),
        ({"projects": []}, "name a project: only a key with the scope admin may be for every project"),
        ({"projects": [f"p{n}" for n in range(MOST_PROJECTS + 1)]}, f"a key may be for {MOST_PROJECTS} projects"),
        ({"name": "x" * 65}, "is no name for a key"),
        ({"expires": NOW}, "the key would be expired"),
        ({"expires": float("nan")}, "the key would be expired"),
        ({"expires": 1e300}, "the key would be expired"),
    ],
)
def test_a_key_that_must_not_be_is_refused_with_its_reason(given: dict[str, Any], message: str) -> None:
    with pytest.raises(KeyRefusedError) as caught:
        check(**given)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_refused_and_shown_escaped(name: str) -> None:
    with pytest.raises(KeyRefusedError) as caught:
        check(projects=["shop", name])
    assert str(caught.value).isprintable()
    if name:
        with pytest.raises(KeyRefusedError):
            check(name=name)


def test_an_admin_key_alone_may_be_for_every_project() -> None:
    check(projects=[], scopes={Scope.ADMIN})


def test_a_key_is_valid_until_it_expires_or_is_revoked() -> None:
    key = Key("0123456789ab", "", ("shop",), frozenset({Scope.READ}), NOW, expires=NOW + 10)

    assert [key.state(NOW + 9.9), key.state(NOW + 10)] == ["valid", "expired"]
    assert Key("0", "", (), frozenset(), NOW, None, revoked=NOW).state(NOW) == "revoked"


def test_a_key_as_json_says_everything_but_the_key() -> None:
    key = Key("0123456789ab", "ci", ("shop", "bank"), frozenset({Scope.READ, Scope.APPROVE}), NOW, NOW + 60)
    document = key_document(key, NOW)

    assert document == {
        "id": "0123456789ab",
        "name": "ci",
        "projects": ["shop", "bank"],
        "scopes": ["approve", "read"],
        "person": None,
        "state": "valid",
        "created": "2027-01-15T08:00:00Z",
        "expires": "2027-01-15T08:01:00Z",
        "revoked": None,
    }
    made = NewKey(key, "sentric_sk_x", ("bank",))
    assert new_key_document(made) == {**document, "key": "sentric_sk_x", "new_projects": ["bank"]}
    assert "sentric_sk_x" not in repr(made)


def test_checking_keys_costs_no_database() -> None:
    code = (
        "import sys, sentric_analyzer.control, sentric_analyzer.control.keys, sentric_analyzer.receiver\n"
        "import sentric_analyzer.api.client\n"
        "print([name for name in ('sqlalchemy', 'alembic') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"
