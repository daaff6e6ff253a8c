"""A policy that guards are given: nothing of it can be altered, and no older one takes its place."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentric.errors import PolicyError
from sentric.policy.loader import load_bundle
from sentric.policy.signature import verify
from sentric.policy.supply import PURPOSE, Supply, loaded, unverified, verified
from sentric_analyzer.control.signing import Signer

SIGNER = Signer(bytes(32))
OTHER = Signer(bytes([1]) * 32)


def supply(**changes: Any) -> Supply:
    stated: dict[str, Any] = {
        "project": "shop",
        "version": 3,
        "number": 7,
        "digest": "0123456789abcdef",
        "documents": {"policy.yaml": "policy: p\n", "ours.yaml": "pack: é\n"},
        "main": "policy.yaml",
        "issued": "2027-01-15T08:00:00Z",
        "key_id": SIGNER.key_id,
        "public_key": SIGNER.public_key,
    }
    return Supply(**{**stated, **changes})


def sent(stated: Supply, signer: Signer = SIGNER) -> Any:
    return json.loads(json.dumps(stated.document(signer.sign(PURPOSE, stated.message()))))


def refused(document: object, project: str = "shop", least: int = 0) -> str:
    with pytest.raises(PolicyError) as caught:
        verified(document, SIGNER.public_key, project=project, least=least)
    return str(caught.value)


def test_what_was_sent_is_what_arrives() -> None:
    assert verified(sent(supply()), SIGNER.public_key, project="shop", least=7) == supply()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("project", "bank"),
        ("version", 2),
        ("number", 8),
        ("digest", "0123456789abcdee"),
        ("documents", {"policy.yaml": "policy: p\n"}),
        ("documents", {"policy.yaml": "policy: q\n", "ours.yaml": "pack: é\n"}),
        ("documents", {"policy.yaml": "policy: p\n", "our.yaml": "pack: é\n"}),
        ("main", "ours.yaml"),
        ("issued", "2027-01-15T08:00:01Z"),
        ("key_id", OTHER.key_id),
        ("public_key", OTHER.public_key),
        ("signature", OTHER.sign(PURPOSE, supply().message())),
        ("signature", SIGNER.sign("other", supply().message())),
        ("signature", "é"),
    ],
)
def test_no_field_can_be_altered(name: str, value: object) -> None:
    document = sent(supply())
    assert document[name] != value
    assert "altered" in (why := refused({**document, name: value})) or "another key" in why


@pytest.mark.parametrize("name", sorted(supply().document("")))
@pytest.mark.parametrize("value", [None, True, -1, 1.5, [], {"a": 1}, {"a": None}])
def test_no_field_can_be_of_another_sort(name: str, value: object) -> None:
    assert f"no usable '{name}'" in refused({**sent(supply()), name: value})


@pytest.mark.parametrize("document", [None, [], "text", {}, {1: 2}, {**sent(supply()), "more": 1}])
def test_what_is_no_such_document_is_refused(document: object) -> None:
    assert refused(document).startswith("the policy that was sent ")


def test_the_key_is_the_one_that_is_known_whatever_the_document_says() -> None:
    forged = supply(key_id=OTHER.key_id, public_key=OTHER.public_key)
    assert verified(sent(forged, OTHER), OTHER.public_key, project="shop") == forged
    assert "another key" in refused(sent(forged, OTHER))
    assert "altered" in refused(sent(supply(), OTHER))


def test_an_older_one_and_that_of_another_project_are_refused() -> None:
    assert "an older one: activation 7, and 8 is known already: " in refused(sent(supply()), least=8)
    assert "is of project 'shop', not of 'bank'" in refused(sent(supply()), project="bank")


def test_where_the_key_is_not_known_all_else_is_made_sure() -> None:
    assert unverified(sent(supply(), OTHER), project="shop", least=7) == supply()
    for document, project, least in ((sent(supply()), "bank", 0), (sent(supply()), "shop", 8), ({}, "shop", 0)):
        with pytest.raises(PolicyError):
            unverified(document, project=project, least=least)


def test_what_is_loaded_is_the_policy_that_was_stated() -> None:
    documents = {"policy.yaml": "policy: p\npacks: [browser]\n"}
    digest = load_bundle(documents).digest
    assert loaded(supply(documents=documents, digest=digest)).digest == digest
    with pytest.raises(PolicyError, match=f"has the digest {digest} here, and 'e{{32}}' was stated: it was altered"):
        loaded(supply(documents=documents, digest="e" * 999))
    with pytest.raises(PolicyError, match=r"^policy\.yaml:1: "):
        loaded(supply(documents={"policy.yaml": "unknown: key\n"}, digest=digest))


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3))
def test_every_text_can_be_signed(documents: dict[str, str]) -> None:
    stated = supply(documents=documents)
    assert verify(SIGNER.public_key, PURPOSE, stated.message(), SIGNER.sign(PURPOSE, stated.message()))
    assert (stated.message() == supply().message()) is (documents == supply().documents)
