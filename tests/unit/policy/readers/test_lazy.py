from sentric.policy.readers.lazy import lazy


class Shelf:
    def __init__(self) -> None:
        self.looks = 0

    @lazy
    def books(self) -> int:
        """How many there are."""
        self.looks += 1
        return 12


def test_a_value_is_read_once_and_only_when_it_is_asked_for() -> None:
    shelf = Shelf()
    assert shelf.looks == 0
    assert (shelf.books, shelf.books, shelf.looks) == (12, 12, 1)


def test_each_instance_has_its_own() -> None:
    first, second = Shelf(), Shelf()
    assert first.books == second.books
    assert (first.looks, second.looks) == (1, 1)


def test_the_class_gives_the_attribute_itself() -> None:
    assert isinstance(Shelf.books, lazy)
    assert Shelf.books.__doc__ == "How many there are."
