from pathlib import Path

import pytest

from sentric.errors import SettingError
from sentric_analyzer.detection.judge.answer import Label, Name
from sentric_analyzer.detection.judge.prompt import LONGEST_EXTENSION, instructions, read_extension


def test_the_model_is_told_every_name_and_label() -> None:
    told = instructions("")
    assert all(f"- {name}: " in told for name in Name)
    assert all(label in told for label in Label)


def test_the_operators_words_are_added(tmp_path: Path) -> None:
    file = tmp_path / "ours.txt"
    file.write_text("  We never ship on Sundays. ☂\n")
    assert instructions(read_extension(str(file))).endswith("\n\nWe never ship on Sundays. ☂")
    assert read_extension("") == ""


def test_a_file_that_cannot_be_used_is_named_with_the_cure(tmp_path: Path) -> None:
    wrong, long, spaced = tmp_path / "wrong", tmp_path / "long", tmp_path / "spaced"
    wrong.write_bytes(b"\xff\xfe")
    long.write_text("x" * (LONGEST_EXTENSION + 1))
    spaced.write_text("\n" + "x" * 2 * LONGEST_EXTENSION)
    for path, why in (
        (tmp_path / "gone", "cannot be read: No such file or directory: name a text file"),
        (tmp_path, "cannot be read: Is a directory: name a text file"),
        (wrong, "cannot be read: it is not UTF-8: name a text file"),
        (long, "has more than 8000 characters: shorten it"),
        (spaced, "has more than 8000 characters: shorten it"),
    ):
        with pytest.raises(SettingError) as caught:
            read_extension(str(path))
        assert str(caught.value) == f"judge_prompt {path}: {why}"
