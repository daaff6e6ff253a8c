import json

import pytest

from sentric.redaction import Redactor
from sentric.redaction.scan import finder
from sentric.redaction.spoken import SPOKEN

TOKEN = "aK9xTq27LmPz41Vb"

# (secret, text around it)
TOLD = [
    (TOKEN, "Log in with bob / {}"),
    (TOKEN, "then login dora/{}"),
    (TOKEN, "credentials: bob@shop.example:{}"),
    ("sunflower", "Log in as dora with password {}"),
    ("sunflower", "Log in as dora with password {} and buy milk"),
    ("sunflower", "username: dora, password is {}."),
    ("sunflower", 'use the password "{}" there'),
    (TOKEN, "Ihr Kennwort lautet {}"),
    (TOKEN, "API key\n{}"),
    (TOKEN, "Settings\nYour access token:\n  {}\nCopy it"),
    (TOKEN, "mysql -u root -p{} shop"),
    ("sunflower", "sshpass -p {} ssh bob@x.test"),
    ("hunter2x", "redis-cli -h cache -a {} ping"),
    ("hunter2x", "redis-cli --pass '{}' ping"),
    ("Sup3rS3cret", "echo bob:{} | sudo chpasswd"),
    ("X7K-9QP", "Your verification code: {}"),
    ("A1B2C3", "the one-time code is {}."),
    (TOKEN + TOKEN, "https://x.example/reset/{}"),
    (TOKEN + TOKEN, "https://x.example/verify_email/{}?next=/"),
    (TOKEN, "https://x.example/?key={}&z=1"),
]


@pytest.fixture
def redactor():
    return Redactor(b"key of the tests")


@pytest.mark.parametrize(("secret", "around"), TOLD)
def test_a_secret_that_is_told_in_a_sentence_is_replaced_and_nothing_else(redactor, secret, around):
    redacted = redactor.text(around.format(secret))
    before, after = around.format("\0").split("\0")
    assert redacted.startswith(f"{before}‹secret:")
    assert redacted.endswith(f"›{after}")
    assert redactor.text(redacted) == redacted


@pytest.mark.parametrize(("secret", "around"), TOLD)
def test_the_same_is_found_within_json(redactor, secret, around):
    redacted = redactor.text(json.dumps({"text": f"first\n{around.format(secret)}"}))
    assert secret not in redacted
    assert json.loads(redacted)["text"].startswith("first\n")


@pytest.mark.parametrize("detector", SPOKEN, ids=lambda detector: f"{detector.kind} {detector.pattern[:32]}")
def test_every_row_has_a_case(detector):
    find = finder(detector)
    assert any(find(around.format(secret).encode()) for secret, around in TOLD)


@pytest.mark.parametrize(
    "text",
    [
        "Log in as guest with password protection, then",
        "Log in as admin with password manager",
        "Username and password required",
        "use email and password authentication.",
        "as root with password-less sudo",
        "log in at github.com/a1B2c3D4e5",
        "Sign in with Google/Facebook2",
        "Log in https://shop.example/a1B2c3D4",
        "API key\nRequired2",
        "Password\nat-least-8-chars",
        "Secret\nGarden2024",
        "the verification code is ERROR404",
        "/reset/password/for-user-1 /confirm/order-2024-11-21-0001-abc",
        "?key=summer2024sale&key=value-1",
        "login: admin/users2",
        'use the password "field"',
        "mysql -p -u root",
        "sshpass -p $PASSWORD ssh bob@x.test",
        "the password must be given",
    ],
)
def test_a_sentence_about_secrets_stays(redactor, text):
    assert redactor.text(text) == text


def test_a_plain_word_is_replaced_only_where_it_is_told_as_a_password(redactor):
    redactor.text("Log in as dora with password checkout")
    assert redactor.text("go to checkout") == "go to checkout"


@pytest.mark.parametrize(
    "name",
    [
        "Contraseña",
        "CONTRASEÑA",
        "Mot de passe ",
        "Senha",
        "Passwort",
        "Пароль",
        "hasło",
        "密码",
        "パスワード",
        "비밀번호",
    ],
)
def test_a_password_is_known_by_its_name_in_other_languages(redactor, name):
    assert redactor.text(f"{name}: {TOKEN}").startswith(f"{name}: ‹secret:password:")


def test_a_full_width_colon_separates_too(redactor):
    assert redactor.text(f"密码：{TOKEN}").startswith("密码：‹secret:password:")


@pytest.mark.parametrize("keys", ["Alt+Shift2", "Ctrl-Alt-F4", "cmd+k2"])
def test_keys_that_are_pressed_together_are_no_access_key(redactor, keys):
    assert redactor.text(f"Access key: {keys}") == f"Access key: {keys}"
