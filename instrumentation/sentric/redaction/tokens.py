"""The table of credentials that their issuer gives a form of its own: cloud, code, chat, payment and model keys.

The forms are those of the issuers' documentation and of the secret scanning they take part in. To add one: a row here
and its case in the tests.
"""

import binascii
from collections.abc import Callable
from hashlib import sha256

from sentric.redaction.detector import Detector, anything, gate_of
from sentric.redaction.patterns import START

_BASE58 = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_W = "[A-Za-z0-9_-]"
_A = "[A-Za-z0-9]"
_H = "[0-9a-f]"
_END = r"\b"
_UUID = rf"{_H}{{8}}-{_H}{{4}}-{_H}{{4}}-{_H}{{4}}-{_H}{{12}}"
_WALLET = rf"{START}[KL5][1-9A-HJ-NP-Za-km-z]{{16}}"


def has_digit(value: bytes) -> bool:
    """Whether one of the bytes is an ASCII digit."""
    return any(48 <= byte <= 57 for byte in value)


def is_mixed(value: bytes) -> bool:
    """Whether a value has digits, small and capital letters: what no word and no constant has."""
    return has_digit(value) and value.lower() != value != value.upper()


def is_wallet_key(value: bytes) -> bool:
    """Whether a value is a Bitcoin private key in wallet import format: base58 with a double SHA-256 check."""
    number = 0
    for byte in value:
        number = number * 58 + _BASE58.index(byte)
    try:
        raw = binascii.unhexlify(f"{number:076x}"[-76:] if len(value) == 52 else f"{number:074x}"[-74:])
    except binascii.Error:
        return False
    return raw[0] == 0x80 and sha256(sha256(raw[:-4]).digest()).digest()[:4] == raw[-4:]


def _is_bot_token(value: bytes) -> bool:
    return is_mixed(value.partition(b":")[2])


def _token(kind: str, form: str, accept: Callable[[bytes], bool] = anything, gate: str = "") -> Detector:
    return Detector(kind, f"{START}({form})", accept, gate=gate or START + gate_of(form))


