import json

import pytest

from sentric.redaction import Redactor
from sentric.redaction.pairs import find_pairs


@pytest.mark.parametrize(
    "pair",
    [
        {"key": "password", "value": "Sup3rS3cret"},
        {"name": "DB_PASSWORD", "value": "correcthorse"},
        {"name": "x-api-key", "type": "string", "required": True, "value": "Sup3rS3cret"},
    ],
)
@pytest.mark.parametrize("write", [json.dumps, lambda pair: json.dumps(pair, separators=(",", ":"))])
def test_the_value_of_an_object_named_like_a_secret_is_replaced_in_text(pair, write):
    redacted = json.loads(Redactor(b"key").text(write([pair, {"key": "theme", "value": "dark"}])))
    assert redacted == json.loads(json.dumps(Redactor(b"key").value([pair, {"key": "theme", "value": "dark"}])))
    assert redacted[0]["value"].startswith("‹secret:")


@pytest.mark.parametrize(
    "text",
    [
        "- name: DB_PASSWORD\n  value: Sup3rS3cret\n- name: LOG\n  value: debug",
        '  - name: "API_KEY"\n    value: "Sup3rS3cret"',
        'Content-Disposition: form-data; name="password"\r\n\r\nSup3rS3cret\r\n--b',
    ],
)
def test_the_same_in_yaml_and_in_the_parts_of_a_form(text):
    for given in (text, json.dumps({"body": text})):
        redacted = Redactor(b"key").text(given)
        assert "Sup3rS3cret" not in redacted
        assert redacted.count("‹secret:") == 1
    json.loads(redacted)


def test_the_same_within_a_string_of_json():
    document = json.dumps({"body": json.dumps({"key": "password", "value": "Sup3rS3cret"})})
    redacted = json.loads(json.loads(Redactor(b"key").text(document))["body"])
    assert redacted["value"].startswith("‹secret:password:")


@pytest.mark.parametrize("value", ["Password", "required", "passphrase", "", "${PASSWORD}", "***"])
def test_labels_and_placeholders_are_no_secrets(value):
    assert not find_pairs(json.dumps({"name": "password", "value": value}).encode())


def test_a_value_behind_many_other_members_belongs_to_nobody():
    assert not find_pairs(b'{"name":"password","a":"1","b":"2","c":"3","d":"4","value":"Sup3rS3cret"}')


def test_the_credential_of_docker_is_replaced_in_an_object_too():
    config = {"auths": {"hub.test": {"auth": "Ym9iOlN1cDNyUzNjcmV0"}}, "auth": "oauth2-client"}
    redacted = Redactor(b"key").value(config)
    assert redacted["auths"]["hub.test"]["auth"].startswith("‹secret:authorization:")
    assert redacted["auth"] == "oauth2-client"
