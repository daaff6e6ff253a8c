"""Input made to be slow or to fail."""

import base64
import tracemalloc

import pytest

from sentric.redaction import Redactor, former_keys, personal, personal_kinds
from support.linear import assert_linear

SIZE = 8_000


def redacting(text):
    redactor = Redactor(b"key", former=former_keys("a:b"), personal=personal_kinds("all"))
    redactor.add_secret("Curlew-33-Marsh")
    return lambda: (redactor.text(text), personal(text))


REPEATED = [
    "a", " ", "\\", '"', "4", "\ud800", "é", "‹", "password",
    "password:", "password: ", "password=", 'password="',
    'password=\\"', "password='password=\"", "token=a1b2c3d4 ",
    "password:x,", "4111111111111111 ", "[4111111111111111,\"",
    "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\n-----END ",
    "eyJ", "eyJaaaaaaaaa.", "a://b:", "a://b:c@",
    "<input type=password ", "<input type=password value=",
    "cookie: a=b ", 'cookie: "a', "cookie: a", "otp ", "otp is 1234 ",
    "‹secret:password:12345678›", "‹secret:", "\\u2039secret:a:12345678\\u203a",
    "curl ", "curl -u a:b ", "curl -u a:", "<meta name=csrf content=", "<input name=token ", "<password>",
    "<password>a</", "seed phrase: abandon ", "seed phrase: ", "abandon ", "\uff14", "4\u200b", "&code=",
    "&sig=a1b2c3d4e5", "api key is ", "api key: ", "pin is ", "password: abcde, ", "1234567890:",
    "bearer ", "basic aaaaaaaa ", "%3D", "&quot;",
    "aA0aA0aA0aA0aA0a", "AAAAAAAAAAAAAAAA ", "aaaaaaaaaaaaaaa2", "deadbeef", "de:ad:", "\\x41", "\\\\\\u0041",
    "%41", "%2541", "&#65;", "a\u200b", "\uff21", "\U000e0041", "\\u200b", "a\\u200b", "\\ud835", "\\ud835\\udc1a",
    "\\xe2\\x80", "%5c", "&#92;", "\\%5c&#92;", "a&zwnj;", "77u/", '"name":"password","value":', '"key":"', '"a":"b",',
    "b3BlbnNzaC1rZXktdjE\\n", "Private-Lines: 1\nAAAAAAAAAAAAAAAAAAAA\n", "a:bbbbb|chpasswd ", "redis-cli -a ",
    "code is 482913 share ", "TAN: ", "H4sIAAAAAAAA", "eJwAAAAAAAAAAAAA ",
    "recovery codes: a1b2c3d4 ", "recovery code", "login a/", "as a with password ", "api key\n", "/reset/", "=a+b",
    "AKIA", "AKIAAAAAAAAAAAAAAAAA ", "eyJaaaaaaaaaaaaa..", "sk-", "SG.", "mysql ", "mysql -p",
    "<td>password</td>", "password</b> <b>", "password**", "| password ", "('password', 'a1b2c3d4')", "password\"','",
    "docker login -p a1b2c3 ", "zip ", "name: a\nvalue: b\n", 'name="password"\n\n', "USER a PASS ", "password: a = ",
    "AUTH a1b2c3d4 ", "a:5432:b:c:d1e2f3 ", "user,pass:", "://a:b#", "your code is <b>", "\\u9a8c\\u8bc1",
    "sk.eyJaaaaaaaa", "re_aaaaaaaa_", "1/1234567890123:", "identified by '", "482913-", "recovery key a1b2c3d4 ",
    "ENV A ", "您的验证码是",
    "密码：", "contraseña: ", "+49 30 901820 ", "DE89 3704 ", "a@b.cd ", "@", "078-05-1120 ",
    "password&quot;:&quot;", 'token="a ', "(?:a+)+$", "\x00",
]  # fmt: skip


@pytest.mark.parametrize("part", REPEATED)
def test_repeated_text_takes_linear_time(part):
    assert_linear(lambda size: redacting(part * (size // len(part))), SIZE)
    assert_linear(lambda size: redacting('["' + part * (size // len(part))), SIZE)


def test_quotes_behind_ever_more_backslashes_take_linear_time():
    def quotes(size):
        return "".join("password=" + "\\" * n + '"' for n in range(int((2 * size) ** 0.5)))

    assert_linear(lambda size: redacting(quotes(size)), SIZE)


def test_ever_new_secrets_take_linear_time_and_bounded_memory():
    assert_linear(lambda size: redacting("".join(f"token=a1b2c3d{n} " for n in range(size // 20))), SIZE)
    redactor = Redactor(b"key")
    redactor.text("".join(f"token=a1b2c3d{n} " for n in range(1000)))
    assert redactor.evicted == 800


def test_a_deep_value_is_cut_before_the_stack_ends():
    value: list = []
    for _ in range(100_000):
        value = [value]
    assert "too deep" in str(Redactor(b"key").value(value))
    while value:  # taken apart by hand: the interpreter would do it recursively
        value = value.pop()


def test_a_long_text_in_an_encoding_takes_memory_in_proportion():
    text = base64.b64encode(b"a word " * 100_000).decode()
    redactor = Redactor(b"key")
    tracemalloc.start()
    redactor.text(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40 * len(text)