TOKENS = (
    # Clouds
    _token("aws_access_key", rf"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{{16}}{_END}", gate="AKIA|ASIA|ABIA|ACCA"),
    Detector(
        "aws_secret_key",
        r"(?:AKIA|ASIA)[A-Z2-7]{16}[^A-Za-z0-9/+]{1,4}(?:[A-Za-z_ ]{1,32}[^A-Za-z0-9/+]{1,5})?"
        r"([A-Za-z0-9/+]{40})(?:$|[^A-Za-z0-9/+=])",
        is_mixed,
        gate="AKIA|ASIA",
    ),
    _token("aws_bedrock_key", r"ABSK[A-Za-z0-9+/]{109}[A-Za-z0-9+/]*={0,2}", gate="ABSK"),
    _token("google_key", rf"AIza{_W}{{35}}", gate="AIza"),
    _token("google_token", rf"ya29\.{_W}{{20}}[A-Za-z0-9_.-]*", gate=r"ya29\."),
    _token("google_token", rf"GOCSPX-{_W}{{20}}{_W}*", gate="GOCSPX-"),
    _token("google_token", rf"1//0{_W}{{30}}{_W}*", is_mixed, gate="1//0"),
    Detector("azure_secret", rf"(?:^|[^A-Za-z0-9_~.-])({_A}{{3}}[0-9]Q~[A-Za-z0-9_~.-]{{31,34}})", gate="Q~"),
    _token("azure_key", rf"{_A}{{52}}JQQJ99{_A}{{18,26}}{_END}", gate="JQQJ99"),
    _token("alibaba_access_key", rf"LTAI[45]t{_A}{{18}}{_END}", gate="LTAI"),
    _token("digitalocean_token", rf"do[opr]_v1_{_H}{{64}}", gate="do[opr]_v1_"),
    _token("vault_token", rf"hv[sbr]\.{_W}{{24}}{_W}*", is_mixed, gate=r"hv[sbr]\."),
    _token("terraform_token", rf"{_A}{{14}}\.atlasv1\.{_W}{{60}}{_W}*", gate=r"\.atlasv1\."),
    _token("heroku_key", rf"HRKU-{_W}{{36}}{_W}*", gate="HRKU-"),
    _token("age_key", r"AGE-SECRET-KEY-1[0-9A-Z]{58}", gate="AGE-SECRET-KEY-1"),
    # Code and packages
    _token("github_token", rf"gh[pousr]_{_A}{{36}}{_A}*", gate="gh[pousr]_"),
    _token("github_token", r"github_pat_[A-Za-z0-9_]{22}[A-Za-z0-9_]*", gate="github_pat_"),
    _token(
        "gitlab_token",
        rf"gl(?:pat|ptt|dt|rt|rtr|cbt|soat|ft|ffct|imt|oas|agent|wt)-{_W}{{20}}[A-Za-z0-9_.-]*",
        gate="gl(?:pat|ptt|dt|rt|rtr|cbt|soat|ft|ffct|imt|oas|agent|wt)-",
    ),
    _token("gitlab_token", rf"GR1348941{_W}{{20}}{_W}*", gate="GR1348941"),
    _token("bitbucket_token", rf"ATBB{_A}{{28}}{_A}*", is_mixed, gate="ATBB"),
    _token("atlassian_token", rf"ATATT3{_W}{{50}}[A-Za-z0-9_=-]*", gate="ATATT3"),
    _token("pypi_token", rf"pypi-AgE(?:IcHlwaS5vcmc|NdGVzdC5weXBpLm9yZ){_W}+", gate="pypi-AgE"),
    _token("docker_token", rf"dckr_(?:pat|oat)_{_W}{{27}}{_W}*", gate="dckr_"),
    _token("postman_key", rf"PMAK-{_H}{{24}}-{_H}{{34}}", gate="PMAK-"),
    _token("figma_token", rf"figd_{_W}{{30}}{_W}*", gate="figd_"),
    _token("grafana_token", rf"gl(?:sa|c)_{_W}{{32}}[A-Za-z0-9_=+/-]*", gate="gl(?:sa|c)_"),
    _token("sentry_token", r"sntry[su]_[A-Za-z0-9+/=_-]{40}[A-Za-z0-9+/=_-]*", gate="sntry[su]_"),
    _token("newrelic_key", r"NR(?:AK|II|JS)-[A-Za-z0-9_-]{20}[A-Za-z0-9_-]*", has_digit, gate="NR(?:AK|II|JS)-"),
    # Chat and mail
    _token("slack_token", r"xox[abeoprs](?:\.xox[bp])?-[A-Za-z0-9-]{10}[A-Za-z0-9-]*", has_digit, gate="xox[abeoprs]"),
    _token("slack_token", r"xapp-[0-9]-[A-Za-z0-9-]{10}[A-Za-z0-9-]*", gate="xapp-"),
    Detector(
        "slack_webhook",
        r"\bhooks\.slack\.com/(?:services|workflows)/([A-Za-z0-9]+/[A-Za-z0-9]+/[A-Za-z0-9/]+)",
        gate=r"hooks\.slack\.com/",
    ),
    Detector(
        "discord_webhook",
        rf"\bdiscord(?:app)?\.com/api/(?:v[0-9]+/)?webhooks/([0-9]{{17,20}}/{_W}{{20}}{_W}*)",
        gate=r"discord(?:app)?\.com/api/",
    ),
    Detector(
        "telegram_token",
        rf"(?:bot|{START})([0-9]{{8,10}}:AA{_W}{{30}}{_W}*)(?:$|[^A-Za-z0-9_-])",
        _is_bot_token,
        gate=":AA",
    ),
    Detector(
        "teams_webhook",
        rf"\.webhook\.office\.com/webhookb2/([0-9a-f@-]+/IncomingWebhook/{_H}{{32}}/[0-9a-f-]{{36}})",
        gate=r"\.webhook\.office\.com/",
    ),
    _token("sendgrid_key", rf"SG\.{_W}{{22}}\.{_W}{{43}}", gate=r"SG\."),
    # Payment and shops
    _token("stripe_key", rf"[sr]k_(?:live|test)_{_A}{{16}}{_A}*", gate="[sr]k_(?:live|test)_"),
    _token("stripe_key", r"whsec_[A-Za-z0-9+/]{24}[A-Za-z0-9+/]*", gate="whsec_"),
    _token("square_token", rf"sq0(?:atp|csp)-{_W}{{22}}{_W}*", gate="sq0(?:atp|csp)-"),
    _token("square_token", rf"EAAA[lE]{_W}{{59}}{_W}*", has_digit, gate="EAAA[lE]"),
    _token("shopify_token", rf"shp(?:at|ca|pa|ss|ua)_{_H}{{32}}", gate="shp(?:at|ca|pa|ss|ua)_"),
    _token("razorpay_key", rf"rzp_(?:live|test)_{_A}{{14}}{_END}", is_mixed, gate="rzp_(?:live|test)_"),
    _token("braintree_token", rf"access_token\$(?:production|sandbox)\${_A}{{16}}\${_H}{{32}}", gate=r"access_token\$"),
    # Sentric's own
    _token("sentric_key", rf"sentric_sk_{_W}{{43}}", gate="sentric_sk_"),
    # Models
    _token("anthropic_key", rf"sk-ant-{_W}{{20}}{_W}*", gate="sk-ant-"),
    _token("openai_key", rf"sk-(?:proj|svcacct|admin|or-v1)-{_W}{{20}}{_W}*", gate="sk-(?:proj|svcacct|admin|or-v1)-"),
    _token("langsmith_key", rf"lsv2_(?:pt|sk)_{_H}{{32}}_{_H}{{10}}", gate="lsv2_"),
    _token("langfuse_key", rf"sk-lf-{_UUID}", gate="sk-lf-"),
    _token("tavily_key", rf"tvly-{_W}{{20}}{_W}*", is_mixed, gate="tvly-"),
    _token("nvidia_key", rf"nvapi-{_W}{{40}}{_W}*", gate="nvapi-"),
    _token("together_key", rf"tgp_v1_{_W}{{40}}{_W}*", gate="tgp_v1_"),
    # Hosting, data and the rest
    _token("supabase_key", rf"sb_secret_{_W}{{20}}{_W}*", gate="sb_secret_"),
    _token("planetscale_token", rf"pscale_(?:pw|tkn|oauth)_{_W}{{32}}{_W}*", gate="pscale_"),
    _token("fly_token", r"fm[12][a-z]?_[A-Za-z0-9+/=_-]{40}[A-Za-z0-9+/=_-]*", gate="fm[12][a-z]?_"),
    _token("resend_key", rf"re_{_A}{{8}}_{_A}{{24}}{_END}", is_mixed, gate=rf"{START}re_{_A}+_"),
    _token("hubspot_token", rf"pat-(?:na|eu|ap)[0-9]-{_UUID}", gate="pat-(?:na|eu|ap)[0-9]-"),
    _token("plaid_token", rf"access-(?:production|development|sandbox)-{_UUID}", gate="access-(?:prod|dev|sand)"),
    _token("circleci_token", rf"CCI(?:PAT|PRJ)_{_A}{{22}}_{_H}{{40}}", gate="CCIP"),
    _token("contentful_token", rf"CFPAT-{_W}{{43}}", gate="CFPAT-"),
    _token("dynatrace_token", r"dt0[a-z]0[0-9]\.[A-Z2-7]{24}\.[A-Z2-7]{64}", gate=r"dt0[a-z]0[0-9]\."),
    _token("mapbox_token", rf"sk\.eyJ{_W}{{20}}{_W}*\.{_W}{{20}}{_W}*", gate=r"sk\.eyJ"),
    _token("onepassword_token", rf"ops_eyJ{_W}{{40}}{_W}*", gate="ops_eyJ"),
    _token("flutterwave_key", rf"FLWSECK(?:_TEST)?-{_H}{{32}}", gate="FLWSECK"),
    _token("okta_token", rf"SSWS 00{_W}{{30}}{_W}*", gate="SSWS 00"),
    Detector(
        "discord_token",
        rf"{START}([MNO]{_W}{{23,27}}\.{_W}{{6}}\.{_W}{{27,38}})(?:$|[^A-Za-z0-9_-])",
        is_mixed,
        gate=rf"[MNO]{_W}{{8}}{_W}*\.{_W}+\.{_W}",
    ),
    Detector("zapier_webhook", r"\bhooks\.zapier\.com/hooks/catch/([0-9]+/[A-Za-z0-9]+)", gate=r"hooks\.zapier\."),
    Detector(
        "asana_token",
        rf"{START}([12]/[0-9]{{13,17}}(?:/[0-9]{{13,17}})?:{_H}{{32}}){_END}",
        gate=rf"[0-9]:{_H}{{16}}",
    ),
    # Wallets
    _token("wallet_key", r"xprv[1-9A-HJ-NP-Za-km-z]{107}\b", gate="xprv"),
    # JSON Web Tokens (RFC 7519), signed and encrypted
    _token("jwt", rf"eyJ{_W}{{8}}{_W}*\.eyJ{_W}{{4}}{_W}*(?:\.{_W}*)?", gate="eyJ"),
    _token("jwt", rf"eyJ{_W}{{12}}{_W}*\.{_W}*\.{_W}{{8}}{_W}*\.{_W}{{8}}{_W}*\.{_W}{{16}}{_W}*", gate="eyJ"),
)
"""Known by a beginning that is rare in other text."""

