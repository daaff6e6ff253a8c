"""Shell text, read into the commands it would run: quotes, pipes, substitutions, here-documents, wrappers.

Not a shell: nothing is expanded, so what a variable holds stays unknown. One linear pass, of the POSIX grammar with
what PowerShell and cmd have in common with it; text that is no shell command gives harmless words, never an error.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

TEXT_LIMIT = 262_144
"""Longest text that is read, in characters; of a longer one, its beginning and its end."""
COMMANDS_LIMIT = 65_536
"""Commands of one text that are told apart."""
PREFIX_READ = 64
"""Characters of a word's beginning that tell whether it is a path of Windows."""
DEPTH_LIMIT = 32
"""Nested substitutions that are told apart."""

_PLAIN = re.compile(r"[^\s'\"\\$`|&;<>()#]+")
_PLAIN_WORDS = re.compile(r"(?:[^\s'\"\\$`|&;<>()#]++[^\S\n]++)++")
_QUOTED = re.compile(r"[^\"\\$`]+")
_BLANK = re.compile(r"[^\S\n]+")
_FIELD_SEPARATOR = re.compile(r"\$(?:IFS|\{IFS[^}\n]{0,16}\})(?:\$\d)?")
_HERE = re.compile(r"<<-?[^\S\n]*(?:'([^'\n]{1,64})'|\"([^\"\n]{1,64})\"|\\?([\w.-]{1,64}))")
_REDIRECTIONS = ("&>>", "<<<", "&>", ">>", ">|", ">&", "<&", "<>", ">", "<")


@dataclass(frozen=True, slots=True, eq=False)
class Command:
    """One simple command."""

    words: tuple[str, ...] = ()
    """The program and its arguments, without quotes."""
    writes: tuple[str, ...] = ()
    """Files that output is redirected to."""
    reads: tuple[str, ...] = ()
    """Files that input is redirected from."""
    given: str = ""
    """The text of a here-document."""
    fed_by: "Command | None" = None
    """The command before it in a pipeline."""
    inner: "tuple[Command, ...]" = ()
    """Commands in its substitutions."""


@dataclass(slots=True)
class _Draft:
    words: list[str] = field(default_factory=list[str])
    writes: list[str] = field(default_factory=list[str])
    reads: list[str] = field(default_factory=list[str])
    given: str = ""
    fed_by: Command | None = None
    inner: list[Command] = field(default_factory=list[Command])
    word: list[str] | None = None
    """Parts of the word that is being read; None between words."""
    redirects: list[str] | None = None
    """Where the next word goes, if not among the words."""


@dataclass(slots=True)
class _Frame:
    """One level of substitution."""

    closing: str = ""
    draft: _Draft = field(default_factory=_Draft)
    quoted: bool = False
    """Within double quotes."""
    done: list[Command] = field(default_factory=list[Command])


