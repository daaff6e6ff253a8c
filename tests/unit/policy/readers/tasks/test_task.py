import pytest

from sentric.events import Author, Message
from sentric.policy.readers.places.hosts import place
from sentric.policy.readers.tasks.task import TASK_LIMIT, Task


def told(text: str, author: Author = Author.USER) -> Task:
    task = Task()
    task.hear(Message(sequence=0, author=author, text=text))
    return task


def names(task: Task, url: str) -> bool:
    where = place(url)
    assert where is not None
    return task.names(where)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("Buy it on https://shop.example.com/duck", "https://www.example.com/cart"),
        ("Buy it on shop.example.com.", "https://example.com"),
        ("Log in at localhost:8000", "http://127.0.0.1:8000/login"),
        ("Log in at 127.0.0.1:8000", "http://localhost:8000/login"),
        ("Search Amazon for ducks", "https://www.amazon.de/s?k=duck"),
    ],
)
def test_a_task_names_sites_by_address_and_by_brand(text: str, url: str) -> None:
    assert names(told(text), url)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("Log in at localhost:8000", "http://localhost:9000/"),
        ("Read report.pdf", "https://report.com"),
        ("Buy ducks", "https://evil.test"),
        ("Log in to https://shop.example with password x", "https://shop.tk"),
        ("Log in to https://shop.example with password x", "https://log.tk"),
        ("Log in to https://shop.example with password x", "https://password.test"),
        ("check my order", "https://order.test"),
        ("Use https://shop.example, not Amazon", "https://amazon.de"),
        ("search google", "https://google.tk"),
    ],
)
def test_a_task_does_not_name_other_sites(text: str, url: str) -> None:
    assert not names(told(text), url)


def test_addresses_are_named_whole_by_domain_or_by_person() -> None:
    task = told("Write to lee@partner.example, to dana and to anyone at https://corp.example")
    assert task.names_address("lee@partner.example")
    assert task.names_address("dana.fox@anywhere.test")
    assert task.names_address("anyone@corp.example")
    assert not task.names_address("mallory@evil.test")


def test_the_operator_names_sites_but_asks_for_nothing() -> None:
    task = told("Report to https://ops.example. Key: ‹secret:key:01010101›", Author.SYSTEM)
    assert names(task, "https://ops.example/x")
    assert not task.sites
    assert not task.words
    assert not task.secrets


def test_a_model_names_nothing() -> None:
    assert not names(told("I will use https://evil.test", Author.MODEL), "https://evil.test")


def test_only_so_much_of_a_task_is_read() -> None:
    task = told("x " * TASK_LIMIT)
    assert not task.hear(Message(sequence=1, author=Author.USER, text="https://late.example"))


def test_a_common_word_of_the_task_is_no_person() -> None:
    assert not told("Send the report to Dana").names_address("report@evil.test")