RUN_TOKENS = (
    _token("databricks_token", rf"dapi{_H}{{32}}(?:-[0-9])?{_END}"),
    _token("npm_token", rf"npm_{_A}{{36}}{_END}"),
    _token("rubygems_key", rf"rubygems_{_H}{{48}}"),
    _token("nuget_key", r"oy2[a-z0-9]{43}\b", has_digit),
    _token("crates_token", rf"cio{_A}{{32}}{_END}", is_mixed),
    _token("linear_key", rf"lin_(?:api|oauth)_{_A}{{32}}{_A}*"),
    _token("notion_token", rf"ntn_{_A}{{40}}{_A}*"),
    _token("notion_token", rf"secret_{_A}{{43}}{_END}", is_mixed),
    _token("airtable_token", rf"pat{_A}{{14}}\.{_H}{{64}}", gate=rf"{_A}\.{_H}{{16}}"),
    _token("doppler_token", rf"dp\.(?:pt|st|ct|sa|scim|audit)\.(?:[a-z0-9_-]{{2,35}}\.)?{_A}{{40,44}}{_END}"),
    _token("twilio_key", rf"SK{_H}{{32}}{_END}"),
    _token("mailgun_key", rf"key-{_H}{{32}}{_END}"),
    _token("mailchimp_key", rf"{_H}{{32}}-us[0-9]{{1,2}}{_END}", gate="-us[0-9]"),
    _token("facebook_token", rf"EAA[A-Za-z]{_A}{{80}}{_A}*", has_digit),
    _token("openai_key", rf"sk-{_A}{{20}}{_A}*", has_digit),
    _token("huggingface_token", rf"(?:hf|api_org)_{_A}{{30}}{_A}*", gate=rf"{START}(?:hf|api_org)_"),
    _token("firecrawl_key", rf"fc-{_H}{{32}}{_END}"),
    _token("elevenlabs_key", rf"sk_{_H}{{48}}{_END}"),
    _token("cerebras_key", r"csk-[a-z0-9]{40}[a-z0-9]*", has_digit),
    _token("fireworks_key", rf"fw_{_A}{{22,24}}{_END}", is_mixed),
    _token("posthog_key", rf"ph[xs]_{_A}{{40}}{_A}*", is_mixed),
    _token("supabase_key", rf"sbp_{_H}{{40}}{_END}"),
    _token("pulumi_token", rf"pul-{_H}{{40}}{_END}"),
    _token("netlify_token", rf"nfp_{_A}{{36}}{_A}*"),
    _token("vercel_token", rf"vc[pkairs]_{_A}{{24}}{_A}*", is_mixed),
    _token("neon_key", rf"napi_{_A}{{40}}{_A}*", is_mixed),
    _token("sonar_token", rf"sq[upa]_{_H}{{40}}{_END}"),
    _token("buildkite_token", rf"bk(?:ua|ct|at)_{_H}{{40}}{_END}"),
    _token("artifactory_key", rf"AKCp{_A}{{60}}{_A}*", is_mixed),
    _token("tencent_key", rf"AKID{_A}{{32}}{_END}", is_mixed),
    _token("yandex_key", rf"AQVN{_W}{{35}}{_W}*", is_mixed),
    _token("prefect_key", rf"pn[ub]_{_A}{{36}}{_END}", is_mixed),
    _token("readme_key", r"rdme_[a-z0-9]{60}[a-z0-9]*"),
    _token("dropbox_token", rf"sl\.(?:u\.)?{_W}{{100}}{_W}*", is_mixed),
    _token("shippo_token", rf"shippo_(?:live|test)_{_H}{{40}}"),
    _token("easypost_key", rf"EZ[AT]K{_A}{{54}}{_END}", is_mixed),
    _token("duffel_token", rf"duffel_(?:live|test)_{_W}{{43}}"),
    _token("groq_key", rf"gsk_{_A}{{40}}{_A}*"),
    _token("xai_key", rf"xai-{_A}{{60}}{_A}*"),
    _token("perplexity_key", rf"pplx-{_A}{{40}}{_A}*"),
    _token("replicate_token", rf"r8_{_A}{{37}}{_END}"),
    _token("wallet_key", rf"5[HJK][1-9A-HJ-NP-Za-km-z]{{49}}{_END}", is_wallet_key, gate=_WALLET),
    _token("wallet_key", rf"[KL][1-9A-HJ-NP-Za-km-z]{{51}}{_END}", is_wallet_key, gate=_WALLET),
)
"""Known by an ordinary beginning and the row of letters and digits behind it: looked for only beside such a row."""
