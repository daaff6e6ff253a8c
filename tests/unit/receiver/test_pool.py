from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from sentric_analyzer.receiver.pool import Pool


@dataclass(eq=False)
class Place:
    address: str = "a"
    busy: bool = False
    evicted: bool = field(default=False, init=False)

    def evict(self) -> None:
        self.evicted = True


def test_the_one_that_never_sent_anything_goes_first_the_oldest_of_them() -> None:
    pool = Pool(3, 3)
    proven, silent, later, last = (Place() for _ in range(4))
    for member in (proven, silent, later):
        assert pool.enter(member)
    pool.served(proven)
    assert pool.enter(last)
    assert [member.evicted for member in (proven, silent, later, last)] == [False, True, False, False]
    assert len(pool) == 3


def test_then_the_one_whose_last_request_is_longest_ago() -> None:
    pool = Pool(2, 2)
    first, second, third = (Place() for _ in range(3))
    for member in (first, second, first):
        if member is not first or not len(pool):
            pool.enter(member)
        pool.served(member)
    assert pool.enter(third)
    assert (first.evicted, second.evicted) == (False, True)


def test_who_waits_for_us_stays_and_where_all_do_nobody_gets_in() -> None:
    pool = Pool(2, 2)
    busy, idle = Place(busy=True), Place()
    pool.enter(busy)
    pool.enter(idle)
    assert pool.enter(Place(busy=True))
    assert (busy.evicted, idle.evicted) == (False, True)
    assert not pool.enter(Place())


def test_one_address_takes_no_places_of_others() -> None:
    pool = Pool(10, 3)
    other = Place("b")
    pool.enter(other)
    crowd = [Place("a") for _ in range(50)]
    assert all(pool.enter(member) for member in crowd)
    assert not other.evicted
    assert [member.evicted for member in crowd] == [True] * 47 + [False] * 3


def test_who_left_is_forgotten_and_may_leave_again() -> None:
    pool = Pool(1, 1)
    member = Place()
    pool.enter(member)
    pool.leave(member)
    pool.leave(member)
    pool.served(member)
    assert len(pool) == 0
    assert pool.enter(Place())


@given(st.lists(st.tuples(st.sampled_from(["enter", "served", "leave"]), st.integers(0, 9)), max_size=80))
def test_there_are_never_more_than_there_may_be_and_an_idle_newcomer_gets_in(steps: list[tuple[str, int]]) -> None:
    pool = Pool(4, 2)
    members: dict[int, Place] = {}
    for step, number in steps:
        member = members.get(number)
        if step == "enter" and (member is None or member.evicted):
            members[number] = Place(str(number % 3))
            assert pool.enter(members[number])
        elif member and not member.evicted and step == "served":
            pool.served(member)
        elif member and not member.evicted and step == "leave":
            pool.leave(members.pop(number))
        inside = [member for member in members.values() if not member.evicted]
        assert len(inside) == len(pool) <= 4
        assert all(sum(other.address == member.address for other in inside) <= 2 for member in inside)
