import html
import json
from urllib.parse import quote, urlencode

import pytest

from sentric.redaction import Redactor, fingerprints


@pytest.fixture
def redactor():
    return Redactor(b"key of the tests")


def digits(redacted):
    """The eight digits, which say that two secrets are the same, of every fingerprint."""
    return [fingerprint.split(":")[1] for fingerprint in fingerprints(str(redacted))]


NAMED = [
    ("password", "hunter2", "password=hunter2"),
    ("password", "hunter2", "password: hunter2, user: bob"),
    ("password", "hunter2", "user=bob&password=hunter2&remember=1"),
    ("password", "hunter2", "{user:bob,password:hunter2,remember:1}"),
    ("password", "swordfish", "https://x.test/login?password=swordfish"),
    ("password", "swordfish", "password=swordfish&user=bob"),
    ("password", "swordfish", "?user=bob&amp;password=swordfish"),
    ("password", "p@ss;w0rd,x", "export DB_PASSWORD=p@ss;w0rd,x"),
    ("password", "swordfish", "SMTP_PASS=swordfish\nNEXT=1"),
    ("password", "swordfish", "tool --db-password=swordfish run"),
    ("password", "hunter2", "passwd := hunter2"),
    ("password", "hunter2", "'password' => 'hunter2'"),
    ("password", "two words", 'password = "two words"'),
    ("password", "hunter2", 'os.environ["DB_PASSWORD"] = "hunter2"'),
    ("password", "12345678", "password: 12345678"),
    ("password", "pässwörd1", "password: pässwörd1"),
    ("password", "hunter2", 'new_password_confirmation: "hunter2"'),
    ("token", "a1b2c3d4", "API_TOKEN=a1b2c3d4"),
    ("token", "a1b2c3d4", "accessToken: a1b2c3d4"),
    ("token", "a1b2c3d4", "x-auth-token: a1b2c3d4"),
    ("token", "12345678", "token=12345678"),
    ("api_key", "a1b2c3d4", "x-api-key: a1b2c3d4"),
    ("api_key", "wJalrXUtnFEMI/K7MDENG", "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG"),
    ("secret", "a1b2c3d4", 'client_secret: "a1b2c3d4"'),
    ("pin", "1234", "PIN: 1234"),
    ("cvv", "123", "cvv=123&n=1"),
    ("otp", "482913", '{"otp": "482913"}'),
    ("otp", "482913", "otp_code=482913"),
    ("cookie", "abc", "Cookie: sid=abc; Path=/\nAccept: text/html"),
    ("cookie", "abc", 'document.cookie = "sid=abc; Max-Age=9"'),
    ("cookie", "a1b2c3d4", "PHPSESSID=a1b2c3d4; x"),
    ("cookie", "abc", "curl -H 'Cookie: sid=abc'"),
    ("password", "hunter2", '<input type="password" name="p" value="hunter2">'),
    ("password", "hunter2", "<input type=password value=hunter2>"),
    ("password", "hunt&er2", "<input value='hunt&amp;er2' type='password'/>"),
    ("password", "cut off here", '{"password": "cut off here'),
    ("password", "one line", 'password: "one line\nnext'),
    ("password", "x" * 300, "password: " + "x" * 300),
    ("api_key", "aK9xQ2mZ7", "API key: aK9xQ2mZ7"),
    ("secret", "aK9xQ2mZ7", "Secret key: aK9xQ2mZ7"),
    ("api_key", "aK9xQ2mZ7", "Secret access key: aK9xQ2mZ7"),
    ("private_key", "aK9xQ2mZ7", "Private key: aK9xQ2mZ7"),
    ("token", "aK9xQ2mZ7", "Access token: aK9xQ2mZ7"),
    ("password", "sunflower", "Log in as bob, password: sunflower"),
    ("password", "sunflower", "user: bob, password: sunflower, then order milk"),
    ("password", "sunflower", "Password: sunflower."),
    ("password", "sunflower", "password=sunflower"),
    ("password", "sunflower", "host=db password=sunflower dbname=x"),
    ("password", "sunflower", '<input type="hidden" name="user[password]" value="sunflower">'),
    ("token", "aK9xQ2mZ7", '<input value="aK9xQ2mZ7" name="authenticity_token" type="hidden">'),
    ("token", "aK9xQ2mZ7", '<meta name="csrf-token" content="aK9xQ2mZ7">'),
    ("token", "aK9xQ2mZ7", "<input name=_csrf value=aK9xQ2mZ7>"),
    ("secret", " ".join(["abandon"] * 12), '{"seed phrase": "' + " ".join(["abandon"] * 12) + '"}'),
    ("authorization", "aK9xQ2mZ7", "X-Auth: aK9xQ2mZ7"),
    ("token", "aK9xQ2mZ7", "X-Auth-Token: aK9xQ2mZ7"),
]


@pytest.mark.parametrize(("kind", "value", "text"), NAMED)
def test_a_value_beside_the_name_of_a_secret_is_replaced(redactor, kind, value, text):
    redacted = redactor.text(text)
    before, after = text.split(html.escape(value))
    assert redacted.startswith(f"{before}‹secret:{kind}:")
    assert redacted.endswith(f"›{after}")
    assert redacted.count("‹secret:") == 1
    assert digits(redacted) == digits(redactor.value({"password": value}))
    assert redactor.text(redacted) == redacted


