from dataclasses import fields
from pathlib import Path

import pytest

from sentric.errors import SettingError
from sentric.settings import Settings
from sentric.stated import Section


def test_an_argument_beats_the_environment_which_beats_the_file_which_beats_the_default(tmp_path: Path) -> None:
    file = tmp_path / "sentric.yaml"
    file.write_text("project: from-file\nidle: 7\nhttp: 127.0.0.1:1\n")
    settings = Settings.load(
        environ={"SENTRIC_PROJECT": "from-environment", "SENTRIC_HTTP": "127.0.0.1:2"},
        file=file,
        http="127.0.0.1:3",
    )
    assert (settings.http, settings.project, settings.idle) == ("127.0.0.1:3", "from-environment", 7.0)
    assert settings.mode == "observe"


def test_arguments_that_are_none_leave_the_choice_to_the_other_sources() -> None:
    assert Settings.load(environ={"SENTRIC_PROJECT": "a"}, project=None).project == "a"


def test_a_secret_may_be_given_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "key"
    secret.write_text("s3cret\n")
    assert Settings.load(environ={"SENTRIC_API_KEY_FILE": str(secret)}).api_key == "s3cret"


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"SENTRIC_MODE": "enforced"}, "SENTRIC_MODE is 'enforced': use one of observe, enforce"),
        ({"SENTRIC_IDLE": "soon"}, "SENTRIC_IDLE is 'soon': it must be a number"),
        ({"SENTRIC_IDLE": "-1"}, "SENTRIC_IDLE is -1: it must be at least 0.1"),
        ({"SENTRIC_TEXT_LIMIT": "1e3"}, "SENTRIC_TEXT_LIMIT is '1e3': it must be a whole number"),
        ({"SENTRIC_DISABLED": "maybe"}, "SENTRIC_DISABLED is 'maybe': it must be true or false"),
        (
            {"SENTRIC_REDACTION_KEY_ID": "a b"},
            "SENTRIC_REDACTION_KEY_ID is 'a b': it must be up to 16 of A-Z a-z 0-9 _ -",
        ),
        (
            {"SENTRIC_REDACTION_FORMER_KEYS": "secret"},
            "SENTRIC_REDACTION_FORMER_KEYS is a value: it must be ID:KEY, separated by blanks",
        ),
        (
            {"SENTRIC_REDACT_PERSONAL": "email,mail"},
            "SENTRIC_REDACT_PERSONAL is 'email,mail': it must be all, or some of email, phone, iban, ssn, account, "
            "name, separated by commas",
        ),
        (
            {"SENTRIC_API_KEY_FILE": "/no/such"},
            "SENTRIC_API_KEY_FILE: /no/such cannot be read: FileNotFoundError",
        ),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_its_cure(environ: dict[str, str], message: str) -> None:
    with pytest.raises(SettingError) as caught:
        Settings.load(environ=environ)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("projcet: a\n", "unknown setting 'projcet'"),
        ("- a\n", "must be a mapping"),
        ("mode: {", "cannot be read as YAML"),
        ("mode: loud\n", "mode is 'loud': use one of observe, enforce"),
        ("idle: 1\nidle: 2\n", "sentric.yaml:2: 'idle' is stated twice: leave one of them out"),
        (
            "dialects:\n  - name: a\n    tool: {when: k}\n    tool: {when: l}\n",
            "sentric.yaml:4: 'tool' is stated twice: leave one of them out",
        ),
    ],
)
def test_a_bad_settings_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "sentric.yaml"
    file.write_text(text)
    with pytest.raises(SettingError) as caught:
        Settings.load(environ={}, file=file)
    assert str(file) in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'project: "s3cret\n',
            "sentric.yaml:2: cannot be read as YAML: found unexpected end of stream, in what begins in line 1",
        ),
        (
            "project: @s3cret\n",
            "sentric.yaml:1: cannot be read as YAML: found character '@' that cannot start any token",
        ),
        ("project: s3cret: x\n", "sentric.yaml:1: cannot be read as YAML: mapping values are not allowed here"),
        ("project: *s3cret\n", "sentric.yaml:1: cannot be read as YAML: a tag, an alias or a value"),
        ("project: !s3cret x\n", "sentric.yaml:1: cannot be read as YAML: a tag, an alias or a value"),
        ("project: !s3cret!x y\n", "sentric.yaml:1: cannot be read as YAML: a tag, an alias or a value"),
        ("project: s3cret\x01\n", "sentric.yaml: cannot be read as YAML: character #x0001 may not stand there"),
        ("s3cret: " + "[" * 5000, "sentric.yaml: cannot be read as YAML: too deep"),
    ],
)
def test_a_settings_file_that_cannot_be_read_is_not_repeated(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "sentric.yaml"
    file.write_text(text)
    with pytest.raises(SettingError) as caught:
        Settings.load(environ={}, file=file)
    assert message in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_every_setting_says_what_it_is_for() -> None:
    assert [setting.name for setting in fields(Settings) if len(setting.metadata["doc"]) < 10] == []


def test_the_settings_that_loosen_are_named() -> None:
    assert Settings().loosened() == ()
    assert Settings(capture="metadata", allow_loopback=True).loosened() == (
        "capture=metadata",
        "allow_loopback",
    )


def test_a_setting_of_many_parts_stands_in_the_file_alone_and_is_handed_on_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "sentric.yaml"
    file.write_text("dialects: [{name: acme}]\n")
    settings = Settings.load(environ={"SENTRIC_DIALECTS": "x"}, file=file)
    assert settings.dialects == Section(f"{file}: dialects", [{"name": "acme"}])
    assert Settings.load(environ={"SENTRIC_DIALECTS": "x"}).dialects == Section()
