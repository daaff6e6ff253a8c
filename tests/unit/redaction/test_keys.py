import pytest

from sentric.redaction.keys import LONGEST_KEY, context_of_key, kind_of_key


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("password", "password"),
        ("DB_PASSWORD", "password"),
        ("userPassword2", "password"),
        ("new-password-confirmation", "password"),
        ("db_pass", "password"),
        ("oldPwd", "password"),
        ("apiKey", "api_key"),
        ("X-Api-Key", "api_key"),
        ("aws_secret_access_key", "api_key"),
        ("client_secret", "secret"),
        ("refresh_token", "token"),
        ("resetToken", "token"),
        ("private_key", "private_key"),
        ("Proxy-Authorization", "authorization"),
        ("Set-Cookie", "cookie"),
        ("JSESSIONID", "cookie"),
        ("one_time_code", "otp"),
        ("2fa_code", "otp"),
        ("cvv2", "cvv"),
        ("loginPin", "pin"),
    ],
)
def test_a_name_says_what_kind_of_secret_stands_beside_it(name, kind):
    assert kind_of_key(name) == kind
    assert context_of_key(name) == (kind, False)


@pytest.mark.parametrize(
    "name",
    [
        "", "a", "___", "42", "pass", "passport", "compass",
        "spin", "tokens", "token_count", "max_tokens", "next_token",
        "nextPageToken", "eos_token", "password_field", "has_password", "show_password", "forgot_password",
        "session_id", "public_key", "key", "code", "secretary", "x" * LONGEST_KEY + "_password",
    ],
)  # fmt: skip
def test_other_names_say_nothing(name):
    assert kind_of_key(name) == ""


@pytest.mark.parametrize(
    ("name", "context"),
    [
        ("cookies", ("cookie", True)),
        ("sensitive_data", ("sensitive", True)),
        ("passwords", ("password", False)),
        ("api_keys", ("api_key", False)),
        ("x" * LONGEST_KEY + "_passwords", ("", False)),
    ],
)
def test_a_collection_is_known_by_its_plural(name, context):
    assert context_of_key(name) == context
