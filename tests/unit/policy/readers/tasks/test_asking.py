from sentric.events import Author, Message
from sentric.policy.readers.tasks.asking import DESTROYING, INSTALLING, Asking, forms


def asking(text: str, author: Author = Author.USER) -> Asking:
    asked = Asking()
    asked.hear(Message(sequence=0, author=author, text=text))
    return asked


def test_verbs_are_known_in_their_forms() -> None:
    assert {"delete", "deletes", "deleted", "deleting"} <= forms("delete")
    assert {"drop", "dropped", "dropping"} <= forms("drop")
    assert asking("Deleting old logs is your job").says(DESTROYING)
    assert not asking("Read the logs").says(DESTROYING)


def test_a_thing_is_named_whole_or_by_a_word() -> None:
    asked = asking("Remove the folder drafts/old and the table tmp_import")
    assert asked.names(["drafts/old"])
    assert asked.names(["./drafts"])
    assert asked.names(["public.tmp_import"])
    assert not asked.names(["src", "ab"])
    assert not asked.names([])


def test_a_source_is_named_by_its_site_or_product() -> None:
    asked = asking("Install ripgrep from https://get.tool.example")
    assert asked.says(INSTALLING)
    assert asked.names_place("https://get.tool.example/x.sh")
    assert asked.names_place("https://else.test/ripgrep/install.sh")
    assert not asked.names_place("https://else.test/i.sh")


def test_only_the_human_asks() -> None:
    for author in (Author.SYSTEM, Author.MODEL):
        assert not asking("Delete everything", author).says(DESTROYING)
