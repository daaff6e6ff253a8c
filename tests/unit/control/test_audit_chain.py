import hashlib
import itertools
import json
import tracemalloc
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentric_analyzer.control.audit_chain import START, Checkpoint, Record, Verification, canonical, sealed, verify
from sentric_analyzer.control.errors import ControlError
from sentric_analyzer.control.signing import Signer

SIGNER, OTHER = Signer(bytes(range(32))), Signer(bytes(32))
KEYS = {SIGNER.key_id: SIGNER.public_key}
TIME = 1_800_000_000_000_000

texts = st.text(max_size=6)
details = st.dictionaries(texts, st.none() | st.booleans() | st.integers() | st.floats(-1e9, 1e9) | texts, max_size=3)
bodies = st.tuples(st.integers(0, 2**63 - 1), texts, texts, texts, texts, details)


def chain(bodies: Sequence[tuple[Any, ...]], after: Sequence[Record] = ()) -> list[Record]:
    records = list(after)
    for body in bodies:
        records.append(sealed(records[-1].digest if records else START, len(records) + 1, *body))
    return records


def sign(records: Sequence[Record], sequences: set[int]) -> list[Checkpoint]:
    return [Checkpoint.signed(records[n - 1], TIME, SIGNER) for n in sequences]


@st.composite
def signed_chains(draw: st.DrawFn, least: int = 1) -> tuple[list[Record], list[Checkpoint]]:
    """A chain, and checkpoints of some of its records."""
    records = chain(draw(st.lists(bodies, min_size=least, max_size=8)))
    return records, sign(records, draw(st.sets(st.integers(1, len(records)), max_size=4)))


def last(checkpoints: Sequence[Checkpoint], before: int = 1 << 62) -> int:
    """The sequence of the last checkpoint before a record."""
    return max((c.sequence for c in checkpoints if c.sequence < before), default=0)


def check(records: Sequence[Record], checkpoints: Sequence[Checkpoint]) -> Verification:
    found = verify(iter(records), iter(checkpoints), KEYS)
    assert (found.bad is None) == (found.why == "")
    assert "\n" not in found.why
    return found


SMALL = chain([(TIME + n, "sentric", "key.create", "shop", str(n), {"n": n}) for n in range(9)])


def test_a_record_is_sealed_with_what_is_in_it_and_the_digest_before() -> None:
    first = sealed(START, 1, TIME, "key:ab", "decision.block", "été", "s", {"b": [1, None], "a": "é"})
    assert first.detail == '{"a":"\\u00e9","b":[1,null]}'
    assert first[:6] == (1, TIME, "key:ab", "decision.block", "été", "s")
    framed = b"Sentric audit 1\n"
    for text in (START, "1", str(TIME), "key:ab", "decision.block", "été", "s", first.detail):
        framed += len(text.encode()).to_bytes(8, "big") + text.encode()
    assert first.digest == hashlib.sha256(framed).hexdigest()
    second = sealed(first.digest, 2, TIME, "sentric", "x", "", "", {})
    assert second.previous == first.digest
    assert verify([first, second], [], {}) == Verification(2, 0)