def commands(text: str) -> tuple[Command, ...]:
    """The simple commands of a text, each after those within it."""
    if len(text) > TEXT_LIMIT:
        text = text[: TEXT_LIMIT // 2] + "\n" + text[-TEXT_LIMIT // 2 :]
    return tuple(_Reader(text).read())


class _Reader:
    """Reads one text from left to right."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._frames = [_Frame()]
        self._here: list[tuple[_Draft, str]] = []
        self._ended: dict[int, Command] = {}
        self._all: list[Command] = []
        self._special: dict[str, Callable[[], None]] = {
            "'": self._single_quote,
            '"': self._double_quote,
            "\\": self._escaped,
            "$": self._dollar,
            "`": self._backquote,
            "(": self._open,
            ")": self._close,
            "\n": self._end_line,
            **dict.fromkeys("|&;", self._operator),
            **dict.fromkeys("<>", self._redirection),
        }

    def read(self) -> list[Command]:
        """Read to the end."""
        while self._at < len(self._text) and len(self._all) < COMMANDS_LIMIT:
            if self._frames[-1].quoted:
                self._quoted()
            else:
                self._unquoted()
        while self._frames:
            self._end_command()
            self._leave()
        return self._all

    def _unquoted(self) -> None:
        text, at, draft = self._text, self._at, self._frames[-1].draft
        if draft.word is None and draft.redirects is None and (plain := _PLAIN_WORDS.match(text, at)):
            draft.words.extend(plain[0].split())
            self._at = plain.end()
            return
        if plain := _PLAIN.match(text, at):
            self._append(plain[0])
            self._at = plain.end()
            return
        char = text[at]
        if (special := self._special.get(char)) is not None:
            special()
        elif char == "#" and draft.word is None:
            end = text.find("\n", at)
            self._at = len(text) if end < 0 else end
        elif char.isspace():
            self._end_word()
            self._at = blank.end() if (blank := _BLANK.match(text, at)) else at + 1
        else:
            self._append(char)
            self._at += 1

    def _single_quote(self) -> None:
        end = self._text.find("'", self._at + 1)
        end = len(self._text) if end < 0 else end
        self._append(self._text[self._at + 1 : end])
        self._at = end + 1

    def _double_quote(self) -> None:
        self._append("")
        self._frames[-1].quoted = True
        self._at += 1

    def _open(self) -> None:
        self._end_word()
        self._enter(")", self._at + 1)

    def _close(self) -> None:
        self._at += 1
        if self._frames[-1].closing == ")":
            self._end_command()
            self._leave()

    def _end_line(self) -> None:
        self._end_command()
        self._at += 1
        self._take_documents()

    def _quoted(self) -> None:
        text, at = self._text, self._at
        if run := _QUOTED.match(text, at):
            self._append(run[0])
            self._at = run.end()
            return
        match text[at]:
            case '"':
                self._frames[-1].quoted = False
                self._at += 1
            case "\\":
                following = text[at + 1 : at + 2]
                self._append(following if following in '"\\$`' else "\\" + following)
                self._at += 2
            case "$" if text.startswith("$(", at):
                self._append("$()")
                self._enter(")", at + 2)
            case "`":
                self._backquote()
            case char:
                self._append(char)
                self._at += 1

    def _escaped(self) -> None:
        following = self._text[self._at + 1 : self._at + 2]
        word = self._frames[-1].draft.word
        before = word[0][:PREFIX_READ] if word else ""
        self._at += 2
        if following == "\n":
            return
        # The separator of Windows paths: C:\x, .\x, \\host, %APPDATA%\x.
        is_path = following.isalnum() and (
            ":" in before or "%" in before or "/" in before or before in {".", "..", "~"}
        )
        self._append("/" + following if is_path else following)

    def _dollar(self) -> None:
        text, at = self._text, self._at
        if text.startswith("$(", at):
            self._append("$()")
            self._enter(")", at + 2)
        elif separator := _FIELD_SEPARATOR.match(text, at):
            self._end_word()
            self._at = separator.end()
        else:
            self._append("$")
            self._at += 1

    def _backquote(self) -> None:
        if any(frame.closing == "`" for frame in self._frames):
            while True:
                closing = self._frames[-1].closing
                self._end_command()
                self._leave()
                if closing == "`":
                    break
            self._at += 1
        else:
            self._append("$()")
            self._enter("`", self._at + 1)

    def _operator(self) -> None:
        text, at = self._text, self._at
        if text.startswith("&>", at):
            self._redirection()
            return
        is_pipe = text[at] == "|" and not text.startswith("||", at)
        ended = self._end_command()
        self._at += 2 if text[at : at + 2] in {"||", "&&", ";;", "|&"} else 1
        if is_pipe:
            self._frames[-1].draft.fed_by = ended

    def _redirection(self) -> None:
        text, at, draft = self._text, self._at, self._frames[-1].draft
        if (here := _HERE.match(text, at)) and not text.startswith("<<<", at):
            self._end_word()
            self._here.append((draft, here[1] or here[2] or here[3]))
            self._at = here.end()
            return
        if text[at + 1 : at + 2] == "(":
            self._append("$()")
            self._enter(")", at + 2)
            return
        if draft.word is not None and "".join(draft.word).isdigit():
            draft.word = None  # the number of a stream
        self._end_word()
        sign = next(sign for sign in _REDIRECTIONS if text.startswith(sign, at))
        draft.redirects = draft.reads if sign[0] == "<" else draft.writes
        self._at += len(sign)

    def _take_documents(self) -> None:
        """Skip the here-documents that begin on this line: they are data, and kept as such."""
        for draft, delimiter in self._here:
            start = self._at
            at = (
                start
                if self._text.startswith(delimiter + "\n", start)
                else self._text.find("\n" + delimiter, start - 1)
            )
            end = len(self._text) if at < 0 else at
            draft.given = self._text[start:end]
            self._at = min(len(self._text), end + len(delimiter) + 1)
            if (known := self._ended.pop(id(draft), None)) is not None:
                self._replace(known, draft)
        self._here.clear()

    def _replace(self, known: Command, draft: _Draft) -> None:
        """Give a command that was already read the text of its here-document."""
        renewed = _frozen(draft)
        for found in (self._all, self._frames[-1].done):
            for index in range(len(found) - 1, max(-1, len(found) - DEPTH_LIMIT), -1):
                if found[index] is known:
                    found[index] = renewed

    def _append(self, part: str) -> None:
        draft = self._frames[-1].draft
        if draft.word is None:
            draft.word = []
        draft.word.append(part)

    def _end_word(self) -> None:
        draft = self._frames[-1].draft
        if draft.word is not None:
            (draft.words if draft.redirects is None else draft.redirects).append("".join(draft.word))
            draft.word = draft.redirects = None

    def _end_command(self) -> Command | None:
        frame = self._frames[-1]
        self._end_word()
        draft, frame.draft = frame.draft, _Draft()
        if not (draft.words or draft.writes or draft.inner):
            return None
        command = _frozen(draft)
        if self._here and self._here[-1][0] is draft:
            self._ended[id(draft)] = command
        frame.done.append(command)
        self._all.append(command)
        return command

    def _enter(self, closing: str, at: int) -> None:
        self._at = at
        if len(self._frames) < DEPTH_LIMIT:
            self._frames.append(_Frame(closing))

    def _leave(self) -> None:
        frame = self._frames.pop()
        if self._frames:
            self._frames[-1].draft.inner.extend(frame.done)


def _frozen(draft: _Draft) -> Command:
    return Command(
        tuple(draft.words), tuple(draft.writes), tuple(draft.reads), draft.given, draft.fed_by, tuple(draft.inner)
    )
