"""The programs that a shell text calls, behind what starts them: sudo, env, xargs, bash -c, ssh, docker exec."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from sentric.policy.readers.programs.shell import COMMANDS_LIMIT, Command, commands
from sentric.policy.readers.words.lexicon import words

NESTED_LIMIT = 4
"""Texts within texts (`bash -c "sh -c …"`) that are read."""

WORDS_LIMIT = 64
"""Words of a program that another starts for each file it finds."""
TEXTS_LIMIT = 4
"""Texts within one call that are read."""

SHELLS = words("sh bash zsh dash ksh ash fish busybox")
"""Programs that read shell text."""
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
_RESERVED = words("{ } ! if then else elif do while until for in time case function fi done esac coproc")
_VALUED: dict[str, frozenset[str]] = {
    "sudo": words("-u -g -h -p -C -D -R -T -U --user --group"),
    "doas": words("-u -C"),
    "env": words("-u -C --unset"),
    "timeout": words("-s -k --signal --kill-after"),
    "nice": words("-n"),
    "ionice": words("-c -n -p"),
    "xargs": words("-I -i -n -P -L -d -a -E -s --max-args --max-procs --delimiter"),
    "watch": words("-n -d"),
    "ssh": words("-i -p -l -o -F -L -R -D -J -W -b -c -m -S -E"),
    "stdbuf": words("-i -o -e"),
    "chroot": words("--userspec"),
    "nohup": words(""),
    "setsid": words(""),
    "exec": words("-a"),
    "command": words(""),
    "builtin": words(""),
    "time": words("-f -o"),
    "start": words(""),
    "parallel": words("-j -I"),
    "flock": words("-w"),
    "su": words("-s -g"),
    "unbuffer": words(""),
    "caffeinate": words("-t -w"),
    "script": words(""),
    "proot": words("-r -b -w"),
    "runuser": words("-u"),
}
"""Programs that start another, and those of their options that take a value."""
_BEFORE = {"timeout": 1, "ssh": 1, "chroot": 1, "flock": 1}
"""How many arguments of theirs stand before the program that they start."""
_CONTAINERS = words("docker podman nerdctl kubectl oc docker-compose")


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A program with its arguments."""

    program: str
    """Its name, in lower case, without directory and ending."""
    arguments: tuple[str, ...]
    command: Command
    """The command it was found in: redirections, input, substitutions."""

    @property
    def text(self) -> str:
        """The call as it would be typed."""
        return " ".join((self.program, *self.arguments))

    def has(self, *options: str) -> bool:
        """Whether one of some options is given: long ones also as `--x=y`, one-letter ones also among others."""
        return any(_is_given(option, argument) for option in options for argument in self.arguments)

    @property
    def operands(self) -> tuple[str, ...]:
        """The arguments that are no options."""
        return tuple(argument for argument in self.arguments if not argument.startswith("-"))


def calls(text: str) -> tuple[Call, ...]:
    """The programs that a text calls, in its order as far as it can be told."""
    found: list[Call] = []
    waiting: list[tuple[str, int]] = [(text, 0)]
    room = NESTED_LIMIT * len(text)
    while waiting and room >= 0 and len(found) < COMMANDS_LIMIT:
        part, depth = waiting.pop()
        room -= len(part)
        for command in commands(part):
            call = _started(command.words, command)
            if call is None:
                continue
            found.append(call)
            if depth < NESTED_LIMIT:
                waiting.extend((nested, depth + 1) for nested in islice(_nested(call), TEXTS_LIMIT))
    return tuple(found)


def name_of(word: str) -> str:
    """The name of a program: without directory, ending and case."""
    name = word.replace("\\", "/").rstrip("/").rpartition("/")[2].lower()
    return name.removesuffix(".exe").removesuffix(".cmd")


def of_words(given: tuple[str, ...]) -> tuple[Call, ...]:
    """The programs that an argument list calls."""
    call = _started(given, Command(given))
    if call is None:
        return ()
    return (call, *(nested for text in islice(_nested(call), TEXTS_LIMIT) for nested in calls(text)))


