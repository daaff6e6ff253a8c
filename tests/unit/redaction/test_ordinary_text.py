"""What reads like a secret to a careless pattern, and is none."""

import base64
import json

import pytest

from sentric.redaction import Redactor

PICTURE = base64.b64encode(bytes(range(256)) * 8).decode()

ORDINARY = [
    # prose
    "Reset your password here",
    "password: required",
    "Password: must be at least 8 characters",
    "Enter your password to continue. Forgot password?",
    "Your password is incorrect",
    "the password is hidden",
    "Password (required): ",
    "Password:\n\nForgot your password?",
    "The token: a short history",
    "Secret: nobody knows",
    "It is a secret. Token of affection. Pass: 3, fail: 0",
    "bearer of good news, Bearer token authentication, basic knowledge of it",
    "Authorization: required",
    "Use OAuth2; password SHA256 hashes, password base64",
    "a one-time offer, an OTP, two-factor authentication",
    "Your zip code is 90210",
    "zip code is 941070. Do not forget it; promo code is 482913. It expires in 10 days",
    "TAN ist kurz, der Sicherheitscode ist erforderlich, le code de confirmation est obligatoire",
    '{"name":"password","value":"Password"} {"key":"password","type":"text","value":"required"}',
    '{"key":"forgot_password","value":"Forgot?x1"} {"key":"theme","value":"Sup3rS3cret"}',
    '{"name":"token","value":"${T}"}',
    '{"auth":"oauth2-client"} {"auth": "https://auth.example"} {"auth":"dGhpcyBpcyBhIHRlc3Q="} {"auth":"basic"}',
    "redis-cli -a $REDIS_PASS -h host -p 6379; echo $U:$P | chpasswd; cat users | chpasswd; Private-Lines: 8",
    "error code 404123, promo code 123456, country code 4915",
    "Security code review of everything",
    "cookies: we use them. Cookie: yes",
    "shipping: 1234 spin: 12345",
    "Password: Show\nPassword: Login\npassword: uppercase, lowercase, numbers",
    "API key: required. API key is invalid. The access token is expired. Private key: see below",
    "connect(password=db_password, passwd=passphrase) f(password: SecretStr)",
    "The PIN is four digits long, pin it 2024 times, use code 12345 to get 20% off",
    "seed phrase: write it down on paper, and keep it in a safe place",
    "Enter 3 to 5 words, use 2024 to date; your area code is 02115. Room PIN board 2024; pin 2024 posts",
    "a 6-digit code, your code of conduct 2024, my pin board 2024, le code 75001, Ihr Codex 2024",
    "**Password:** required | Password | Status2 | <td>Password</td><td>Required</td> <b>Secret</b>: none",
    "('password', 'password2', 'new_password_1') fields=[\"token\", \"user2\"] setPassword(newPassword2)",
    "password: str = 'password2' password: string = ''; set_token(token2) fill('#password', password1)",
    "docker login -u bob; docker run -p 8080:80 -it x2 login; ldapsearch -x -W; zip -r a.zip b2; openssl enc -k",
    "AUTH LOGIN2 PASS src/app2.test.js (0.3s) Pass: 12/13 pass=3; net user bob /add; identified by 'oauth2'",
    "ENV NODE_VERSION 20.1.0 ARG TOKEN - name: LOG_LEVEL\n  value: debug2 - name: PASSWORD\n  valueFrom: x2",
    "http://localhost:3000#a2@bob http://localhost:3000?u=a2@bob git@host:8080#x2",
    "/offers?code=SUMMER2024&sid=42&auth=basic&sig=none&code=checkout",
    # numbers
    "4111.1111.1111.1112 and 1\u00a0234\u00a0567\u00a0890\u00a0123",
    "order 4539578763621487 of 2024-11-21",  # fails the Luhn check
    "ISBN 978-3-16-148410-0, EAN 4006381333931",
    "call +1 (415) 555-2671 or 0049 30 901820",
    "0.4111111111111111 and 4111111111111111.5 and v4111111111111111",
    "1732165200000000000 ns, 17321652000000000 id",
    "0000000000000000 4444444444444444",
    "IBAN DE89 3704 0044 0532 0130 00",
    "41111111-1111-1111-1111-111111111111",
    "tokens: 1523, max_tokens=4096, total_tokens: 12, prompt_token: 77",
    # identifiers
    "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
    "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "next_page_token=CAUQAA2 nextPageToken: 'CAUQAA22' eos_token=</s2>",
    "session_id=0b1946ac92492d2347c6235b4d2611184",
    "PWD: pwd sk-spinner sk-folding-cube-animation-large xoxb-token-goes-here",
    "jane.doe@example.com +44 20 7946 0958 Jane Doe, 221B Baker Street",
    f"data:image/png;base64,{PICTURE}",
    # markup and code
    '<input type=submit name="reset_password" value="Reset2"> <input name=page_token value=CAUQAA22>',
    "<input name=token> value=CAUQAA22 > <input name=token_hint value=CAUQAA22>",
    "<password>required</password><Password>Choose a long one</Password>",
    '<meta name="csrf-param" content="authenticity_token"> curl -u $USER:$PASSWORD https://x.test',
    '<input name="password" type="password" placeholder="Password:" required>',
    "<input type=password value=''>",
    '<label for="otp">One-time code</label><input id=otp autocomplete="one-time-code">',
    '<div class="token keyword">if</div> <a href="x.html" accesskey="n" rel=next accesskey=1>',
    "passwd anonymous@ authorization: Optional[str] = None",
    "http://localhost:3000?user=@bob http://localhost:3000#@bob",
    "--color-token: #a1b2c3; --pin: 12px",
    'print("Password: ")',
    'getpass("Password: ").strip()',
    "password = get_password2(user)",
    "password=config.password_v2, token=os.environ_2",
    "self.password = self.request.password1",
    "password: str | None = None",
    "api_key: process.env.OPENAI_API_KEY_2",
    "api_key=None, token=null, secret=undefined",
    "token=S3_SECRET_TOKEN",
    "PASSWORD=$DB_PASSWORD",
    "password=${PASSWORD1} token={{ token1 }} secret=%(secret)s api_key=<your-key-1>",
    "password=******** token=xxxxxxxx",
    'api_key="your-api-key-here"',
    "https://user:password@example.com/ and https://user:${TOKEN1}@example.com/",
    "http://localhost:8080/@scope/x, ssh://git@example.com:22/x",
    "token: https://example.com/docs2 secret: v1.2.3-beta4",
    # agents
    '{"text": "<secret>bank_password</secret>", "password": "<secret>p2</secret>"}',
    json.dumps({"password": "string", "token": {"type": "string"}, "required": ["password"], "show_password": True}),
    json.dumps([{"token": " Hello", "logprob": -0.1}, {"token": "The quick brown fox jumps"}]),
    json.dumps({"password": "", "secret": None, "token": 5, "pin": 13, "cvv": 12345, "otp": 1}),
    "password: ‹secret:password:0a1b2c3d›",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_stays_as_it_is(text):
    assert Redactor(b"key of the tests").text(text) == text


@pytest.mark.parametrize(
    "value",
    [
        {"token_count": 5000, "tokens": 90000, "max_tokens": 4096, "usage": {"prompt_tokens": 123456}},
        {"password_field": "user[password]", "password_reset_url": "/reset", "has_password": "yes1", "pass": "ok1"},
        {"password": True, "secret": None, "token": 12, "cookie": 1.5, "api_key": 7, "pin": 13},
        {"properties": {"password": {"type": "string", "description": "At least 8 characters"}}},
        {"password": "required", "token": "str", "otp": "optional", "cvv": "invalid", "pin": "many", "secret": "***"},
        ["password", "email"],
        [["password", "email"], ["Accept", "text/html"]],
        {"name": "colour", "value": "blue"},
        {"name": 5, "value": "blue"},
        {"sequence": 1732165200000000000, "big": 10**30, "negative": -4111111111111111},
        {"session_id": "0b1946ac-1", "public_key": "abc123def", "keyboard": "k3y", "name": "Jane"},
    ],
    ids=str,
)
def test_ordinary_values_stay_as_they_are(value):
    assert Redactor(b"key of the tests").value(value) == value
