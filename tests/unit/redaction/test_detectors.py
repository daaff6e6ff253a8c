import json

import pytest

from sentric.redaction import Redactor
from sentric.redaction.detectors import DETECTORS
from sentric.redaction.scan import finder

LETTERS = "a1B2c3D4e5F6g7H8i9J0"
PEM = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSjAgEAAoIBAQDJ"
OPENSSH = "b3BlbnNzaC1rZXkt" + "djEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\nQyNTUxOQAAACDx1y2z3A4b5C6d7E8f9"
PUTTY = "PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 2\n{}\nPrivate-MAC: ab"

# (kind, secret, text around it). Put together from parts, so that no scanner takes them for real ones.
KNOWN_BY_FORM = [
    ("private_key", f"-----BEGIN RSA PRIVATE KEY-----\n{PEM}\n-----END RSA PRIVATE KEY-----", "a {} b"),
    ("private_key", f"-----BEGIN PGP PRIVATE KEY BLOCK-----\n{PEM}\n-----END PGP PRIVATE KEY BLOCK-----", "{}\n"),
    ("private_key", f"-----BEGIN PRIVATE KEY-----\n{PEM}", "cut off: {}"),
    ("private_key", f"-----BEGIN PRIVATE KEY-----\n{PEM}\n-----END PRIV", "cut off later: {}"),
    ("private_key", OPENSSH, "key {} end"),
    ("private_key", OPENSSH, "{}\nnext words"),
    ("private_key", PEM.replace("\n", "") + "\n" + PEM.replace("\n", ""), PUTTY),
    ("authorization", "Ym9iOlN1cDNyUzNjcmV0", '{{"auths":{{"https://index.docker.test/v1/":{{"auth": "{}"}}}}}}'),
    ("authorization", LETTERS, "Authorization: Bearer {}"),
    ("authorization", LETTERS, "send Bearer {} along"),
    ("authorization", "dXNlcjpwYXNz", "Authorization: Basic {}"),
    ("authorization", "dXNlcjpwYXNzd29yZA==", "Proxy sends basic {}"),
    ("authorization", "abcdEFGHijkl", '{{"authorization": "Token {}"}}'),
    ("password", "hunter2", "postgres://bob:{}@db.internal:5432/x"),
    ("password", "Tr0ub4dor&3", "log in as bob with password {}, then"),
    ("password", "hunter2", "the password is {}."),
    ("authorization", "a1b2c3d4e5", "authorization={}"),
    ("password", "swordfish9", "mysql --password {} -u bob"),
    ("card", "4111111111111111", "pay with {} today"),
    ("card", "5555555555554444", "card:{},"),
    ("card", "378282246310005", "amex {}."),
    ("card", "6011111111111117", "({})"),
    ("card", "3530111333300000", "jcb {}"),
    ("otp", "482913", "Your verification code is {}."),
    ("otp", "4829", "OTP: {}"),
    ("otp", "482913", "code is {}. Do not share"),
    ("otp", "482913", "Your code: {}. It expires in 10 minutes"),
    ("otp", "839201", "Ihr TAN lautet {}"),
    ("otp", "839201", "Ihr Sicherheitscode ist {}."),
    ("otp", "839201", "Bestätigungscode: {}"),
    ("otp", "839201", "Su código de verificación es {}"),
    ("otp", "839201", "Votre code de sécurité est : {}"),
    ("otp", "482913", "G-{} is your Google verification code."),
    ("otp", "482913", "Your one-time passcode:\n\n**{}**\n"),
    ("otp", "482913", "Your login code is <b>{}</b>"),
    ("cvv", "123", "exp 12/30 CVV {}"),
    ("cvv", "1234", "cvc code: {}"),
    ("cvv", "123", "Security code: {}"),
    ("cvv", "123", "exp 12/30, security code {}"),
    ("otp", "482913", "<p>Your verification code is:</p><h1 style='font-size:32px'>{}</h1>"),
    ("otp", "482913", "<td>{}</td> is your confirmation code"),
    ("otp", "482913", "Your 6-digit code is {}"),
    ("otp", "482913", "Your temporary code: {}"),
    ("otp", "482913", "Use {} to sign in"),
    ("otp", "482913", "Enter {} to verify your email"),
    ("otp", "482913", "Ihr Code lautet {}"),
    ("otp", "482913", "Il tuo codice di verifica è {}"),
    ("otp", "482913", "Seu código de verificação é {}"),
    ("otp", "482913", "Je verificatiecode is {}"),
    ("otp", "482913", "您的验证码是{}，请勿泄露"),
    ("otp", "482913", "認証コードは{}です"),
    ("otp", "482913", "Код подтверждения: {}"),
    ("pin", "4829", "the PIN for my card is {}"),
    ("pin", "4829", "card PIN {}"),
    ("recovery_code", "-".join(["482913"] * 8), "BitLocker: {}"),
    ("card", "6759649826438453", "maestro {}"),
    ("password", "xK9#mQ2$vL7p", "postgresql://app:{}@db.internal:5432/x"),
    ("password", "p@ss:W0rd9", "postgresql://app:{}@db.internal:5432/x"),
    ("password", "sunflower", "curl -su bob:{} https://x.test"),
    ("pin", "483920", "the PIN is {}."),
    ("pin", "4711", "pin code: {}"),
    ("otp", "482910", "Use code {} to sign in"),
    ("api_key", "aK9xQ2mZ7", "my API key is {}."),
    (
        "secret",
        "abandon ability able about above absent absorb abstract absurd abuse access accident",
        "Seed phrase: {}",
    ),
    (
        "secret",
        "legal winner thank year wave sausage worth useful legal winner thank yellow",
        "recovery phrase is: {}.",
    ),
    ("password", "sunflower", "<auth><password>{}</password></auth>"),
    ("password", "sunflower", "curl -s -u bob:{} https://x.test"),
    ("password", "sunflower", "curl --user 'bob:{}' https://x.test"),
    ("token", "4/0AX4XfWh2mZ7q", "https://x.test/cb?state=on&code={}&z=1"),
    ("token", "0bQ946acX2mZ7q", "https://x.test/?sid={}"),
    ("token", "0b1946ac92492d23", "https://x.test/?session_id={}#top"),
    ("token", "0b1946ac92492d23", "/file?X-Amz-Signature={}"),
    ("token", "aK9xQ2mZ7", "/file?z=1&amp;sig={}"),
    ("token", "aK9xQ2mZ7", "/file?signature={}"),
    ("token", "aK9xQ2mZ7", "/file?auth={}&z=1"),
    ("secret", "aK9xQ2mZ7", "/cb?client_secret={}&z=1"),
    ("card", "4111111111111111", "card_{}"),
    ("card", "4111111111111111", "card={}"),
]


