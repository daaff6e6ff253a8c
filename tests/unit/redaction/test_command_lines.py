import json

import pytest

from sentric.redaction import Redactor
from sentric.redaction.command_lines import COMMAND_LINES
from sentric.redaction.scan import finder

SECRET = "S3cret!pass"
COMMANDS = [
    "docker login -u bob -p {} registry.test", "az login -u bob -p {}", "ldapsearch -x -D cn=admin -w {}",
    "zip -P {} a.zip b", "mosquitto_pub -u u -P {} -t x", "7z a -p{} a.7z b", "openssl enc -k {} -in a",
    "openssl rsa -passin pass:{} -in k", "smbclient //s/x -U bob%{}", "net use Z: /user:bob {}",
    "net user bob {} /add", "htpasswd -b f bob {}", "htpasswd -cb f bob {}",
    "ConvertTo-SecureString '{}' -AsPlainText -Force", "CREATE USER bob IDENTIFIED BY '{}';",
    "USER bob\nPASS {}\n", "AUTH {}", "db.test:5432:app:bob:{}", "User: bob, Pass: {}", "login: bob\npass={}",
]  # fmt: skip


@pytest.mark.parametrize("around", COMMANDS)
def test_the_password_in_a_command_is_replaced_and_nothing_else(around):
    redacted = Redactor(b"key").text(around.format(SECRET))
    before, after = around.split("{}")
    assert redacted.startswith(f"{before}‹secret:password:")
    assert redacted.endswith(f"›{after}")
    assert SECRET not in Redactor(b"key").text(json.dumps({"command": around.format(SECRET)}))


@pytest.mark.parametrize("detector", COMMAND_LINES, ids=lambda detector: detector.pattern[13:40])
def test_every_row_has_a_case(detector):
    assert any(finder(detector)(around.format(SECRET).encode()) for around in COMMANDS)


@pytest.mark.parametrize("value", ["$PASSWORD", "${REGISTRY_TOKEN}", "***", "<password>"])
def test_a_variable_in_its_place_stays(value):
    for around in COMMANDS:
        assert Redactor(b"key").text(around.format(value)) == around.format(value)
