import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentric.policy.readers.programs.programs import calls, name_of, of_words


def called(text: str) -> list[str]:
    return [call.text for call in calls(text)]


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("sudo -u root rm -rf a", "rm -rf a"),
        ("FOO=1 env -i BAR=2 nohup timeout -k 5 30 rm -rf a &", "rm -rf a"),
        ("/bin/rm -rf a", "rm -rf a"),
        ("if true; then rm -rf a; fi", "rm -rf a"),
        ("cat list | xargs -I{} rm -rf {}", "rm -rf {}"),
        ("bash -lc 'rm -rf a'", "rm -rf a"),
        ("sudo sh -c \"bash -c 'rm -rf a'\"", "rm -rf a"),
        ("ssh -i k root@h 'rm -rf /var'", "rm -rf /var"),
        ("ssh h rm -rf a", "rm -rf a"),
        ("docker exec -it web rm -rf a", "rm -rf a"),
        ("kubectl exec -n x pod -- rm -rf a", "rm -rf a"),
        ("find . -exec rm -rf {} \\;", "rm -rf {}"),
        ("su - bob -c 'rm -rf a'", "rm -rf a"),
        ("watch -n 5 'rm -rf a'", "rm -rf a"),
        ("bash <<X\nrm -rf a\nX", "rm -rf a"),
        ("eval 'rm -rf a'", "rm -rf a"),
        ('powershell -NoProfile -Command "Remove-Item -Recurse C:/x"', "remove-item -Recurse C:/x"),
        ('cmd /c "del /s /q x"', "del /s /q x"),
        ("echo 'rm -rf a' | sh", "rm -rf a"),
        ("env -S 'rm -rf a'", "rm -rf a"),
        ("time make", "make"),
        ("sudo", "sudo"),
    ],
)
def test_the_program_behind_others_is_found(text: str, last: str) -> None:
    assert last in called(text)


def test_what_is_only_printed_is_not_called() -> None:
    assert called("echo 'rm -rf /'") == ["echo rm -rf /"]
    assert called("git commit -m 'rm -rf /'") == ["git commit -m rm -rf /"]


def test_an_argument_list_is_read_like_a_text() -> None:
    assert [call.text for call in of_words(("bash", "-c", "rm -rf a"))][-1] == "rm -rf a"
    assert of_words(()) == ()


def test_options_are_found_alone_and_together() -> None:
    (call,) = calls("rm -fr --dir=x a")
    assert call.has("-r")
    assert call.has("--dir")
    assert not call.has("-x", "--recursive")
    assert call.operands == ("a",)


@pytest.mark.parametrize(
    ("word", "name"), [("/usr/bin/Python3", "python3"), ("C:\\x\\curl.EXE", "curl"), ("npm.cmd", "npm"), ("", "")]
)
def test_a_program_is_named_without_its_place(word: str, name: str) -> None:
    assert name_of(word) == name


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(["sudo", "-u", "env", "bash", "-c", "ssh", "'", '"', "find", "-exec", ";", "$(", "xargs", "a"])
    )
)
def test_no_text_is_too_strange(parts: list[str]) -> None:
    assert all(isinstance(call.text, str) for call in calls(" ".join(parts)))