IN_ONE_LINE = [case for case in NAMED if "\n" not in case[2] and "&" not in case[2] and "cut off" not in case[2]]


@pytest.mark.parametrize(("kind", "value", "text"), IN_ONE_LINE)
def test_a_name_at_the_beginning_of_a_line_within_json_is_found(kind, value, text):
    for lines in (f"first\n{text}", f"first\r\n{text}\r\nlast"):
        expected = Redactor(b"key of the tests").text(lines)
        assert f"‹secret:{kind}:" in expected
        assert json.loads(Redactor(b"key of the tests").text(json.dumps([lines]))) == [expected]
        nested = json.loads(Redactor(b"key of the tests").text(json.dumps([json.dumps([lines])])))
        assert json.loads(nested[0]) == [expected]


VALUES = ["simple1", 'quo"te', "back\\slash", "ends\\", 'both\\"', "apo'strophe", "new\nline", "ünï", "‹x›", "a&b=c d"]


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_json_within_json_stays_json_and_keeps_one_fingerprint(redactor, value, depth, ascii_only):
    document = {"user": "bob", "password": value, "after": 'kept "here"', "pin": 1234, "cards": [4111111111111111]}
    text = json.dumps(document, ensure_ascii=ascii_only)
    for _ in range(depth - 1):
        text = json.dumps({"arguments": text, "n": 1}, ensure_ascii=ascii_only)
    redacted = redactor.text(text)
    assert redactor.text(redacted) == redacted
    for _ in range(depth - 1):
        redacted = json.loads(redacted)["arguments"]
    assert json.loads(redacted) == redactor.value(document)


@pytest.mark.parametrize("value", ["p@ss wörd1", "a1b2c3&d=4", "100%sure1"])
def test_a_form_body_gives_the_fingerprint_of_the_decoded_value(redactor, value):
    body = urlencode({"user": "bob", "password": value, "z": 1}, quote_via=quote)
    assert digits(redactor.text(body)) == digits(redactor.value({"password": value}))


@pytest.mark.parametrize(
    "text",
    [
        "https://x.test/?next=" + quote("https://y.test/?token=a1b2c3d4&z=1", safe=""),
        html.escape('{"token": "a1b2c3d4", "z": "a1"}'),
        quote('{"token":"a1b2c3d4","z":"a1"}', safe=""),
        "{'token': 'a1b2c3d4', 'z': 'a1'}",
    ],
    ids=["nested URL", "HTML attribute", "JSON in a URL", "Python"],
)
def test_an_encoded_assignment_is_found(redactor, text):
    redacted = redactor.text(text)
    assert "a1b2c3d4" not in redacted
    assert digits(redacted) == digits(redactor.value({"token": "a1b2c3d4"}))


def test_what_follows_a_quoted_value_is_kept(redactor):
    assert redactor.text('{"password": "x y", "note": "kept"}').endswith('›", "note": "kept"}')


def test_a_password_field_without_a_value_is_kept(redactor):
    text = "<input type='password' name='p'> <input type='password' value=>"
    assert redactor.text(text) == text


def test_a_password_in_a_url_has_the_fingerprint_of_the_decoded_one(redactor):
    redacted = redactor.text("https://jo:a%20secret%ff@x.test/")
    assert digits(redacted) == digits(redactor.value({"password": "a secret\udcff"}))


def test_a_quote_that_ends_the_json_string_around_it_opens_no_value(redactor):
    text = json.dumps({"<input type=password value=": 1, ">": 2, "type the password:": 3, "password=": "abc123"})
    assert redactor.text(text) == text
    assert redactor.text("[" + text + "]") == "[" + text + "]"


@pytest.mark.parametrize(
    "around",
    ["password: {}", "db:\n  password: {}\n  port: 3", "password = {}", "Server=x;Pwd={};Encrypt=true",
     "host=h password={} x=1",     "wget --password={} http://x.test",
     "pw={}", '<input type=password value={} />', "Password: {}."],
)  # fmt: skip
@pytest.mark.parametrize("secret", ["Tr0ub4d&3xyzw", "a1B2&c3D4&e5F6"])
def test_an_ampersand_in_a_value_belongs_to_it(around, secret):
    redacted = Redactor(b"key").text(around.format(secret))
    before, after = around.split("{}")
    assert redacted.startswith(f"{before}‹secret:")
    assert redacted.endswith(f"›{after}")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("user=a&password=Sup3rS3cret&remember=1", "&remember=1"),
        ("https://x.test/?password=Sup3rS3cret&remember", "&remember"),
        ("password=Sup3rS3cret&amp;x=1", "&amp;x=1"),
        ("password=Sup3rS3cret&&ls", "&&ls"),
        ("password=Sup3rS3cret& ls", "& ls"),
        ("password: Sup3rS3cret&nbsp;", "&nbsp;"),
    ],
)
def test_what_an_ampersand_separates_stays(text, kept):
    redacted = Redactor(b"key").text(text)
    assert "Sup3rS3cret" not in redacted
    assert redacted.endswith(f"›{kept}")
