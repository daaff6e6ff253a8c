import json

import pytest

from sentric.redaction import Redactor
from sentric.redaction.scan import finder
from sentric.redaction.tokens import RUN_TOKENS, TOKENS, is_wallet_key

LETTERS = "a1B2c3D4e5F6g7H8i9J0"
HEX = "0123456789abcdef"
UUID = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"

# (kind, secret, text around it). Put together from parts, so that no scanner takes them for real ones.
ISSUED = [
    ("aws_access_key", "AKIA" + "IOSFODNN7EXAMPLE".replace("7", "Q"), "key {} in us-east-1"),
    ("aws_access_key", "ASIA" + "ABCDEFGHIJKLMNOP", "AWS_ACCESS_KEY_ID={}"),
    ("github_token", "ghp_" + LETTERS + LETTERS[:16], "git clone with {} please"),
    ("github_token", "github_pat_" + LETTERS + "_" + LETTERS, "({})"),
    ("gitlab_token", "glpat-" + LETTERS, "PRIVATE: {}"),
    ("slack_token", "xoxb-" + "123456789012-" + LETTERS, "bot {}"),
    ("slack_token", "xapp-1-" + "A0123-" + LETTERS, "app {}"),
    ("slack_webhook", "T0AB/B0CD/" + LETTERS, "https://hooks.slack.com/services/{}"),
    ("stripe_key", "sk_live_" + LETTERS, "charge with {}."),
    ("stripe_key", "whsec_" + LETTERS + "abcd", "{} signs"),
    ("anthropic_key", "sk-ant-api03-" + LETTERS, "use {}"),
    ("openai_key", "sk-proj-" + LETTERS + "-x_y", "use {}"),
    ("openai_key", "sk-" + LETTERS + LETTERS, "use {}"),
    ("google_key", "AIza" + (LETTERS * 2)[:35], "maps?k={}"),
    ("google_token", "ya29." + LETTERS, "{} expires"),
    ("google_token", "GOCSPX-" + LETTERS + "abcd", "client {}"),
    ("huggingface_token", "hf_" + LETTERS + LETTERS[:14], "login {}"),
    ("npm_token", "npm_" + LETTERS + LETTERS[:16], "//registry.npmjs.org/:_x={}"),
    ("pypi_token", "pypi-AgEIcHlwaS5vcmc" + LETTERS, "upload {}"),
    ("sendgrid_key", "SG." + (LETTERS * 2)[:22] + "." + (LETTERS * 3)[:43], "mail {}"),
    ("jwt", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0." + LETTERS, "session {} ok"),
    ("jwt", "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxMjM0In0.", "unsigned {} ok"),
    ("telegram_token", "123456789:AAE" + LETTERS + "abcd-_abcdeF", "https://api.telegram.org/bot{}/getMe"),
    ("discord_webhook", "123456789012345678/" + LETTERS * 3, "https://discord.com/api/webhooks/{}"),
    ("sentric_key", "sentric_sk_" + (LETTERS * 3)[:41] + "_-", "send {} along"),
    ("aws_secret_key", "wJalrXUtnFEMI7K7MDENG/bPxRfiCYzEXAMPLEKE", "AKIAABCDEFGHIJKLMNOP, {} are ours"),
    ("aws_bedrock_key", "ABSK" + LETTERS * 6, "use {}"),
    ("google_token", "1//0" + LETTERS * 2, "refresh {}"),
    ("azure_secret", "aB38Q~" + LETTERS + LETTERS[:13], "client {}"),
    ("azure_key", (LETTERS * 3)[:52] + "JQQJ99" + LETTERS, "cognitive {}"),
    ("alibaba_access_key", "LTAI5t" + LETTERS[:18], "id {}"),
    ("digitalocean_token", "dop_v1_" + HEX * 4, "doctl {}"),
    ("vault_token", "hvs." + LETTERS * 2, "vault {}"),
    ("terraform_token", LETTERS[:14] + ".atlasv1." + LETTERS * 3, "terraform {}"),
    ("heroku_key", "HRKU-" + LETTERS * 2, "heroku {}"),
    ("age_key", "AGE-SECRET-KEY-1" + (LETTERS.upper() * 3)[:58], "{}"),
    ("gitlab_token", "GR1348941" + LETTERS, "runner {}"),
    ("bitbucket_token", "ATBB" + LETTERS + LETTERS[:12], "{}"),
    ("atlassian_token", "ATATT3" + LETTERS * 3, "{}"),
    ("docker_token", "dckr_pat_" + LETTERS + "a-b_c1d2", "{}"),
    ("postman_key", "PMAK-" + (HEX * 2)[:24] + "-" + (HEX * 3)[:34], "{}"),
    ("figma_token", "figd_" + LETTERS * 2, "{}"),
    ("grafana_token", "glsa_" + LETTERS * 2, "{}"),
    ("sentry_token", "sntrys_" + LETTERS * 3, "{}"),
    ("newrelic_key", "NRAK-" + LETTERS, "{}"),
    (
        "teams_webhook",
        "0a-b@c/IncomingWebhook/" + HEX * 2 + "/" + (HEX * 3)[:36],
        "https://x.webhook.office.com/webhookb2/{}",
    ),
    ("square_token", "sq0atp-" + LETTERS + "ab", "{}"),
    ("square_token", "EAAAl" + LETTERS * 3, "{}"),
    ("shopify_token", "shpat_" + HEX * 2, "{}"),
    ("braintree_token", "access_token$production$" + HEX + "$" + HEX * 2, "{}"),
    ("langsmith_key", "lsv2_pt_" + HEX * 2 + "_" + HEX[:10], "{}"),
    ("wallet_key", "xprv" + ("abcdefghijkmnopqrstuvwxyz23456789" * 4)[:107], "{}"),
    ("wallet_key", "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ", "sweep {}"),
    ("wallet_key", "KwdMAjGmerYanjeui5SHS7JkmpZvVipYvB2LJGU1ZxJwYvP98617", "sweep {}"),
    ("jwt", "eyJhbGciOiJSU0EtT0FFUCJ9." + LETTERS + "." + LETTERS + "." + LETTERS + "." + LETTERS, "encrypted {} ok"),
    ("databricks_token", "dapi" + HEX * 2, "{}"),
    ("rubygems_key", "rubygems_" + HEX * 3, "{}"),
    ("nuget_key", "oy2" + (LETTERS.lower() * 3)[:43], "{}"),
    ("crates_token", "cio" + (LETTERS * 2)[:32], "{}"),
    ("linear_key", "lin_api_" + LETTERS * 2, "{}"),
    ("notion_token", "ntn_" + LETTERS * 2, "{}"),
    ("notion_token", "secret_" + (LETTERS * 3)[:43], "{}"),
    ("airtable_token", "pat" + LETTERS[:14] + "." + HEX * 4, "{}"),
    ("doppler_token", "dp.pt." + LETTERS * 2, "{}"),
    ("twilio_key", "SK" + HEX * 2, "{}"),
    ("mailgun_key", "key-" + HEX * 2, "{}"),
    ("mailchimp_key", HEX * 2 + "-us12", "{}"),
    ("facebook_token", "EAAB" + LETTERS * 5, "{}"),
    ("groq_key", "gsk_" + LETTERS * 2, "{}"),
    ("xai_key", "xai-" + LETTERS * 4, "{}"),
    ("perplexity_key", "pplx-" + LETTERS * 2, "{}"),
    ("replicate_token", "r8_" + (LETTERS * 2)[:37], "{}"),
    ("langfuse_key", "sk-lf-" + UUID, "{}"),
    ("tavily_key", "tvly-dev-" + LETTERS, "{}"),
    ("nvidia_key", "nvapi-" + LETTERS * 3, "{}"),
    ("together_key", "tgp_v1_" + LETTERS * 2 + "-_x", "{}"),
    ("supabase_key", "sb_secret_" + LETTERS, "{}"),
    ("supabase_key", "sbp_" + (HEX * 3)[:40], "{}"),
    ("planetscale_token", "pscale_pw_" + LETTERS * 2, "{}"),
    ("fly_token", "fm2_" + LETTERS * 3 + "/+==", "FlyV1 {}"),
    ("resend_key", "re_" + LETTERS[:8] + "_" + (LETTERS * 2)[:24], "{}"),
    ("hubspot_token", "pat-na1-" + UUID, "{}"),
    ("plaid_token", "access-sandbox-" + UUID, "{}"),
    ("circleci_token", "CCIPAT_" + (LETTERS * 2)[:22] + "_" + (HEX * 3)[:40], "{}"),
    ("contentful_token", "CFPAT-" + (LETTERS * 3)[:43], "{}"),
    ("dynatrace_token", "dt0c01." + ("A2B3C4D5" * 3) + "." + "A2B3C4D5" * 8, "{}"),
    ("mapbox_token", "sk.eyJ" + LETTERS * 2 + "." + LETTERS + "ab", "{}"),
    ("onepassword_token", "ops_eyJ" + LETTERS * 4, "{}"),
    ("flutterwave_key", "FLWSECK_TEST-" + HEX * 2, "{}-X"),
    ("okta_token", "SSWS 00" + LETTERS * 2, "Authorization: {}"),
    ("discord_token", "MTA" + (LETTERS * 2)[:23] + "." + LETTERS[:6] + "." + (LETTERS * 2)[:38], "bot {}"),
    ("zapier_webhook", "123456/a1b2c3d", "https://hooks.zapier.com/hooks/catch/{}"),
    ("asana_token", "1/12345678901234:" + HEX * 2, "{}"),
    ("razorpay_key", "rzp_live_" + LETTERS[:14], "{}"),
    ("firecrawl_key", "fc-" + HEX * 2, "{}"),
    ("elevenlabs_key", "sk_" + HEX * 3, "{}"),
    ("cerebras_key", "csk-" + LETTERS.lower() * 2, "{}"),
    ("fireworks_key", "fw_" + (LETTERS * 2)[:24], "{}"),
    ("posthog_key", "phx_" + LETTERS * 2, "{}"),
    ("pulumi_token", "pul-" + (HEX * 3)[:40], "{}"),
    ("netlify_token", "nfp_" + LETTERS * 2, "{}"),
    ("vercel_token", "vcp_" + LETTERS * 2, "{}"),
    ("neon_key", "napi_" + LETTERS * 3, "{}"),
    ("sonar_token", "squ_" + (HEX * 3)[:40], "{}"),
    ("buildkite_token", "bkua_" + (HEX * 3)[:40], "{}"),
    ("artifactory_key", "AKCp" + LETTERS * 3 + LETTERS[:9], "{}"),
    ("tencent_key", "AKID" + (LETTERS * 2)[:32], "{}"),
    ("yandex_key", "AQVN" + (LETTERS * 2)[:35], "{}"),
    ("prefect_key", "pnu_" + (LETTERS * 2)[:36], "{}"),
    ("readme_key", "rdme_" + (LETTERS.lower() * 4)[:70], "{}"),
    ("dropbox_token", "sl.u." + LETTERS * 6, "{}"),
    ("shippo_token", "shippo_live_" + (HEX * 3)[:40], "{}"),
    ("easypost_key", "EZAK" + (LETTERS * 3)[:54], "{}"),
    ("duffel_token", "duffel_live_" + (LETTERS * 3)[:43], "{}"),
]


@pytest.fixture
def redactor():
    return Redactor(b"key of the tests")


@pytest.mark.parametrize(("kind", "secret", "around"), ISSUED)
def test_a_token_of_a_known_issuer_is_replaced_and_nothing_else(redactor, kind, secret, around):
    redacted = redactor.text(around.format(secret))
    before, after = redactor.text(around.format("\0")).split("\0")
    assert redacted.startswith(f"{before}‹secret:{kind}:")
    assert redacted.endswith(f"›{after}")
    assert redacted.count("‹secret:") == 1 + ("AKIA" in around)
    assert redactor.text(redacted) == redacted


@pytest.mark.parametrize(("kind", "secret", "around"), ISSUED)
def test_a_token_at_the_beginning_of_a_line_within_json_is_found(redactor, kind, secret, around):
    redacted = redactor.text(json.dumps({"text": json.dumps(f"first\n{around.format(secret)}\nlast")}))
    assert secret not in redacted
    assert f"‹secret:{kind}:" in redacted
    assert json.loads(json.loads(redacted)["text"]).endswith("last")


@pytest.mark.parametrize(
    "detector", [*TOKENS, *RUN_TOKENS], ids=lambda detector: f"{detector.kind} {detector.pattern[:32]}"
)
def test_every_row_has_a_case(detector):
    find = finder(detector)
    assert any(find(around.format(secret).encode()) for kind, secret, around in ISSUED if kind == detector.kind)


@pytest.mark.parametrize("change", [lambda key: key[:-1] + "1", lambda key: "K" + key[1:][::-1], lambda key: "L" * 52])
def test_a_wallet_key_has_its_check_digits(change):
    key = "KwdMAjGmerYanjeui5SHS7JkmpZvVipYvB2LJGU1ZxJwYvP98617"
    assert is_wallet_key(key.encode())
    assert not is_wallet_key(change(key).encode())


@pytest.mark.parametrize(
    "text",
    [
        "risk-assessmentsofthewholeproject", "sk-spinner", "npm_config_registry", "secret_key_base", "patience. abc",
        "key-value stores", "SKU0123456789", "Kensington and Llandudno", "EAAB", "us-east-1 ends-us1", "r8_x", "hf_x",
        "ASIA and the Pacific", "AKIA is a prefix", "eyJ is how a token begins", "https://discord.com/api/docs",
        "access_token$", f"run-{UUID} fc-{UUID} sk-lf-x", "call_a1B2c3D4e5F6g7H8i9J0a1B2",
        "chatcmpl-a1B2c3D4e5F6g7H8i9J0", "re_write_everything", "sl.no.such.thing", "fw_update",
        "access-control-allow", "123456789:AA", "Q~", "precio: 5",
        "xoxb-token-goes-here", "0123456789abcdef0123456789abcdef",
    ],
)  # fmt: skip
def test_what_only_begins_like_a_token_stays(redactor, text):
    assert redactor.text(text) == text