def started(command: Command) -> Call | None:
    """The program that a command starts in the end; None where it starts none."""
    return _started(command.words, command)


def _is_given(option: str, argument: str) -> bool:
    if argument == option or (option.startswith("--") and argument.startswith(option + "=")):
        return True
    is_letter = len(option) == 2 and option[0] == "-"
    return is_letter and argument[:1] == "-" and argument[1:2] != "-" and option[1] in argument[1:12]


def _started(given: tuple[str, ...], command: Command) -> Call | None:
    """The program that is started in the end."""
    at = 0
    while at < len(given):
        word = given[at]
        if word in _RESERVED or _ASSIGNMENT.match(word):
            at += 1
            continue
        if " " in word:  # a whole command line in one argument, as ssh and watch take it
            return Call(word, given[at + 1 :], command)
        name = name_of(word)
        if name in _VALUED and (following := _behind(name, given, at + 1)) < len(given):
            at = following
            continue
        if name in _CONTAINERS and "exec" in given[at + 1 : at + 4]:
            at = _in_container(given, given.index("exec", at + 1) + 1)
            continue
        return Call(name, given[at + 1 :], command)
    return Call("", (), command) if command.writes or command.inner else None


def _behind(name: str, given: tuple[str, ...], at: int) -> int:
    """Where the program begins that another starts."""
    skipped = _BEFORE.get(name, 0)
    while at < len(given):
        word = given[at]
        if word in _VALUED[name]:
            at += 2
        elif (word.startswith("-") and len(word) > 1) or _ASSIGNMENT.match(word):
            if name == "su" and word in {"-c", "--command"}:
                return len(given)
            at += 1
        elif skipped:
            skipped -= 1
            at += 1
        else:
            return at if name != "su" else len(given)
    return at


def _in_container(given: tuple[str, ...], at: int) -> int:
    while at < len(given) and given[at].startswith("-"):
        at += 2 if given[at] in {"-u", "-w", "-e", "-n", "-c", "--user", "--workdir", "--env", "-f"} else 1
    at += 1
    return at + 1 if at < len(given) and given[at] == "--" else at


def _nested(call: Call) -> Iterator[str]:
    """Shell text among the arguments and the input of a call."""
    program, given = call.program, call.arguments
    if program in SHELLS or program in {"su", "runuser"}:
        yield from _of_shell(call)
    elif program in {"powershell", "pwsh"}:
        yield from (
            " ".join(given[index + 1 :]) for index, word in enumerate(given) if word.lower() in {"-c", "-command"}
        )
    elif program == "cmd":
        yield from (" ".join(given[index + 1 :]) for index, word in enumerate(given) if word.lower() in {"/c", "/k"})
    elif program == "eval":
        yield " ".join(given)
    elif " " in program:
        yield program
    elif program == "find":
        for index, word in enumerate(given):
            if word in {"-exec", "-execdir", "-ok"}:
                yield " ".join(_until_end(given, index + 1))


def _of_shell(call: Call) -> Iterator[str]:
    """What a shell is told: by -c, by a here-document, by a text that is printed into it."""
    given = call.arguments
    yield from _after(given, lambda word: word[:1] == "-" and word[1:2] != "-" and word.endswith("c"))
    if call.command.given and not call.operands:
        yield call.command.given
    before = call.command.fed_by
    if before is not None and not call.operands and before.words[:1] in {("echo",), ("printf",)}:
        yield " ".join(before.words[1:])


def _after(given: tuple[str, ...], is_option: Callable[[str], bool]) -> Iterator[str]:
    for index, word in enumerate(given[:-1]):
        if is_option(word):
            yield given[index + 1]
            return


def _until_end(given: tuple[str, ...], start: int) -> tuple[str, ...]:
    last = min(len(given), start + WORDS_LIMIT)
    end = next((index for index in range(start, last) if given[index] in {";", "+"}), last)
    return given[start:end]