@pytest.fixture
def redactor():
    return Redactor(b"key of the tests")


@pytest.mark.parametrize(("kind", "secret", "around"), KNOWN_BY_FORM)
def test_a_secret_known_by_its_form_is_replaced_and_nothing_else(redactor, kind, secret, around):
    redacted = redactor.text(around.format(secret))
    before, after = around.format("\0").split("\0")
    assert redacted.startswith(f"{before}‹secret:{kind}:")
    assert redacted.endswith(f"›{after}")
    assert redacted.count("‹secret:") == 1
    assert redactor.text(redacted) == redacted


@pytest.mark.parametrize(("kind", "secret", "around"), KNOWN_BY_FORM)
@pytest.mark.parametrize("line_break", ["\n", "\t", "\r\n"], ids=repr)
def test_a_secret_at_the_beginning_of_a_line_within_json_is_found(redactor, kind, secret, around, line_break):
    text = f"first{line_break}{around.format(secret)}{line_break}{around.format(secret)}"
    for document in (text, [text], {"text": json.dumps({"text": text})}):
        redacted = redactor.text(json.dumps(document))
        assert secret not in redacted
        assert json.dumps(secret)[1:-1] not in redacted
        assert redacted.count(f"‹secret:{kind}:") == 2
        json.loads(redacted)


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda detector: f"{detector.kind} {detector.pattern[:24]}")
def test_every_detector_has_a_case(detector):
    find = finder(detector)
    disguised = "card " + "".join(chr(0xFF10 + int(digit)) for digit in "4111111111111111")
    texts = [around.format(secret) for kind, secret, around in KNOWN_BY_FORM if kind == detector.kind]
    assert any(find(text.encode()) for text in [*texts, disguised])


@pytest.mark.parametrize(
    "written",
    [
        "4111 1111 1111 1111", "4111-1111-1111-1111", "4111.1111.1111.1111", "4111  1111  1111  1111",
        "4111\u00a01111\u00a01111\u00a01111", "4111\u202f1111\u202f1111\u202f1111",
        "4111\u200b1111\u200b1111\u200b1111",
        "\u200d".join("4111111111111111"), "".join(chr(0xFF10 + int(digit)) for digit in "4111111111111111"),
        "4111111111111111",
    ],
    ids=ascii,
)  # fmt: skip
def test_a_card_has_one_fingerprint_however_it_is_written(redactor, written):
    assert redactor.text(f"card {written}") == redactor.text("card 4111111111111111")


def test_a_code_has_one_fingerprint_with_and_without_its_gap(redactor):
    assert redactor.text("OTP: 482 913") == redactor.text("OTP: 482913")


def test_a_key_has_one_fingerprint_with_line_breaks_and_with_escaped_ones(redactor):
    block = f"-----BEGIN PRIVATE KEY-----\n{PEM}\n-----END PRIVATE KEY-----"
    assert redactor.text(block) == redactor.text(block.replace("\n", "\\n"))


def test_several_secrets_that_share_one_separator_are_all_found(redactor):
    redacted = redactor.text("4111111111111111 5555555555554444 378282246310005")
    assert redacted.count("‹secret:card:") == 3


def test_a_secret_in_a_structured_value_keeps_the_kind_of_its_form(redactor):
    token = "ghp_" + LETTERS + LETTERS[:16]
    assert redactor.value({"password": token}) == {"password": redactor.text(token)}
    assert "github_token" in redactor.text(token)
