import threading
from concurrent.futures import Future, ThreadPoolExecutor

from sentric_analyzer.control.turns import Turns
from support.serving import poll


def waiting(turns: Turns) -> int:
    return len(turns._waiting)


def test_turns_come_in_the_order_in_which_they_were_asked_for() -> None:
    turns, order = Turns(), list[int]()

    def take(number: int) -> None:
        assert turns.take(30.0)
        order.append(number)
        turns.give()

    assert turns.take(0.0)
    with ThreadPoolExecutor(8) as threads:
        for number in range(8):
            threads.submit(take, number)
            poll(lambda number=number: waiting(turns) == number + 1)  # type: ignore[misc]
        turns.give()
    assert order == list(range(8))
    assert turns.take(0.0)


def test_who_has_waited_long_enough_leaves_and_is_passed_over() -> None:
    turns = Turns()
    assert turns.take(0.0)
    with ThreadPoolExecutor(2) as threads:
        assert threads.submit(turns.take, 0.01).result() is False
        assert waiting(turns) == 0
        later: Future[bool] = threads.submit(turns.take, 30.0)
        poll(lambda: waiting(turns) == 1)
        turns.give()
        assert later.result()
    assert not turns.take(-1.0)
    turns.give()
    assert turns.take(-1.0)


def test_several_may_have_the_turn_at_a_time_where_there_are_places() -> None:
    turns = Turns(2)
    assert [turns.take(0.0) for _ in range(3)] == [True, True, False]
    turns.give()
    assert [turns.take(0.0) for _ in range(2)] == [True, False]


def test_no_two_have_the_turn_and_none_is_lost_however_short_they_wait() -> None:
    turns, inside, together, had = Turns(), [0], [0], [0]

    def often(patience: float) -> None:
        for _ in range(200):
            if turns.take(patience):
                inside[0] += 1
                together[0] = max(together[0], inside[0])
                had[0] += 1
                inside[0] -= 1
                turns.give()

    threads = [threading.Thread(target=often, args=(patience,)) for patience in (0.0, 1e-6, 1e-5, 1e-4, 30.0, 30.0)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == [1]
    assert had[0] >= 400
    assert turns.take(0.0)