@pytest.mark.parametrize("detail", [{"a": float("nan")}, {"a": float("inf")}, {"a": {1, 2}}, {"a": b""}])
def test_what_is_no_json_is_not_sealed(detail: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        sealed(START, 1, TIME, "a", "w", "", "", detail)


@pytest.mark.parametrize("field", [{"time": 1.5}, {"time": -1}, {"sequence": 0}, {"actor": None}, {"time": 1 << 63}])
def test_what_would_not_verify_is_not_sealed(field: dict[str, Any]) -> None:
    body: dict[str, Any] = {"sequence": 1, "time": 1, "actor": "", "what": "", "project": "", "subject": ""}
    with pytest.raises(TypeError, match="no record of the audit"):
        sealed(START, **{**body, **field}, detail={})


@given(details)
def test_an_object_has_one_text(detail: dict[str, Any]) -> None:
    text = canonical(detail)
    assert canonical(dict(reversed(detail.items()))) == text
    assert text.isascii()
    assert json.loads(text) == detail


@given(signed_chains())
def test_an_intact_chain_passes(signed: tuple[list[Record], list[Checkpoint]]) -> None:
    records, checkpoints = signed
    assert check([], []) == Verification(0, 0)
    assert check(records, checkpoints) == Verification(len(records), len(checkpoints), last(checkpoints))


@given(st.tuples(texts, texts, texts, texts), st.tuples(texts, texts, texts, texts))
def test_no_two_contents_have_one_digest(one: tuple[str, str, str, str], other: tuple[str, str, str, str]) -> None:
    digests = [sealed(START, 1, 1, *fields, {}).digest for fields in (one, other)]
    assert (digests[0] == digests[1]) == (one == other)


@given(signed_chains(), st.data())
def test_any_field_that_is_altered_is_found_at_its_record(
    signed: tuple[list[Record], list[Checkpoint]], data: st.DataObject
) -> None:
    records, checkpoints = signed
    at, field = data.draw(st.integers(0, len(records) - 1)), data.draw(st.sampled_from(Record._fields))
    former = getattr(records[at], field)
    others: st.SearchStrategy[Any] = st.integers() if isinstance(former, int) else st.text() | st.just(former + " ")
    value: Any = data.draw((others | st.none() | st.binary()).filter(lambda other: other != former))
    change: dict[str, Any] = {field: value}
    records[at] = records[at]._replace(**change)
    found = check(records, checkpoints)
    assert (found.bad, found.records) == (at + 1, at + 1)
    assert field in ("sequence", "digest", "previous") or "was altered" in found.why


@given(signed_chains(), st.data())
def test_a_record_that_is_deleted_is_found(signed: tuple[list[Record], list[Checkpoint]], data: st.DataObject) -> None:
    records, checkpoints = signed
    at = data.draw(st.integers(0, len(records) - 1))
    del records[at]
    found = check(records, checkpoints)
    if at < len(records) or last(checkpoints) > at:
        assert found.bad == at + 1
        assert "missing" in found.why
    else:
        assert found.bad is None


@given(signed_chains(least=2), st.data())
def test_records_that_change_places_are_found_at_the_first(
    signed: tuple[list[Record], list[Checkpoint]], data: st.DataObject
) -> None:
    records, checkpoints = signed
    one, other = sorted(data.draw(st.sets(st.integers(0, len(records) - 1), min_size=2, max_size=2)))
    records[one], records[other] = records[other], records[one]
    assert check(records, checkpoints).bad == one + 1


@given(signed_chains(), st.data())
def test_a_record_that_stands_twice_is_found_where_it_stands_the_second_time(
    signed: tuple[list[Record], list[Checkpoint]], data: st.DataObject
) -> None:
    records, checkpoints = signed
    at = data.draw(st.integers(0, len(records) - 1))
    second = data.draw(st.integers(at + 1, len(records)))
    records.insert(second, records[at])
    found = check(records, checkpoints)
    assert found.bad == second + 1
    assert "twice, or out of order" in found.why


@given(signed_chains(), st.data())
def test_an_end_that_was_cut_off_is_found_where_a_checkpoint_speaks_of_it(
    signed: tuple[list[Record], list[Checkpoint]], data: st.DataObject
) -> None:
    records, checkpoints = signed
    kept = data.draw(st.integers(0, len(records) - 1))
    found = check(records[:kept], checkpoints)
    if last(checkpoints) > kept:
        assert found.bad == kept + 1
        assert "missing at the end" in found.why
    else:
        assert found == Verification(kept, len(checkpoints), last(checkpoints))


@given(signed_chains(), bodies, st.data())
def test_a_chain_that_was_made_anew_from_some_record_is_found_at_the_next_checkpoint(
    signed: tuple[list[Record], list[Checkpoint]], body: tuple[Any, ...], data: st.DataObject
) -> None:
    records, checkpoints = signed
    at = data.draw(st.integers(0, len(records) - 1))
    following = [(*record[1:6], json.loads(record.detail)) for record in records[at + 1 :]]
    forged = chain([body, *following], records[:at])
    found = check(forged, checkpoints)
    if forged == records or last(checkpoints) <= at:
        assert found.bad is None
        return
    due = min(c.sequence for c in checkpoints if c.sequence > at)
    assert found.bad == last(checkpoints, at + 1) + 1 == found.signed + 1
    assert found.bad <= at + 1 <= due == found.records
    assert f"the checkpoint at {due} was signed over others" in found.why


@given(signed_chains(least=2), bodies, st.data())
def test_a_record_that_was_sealed_anew_does_not_fit_the_next(
    signed: tuple[list[Record], list[Checkpoint]], body: tuple[Any, ...], data: st.DataObject
) -> None:
    records, _ = signed
    at = data.draw(st.integers(0, len(records) - 2))
    forged = sealed(records[at].previous, at + 1, *body)
    is_same, records[at] = forged == records[at], forged
    found = check(records, [])
    assert found.bad == (None if is_same else at + 2)
    assert is_same or "does not follow the one before" in found.why


@given(signed_chains(), st.data())
def test_a_checkpoint_that_was_altered_is_found(
    signed: tuple[list[Record], list[Checkpoint]], data: st.DataObject
) -> None:
    records, checkpoints = signed
    genuine = Checkpoint.signed(records[data.draw(st.integers(0, len(records) - 1))], TIME, SIGNER)
    field = data.draw(st.sampled_from(Checkpoint._fields))
    former = getattr(genuine, field)
    others: st.SearchStrategy[Any] = st.integers() if isinstance(former, int) else st.text() | st.just(former + "=")
    value: Any = data.draw((others | st.none()).filter(lambda other: other != former))
    change: dict[str, Any] = {field: value}
    found = check(records, [*checkpoints, genuine._replace(**change)])
    assert found.bad is not None
    assert "checkpoint" in found.why


@pytest.mark.parametrize(
    ("checkpoint", "why"),
    [
        (Checkpoint.signed(SMALL[3], TIME, OTHER), f"the checkpoint at record 4 is signed with key '{OTHER.key_id}'"),
        (
            Checkpoint.signed(SMALL[3], TIME, OTHER)._replace(key_id=SIGNER.key_id),
            "the signature of the checkpoint at record 4 does not hold",
        ),
        (
            Checkpoint(4, SMALL[3].digest, TIME, SIGNER.key_id, SIGNER.sign("policy", b"")),
            "the signature of the checkpoint at record 4 does not hold",
        ),
    ],
)
def test_a_checkpoint_of_someone_else_is_named(checkpoint: Checkpoint, why: str) -> None:
    found = check(SMALL, [checkpoint, *sign(SMALL, {2, 9})])
    assert (found.bad, found.checkpoints, found.signed) == (4, 1, 2)
    assert found.why.startswith(why)


def test_what_is_wrong_is_said_in_words() -> None:
    def why(records: Sequence[Record], *signed: int) -> str:
        return check(records, sign(SMALL, set(signed))).why

    altered = SMALL[4]._replace(actor="key:other")
    assert why([*SMALL[:4], altered, *SMALL[5:]]) == "record 5 was altered: its digest is not that of its content"
    assert why(SMALL[1:]) == "record 1 is missing: 2 stands in its place"
    assert why(SMALL[:7], 9) == "records 8 to 9 are missing at the end: there is a checkpoint at 9"
    assert why(SMALL[:8], 9) == "record 9 is missing at the end: there is a checkpoint at 9"
    anew = chain([(1, "a", "b", "", "", {})], SMALL[:8])
    assert why(anew, 5, 9) == "some or all of records 6 to 9 were rewritten: the checkpoint at 9 was signed over others"
    assert why(anew, 8, 9) == "record 9 was rewritten: the checkpoint at 9 was signed over others"


@given(signed_chains())
def test_a_checkpoint_is_read_from_its_line(signed: tuple[list[Record], list[Checkpoint]]) -> None:
    for checkpoint in signed[1]:
        line = checkpoint.to_json()
        assert "\n" not in line
        assert Checkpoint.from_json(f"{line}\n") == checkpoint


LINE = Checkpoint.signed(SMALL[0], TIME, SIGNER).to_json()


@pytest.mark.parametrize(
    "line",
    [
        "",
        "null",
        "[]",
        "{}",
        "[" * 1000,
        LINE[:-1],
        LINE.replace('"sequence":1', '"sequence":true'),
        LINE.replace('"sequence":1', '"sequence":0'),
        LINE.replace('"sequence":1', '"sequence":1.0'),
        LINE.replace('"sequence":1', f'"sequence":{10**30}'),
        LINE.replace('"sequence":1', '"sequence":2,"sequence":1'),
        LINE.replace('"sequence":1', '"sequence": 1'),
        LINE.replace('"sequence":1', f'"sequence":{"1" * 9000}'),
        LINE.replace('"sequence"', '"number"'),
        LINE.replace("}", ',"more":1}'),
        LINE.replace('"key_id":"', '"key_id":"' + "x" * 2000),
    ],
)
def test_a_line_that_is_no_checkpoint_is_refused_in_one_line(line: str) -> None:
    with pytest.raises(ControlError, match=r"^a line is no checkpoint of the audit: "):
        Checkpoint.from_json(line)


@given(st.text())
def test_any_text_is_a_checkpoint_or_refused(line: str) -> None:
    with pytest.raises(ControlError):
        Checkpoint.from_json(line)


def test_a_long_chain_is_walked_with_one_record_in_memory_and_no_further_than_needed() -> None:
    def endless() -> Iterator[Record]:
        previous = START
        for sequence in itertools.count(1):
            record = sealed(previous, sequence, TIME, "sentric", "decision.block", "shop", "s" * 5000, {})
            yield record._replace(actor="key:x") if sequence == 2000 else record
            previous = record.digest

    tracemalloc.start()
    try:
        found = verify(endless(), [], KEYS)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (found.bad, found.records) == (2000, 2000)
    assert peak < 2_000_000  # a fifth of all records; what others allocate meanwhile counts too
