import json

import pytest

from sentric.redaction import Redactor
from sentric.redaction.labels import LABELLED, is_value
from sentric.redaction.scan import finder

SECRET = "S3cret!pass"
LABELS = [
    "**Password:** {}", "**Password**: `{}`", "<b>Password:</b> {}<br>", "<td>Password</td>\n<td>{}</td>",
    '<dt class="k">API key</dt><dd class="v">{}</dd>', "| Password | {} |", "define('DB_PASSWORD', '{}');",
    'os.environ.get("DB_PASSWORD", "{}")', '["password", "{}"]', 'page.fill("#password", "{}")',
    "page.fill('input[name=\"password\"]', '{}')", 'driver.find_element(By.ID, "password").send_keys("{}")',
    'page.get_by_label("Password").fill("{}")', 'user.setPassword("{}")', "set_api_key('{}')",
    'let password: &str = "{}";', "password: string = '{}'", 'var password = @"{}";', 'token := "{}"',
    "ENV DB_PASSWORD {}", 'setx API_TOKEN "{}"',
]  # fmt: skip


@pytest.mark.parametrize("around", LABELS)
def test_what_stands_behind_a_label_in_markup_or_code_is_replaced_and_nothing_else(around):
    redacted = Redactor(b"key").text(around.format(SECRET))
    before, after = around.split("{}")
    assert redacted.startswith(f"{before}‹secret:")
    assert redacted.endswith(f"›{after}")
    assert SECRET not in Redactor(b"key").text(json.dumps({"text": around.format(SECRET)}))


@pytest.mark.parametrize("detector", LABELLED, ids=lambda detector: detector.pattern[-40:])
def test_every_row_has_a_case(detector):
    assert any(finder(detector)(around.format(SECRET).encode()) for around in LABELS)


def test_the_head_of_a_table_is_no_row_of_it():
    text = "| User | Password | Status2 |\n| Password | S3cret!pass |"
    assert Redactor(b"key").text(text).startswith("| User | Password | Status2 |\n| Password | ‹secret:")


@pytest.mark.parametrize("value", ["password", "password_2", "required", "${TOKEN1}", "12345678", "user2"])
def test_words_names_and_placeholders_beside_a_label_stay(value):
    assert not is_value(value.encode())
    for around in ("<td>Password</td><td>{}</td>", '("password", "{}")'):
        assert Redactor(b"key").text(around.format(value)) == around.format(value)
