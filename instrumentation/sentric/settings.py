"""The one table of settings.

A value is taken from the first of: an argument, the environment (`SENTRIC_<NAME>`), the file `sentric.yaml`, the
default. A secret may also be given as `SENTRIC_<NAME>_FILE`, the path of a file that holds it. The reference in
docs/reference/settings.md is generated from this table.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, cast

from sentric.stated import DEFAULT_FILE, PREFIX, Section, from_environment, from_file, parse

DEFAULT_PROJECT = "default"


def _setting(
    default: Any,
    doc: str,
    *,
    secret: bool = False,
    choices: tuple[str, ...] = (),
    minimum: float = 0,
    form: tuple[str, str] = ("", ""),
) -> Any:
    """Declare a setting; the type comes from the field's annotation. A form is a pattern, and words for it."""
    return field(
        default=default,
        metadata={"doc": doc, "secret": secret, "choices": choices, "minimum": minimum, "form": form},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting, with its value."""

    # The agent's side
    disabled: bool = _setting(False, "Turn Sentric off in this process: nothing is wrapped, nothing is sent.")
    mode: str = _setting(
        "observe",
        "`observe` computes and records verdicts and never holds anything up. `enforce` holds agents to them: what is "
        "blocked, not approved, or cannot be decided, verified or recorded is refused before a tool is called.",
        choices=("observe", "enforce"),
    )
    fail_mode: str = _setting(
        "closed",
        "`closed` refuses whatever cannot be decided, verified or recorded. `open:EFFECT,…` lets actions pass of which "
        "all effects are among these: read, write, send, execute, delete, pay, grant. Each is counted, and marked on "
        "its span. What a rule blocks or wants a person to approve is refused in any case.",
        form=(
            r"closed|open:(?:read|write|send|execute|delete|pay|grant)(?:,(?:read|write|send|execute|delete|pay|grant))*",
            "closed, or open: and some of read, write, send, execute, delete, pay, grant, separated by commas",
        ),
    )
    allow_loopback: bool = _setting(
        False, "Treat loopback addresses as a secure origin: for development against a local server. Reports show it."
    )
    capture: str = _setting(
        "full",
        "`full` captures arguments, results, page text and reasoning, redacted and capped; `metadata` captures none "
        "of them, and rules about content say that they were not evaluated. A service that decides is then told "
        "fingerprints instead of arguments: who is asked to approve sees the tool, the names of its arguments, what "
        "kind of action it is, its effects, the site and the rules.",
        choices=("full", "metadata"),
    )
    project: str = _setting(DEFAULT_PROJECT, "Project that the runs of this process belong to.")
    endpoint: str = _setting(
        "",
        "Base URL of the analyzer's OTLP/HTTP receiver, for SentricMonitor. Empty: the OTEL_* variables decide.",
    )
    url: str = _setting(
        "",
        "Base URL of the REST API that guards ask, and `sentric agents`, `approvals`, `decisions` and `incidents`, as "
        "`https://HOST:PORT`. Empty: guards decide alone, and the commands ask the service that runs on the data "
        "directory.",
    )
    api_key: str = _setting(
        "",
        "Key sent to the analyzer as a bearer token. Commands that ask a running service use `admin.key` in the data "
        "directory where this is empty.",
        secret=True,
    )
    decide_timeout: float = _setting(
        5.0, "Longest time, in seconds, that a guard asks the service for a decision, retries too.", minimum=0.1
    )
    guard_dir: str = _setting(
        "~/.local/share/sentric/guard",
        "Directory of what the guard keeps: the last good policy, and what it decided while the service was away, or "
        "where there is none.",
    )
    agent_id: str = _setting("", "Name of the agent that risk is kept under. Empty: each run is its own.")
    policy: str = _setting(
        "",
        "Path of a policy file. For an agent also `service`: the policy that is in force in the service at `url`. "
        "Empty: the shipped rules; for an agent in mode `enforce` with a `url`, the policy of the service.",
    )
    policy_key: str = _setting(
        "",
        "Public key that the service signs policies with, as `GET /v1/policies/key` gives it. An agent then takes no "
        "policy that is not signed with it; this needs `pip install 'sentric[guard]'`. Empty: signatures are not "
        "checked.",
        form=(r"(?:[A-Za-z0-9+/]{43}=)?", "the base64 of an Ed25519 public key"),
    )
    redaction_key: str = _setting(
        "",
        "Key of the fingerprints that stand for secrets. Processes that share it write the same fingerprint for the "
        "same secret. Empty: a random key for each process.",
        secret=True,
    )
    redaction_key_id: str = _setting(
        "",
        "Id of the redaction key, written into each fingerprint, so that those of a former key are told apart.",
        form=(r"[A-Za-z0-9_-]{0,16}", "up to 16 of A-Z a-z 0-9 _ -"),
    )
    redaction_former_keys: str = _setting(
        "",
        "Keys that were in use before, as `ID:KEY` separated by blanks: when one of their secrets is seen again, its "
        "old fingerprints become the new one.",
        secret=True,
        form=(r"\s*(?:[A-Za-z0-9_-]{0,16}:\S+(?:\s+|$))*", "ID:KEY, separated by blanks"),
    )
    redact_personal: str = _setting(
        "",
        "Personal data that is redacted too, separated by commas: email, phone, iban, ssn, account, name; `all` for "
        "all of it. Rules about recipients then see fingerprints instead of addresses.",
        form=(
            r"(?:\s*(?:all|email|phone|iban|ssn|account|name)\s*(?:,|$))*",
            "all, or some of email, phone, iban, ssn, account, name, separated by commas",
        ),
    )
    text_limit: int = _setting(16_384, "Longest captured argument, result or reasoning, in characters.", minimum=64)
    page_limit: int = _setting(65_536, "Longest captured page text, in characters.", minimum=64)
    exit_timeout: float = _setting(
        0.75, "Longest time, in seconds, that sending what is left may hold up the exit of the agent's process."
    )

    # The analyzer
    data_dir: str = _setting("~/.local/share/sentric", "Directory of the analyzer's log, store and keys.")
    store: str = _setting(
        "", "ClickHouse URL: `chdb:///PATH` embedded, or `http(s)://…`. Empty: embedded, in the data directory."
    )
    control: str = _setting(
        "",
        "SQL URL of the control state, which is keys, people, policies, agents, approvals and the audit: "
        "`sqlite:////PATH`, or `postgresql://…` for several services. Empty: `control.db` in the data directory.",
        secret=True,
    )
    signing_key: str = _setting(
        "",
        "Ed25519 key that checkpoints of the audit and policies are signed with: base64 of its 32 bytes, or PEM. "
        "Services that share their control state share it. Empty: `signing.key` in the data directory, made at the "
        "first start.",
        secret=True,
    )
    approval_timeout: float = _setting(
        300.0, "Seconds that somebody has to answer an approval: silence is a denial.", minimum=1
    )
    approval_use: float = _setting(
        300.0,
        "Seconds from then on in which the approved action must be done: later it is asked about again.",
        minimum=1,
    )
    two_person: str = _setting(
        "critical",
        "Severity from which on two people must approve; `never`: one is enough.",
        choices=("low", "medium", "high", "critical", "never"),
    )
    approvals: Section = _setting(  # noqa: RUF009  # a field, like every other here
        Section(),
        "Only in the file: who is asked about approvals, by chat, mail or phone, and in what order: docs/approvals.md.",
        secret=True,
    )
    model_url: str = _setting(
        "",
        "Base URL of an OpenAI-compatible API, such as `http://localhost:11434/v1`, whose model scores what rules with "
        "`score: true` match, judges runs and answers questions about approvals. Empty: none does.",
    )
    model_key: str = _setting("", "Key for that API. Empty: none is sent.", secret=True)
    model: str = _setting("", "Name of the model there.")
    score_timeout: float = _setting(
        3.0,
        "Seconds that a score may take: later counts as above the threshold. Guards wait no longer than their "
        "own `decide_timeout` for the whole decision.",
        minimum=0.1,
    )
    score_threshold: int = _setting(
        50, "Highest score, of 0 to 100, with which an action goes on as the rules say; above it a person is asked."
    )
    judge: str = _setting(
        "none",
        "Which runs the model judges when they are over: `none`, `flagged` (those with findings) or `all`.",
        choices=("none", "flagged", "all"),
    )
    judge_prompt: str = _setting(
        "", "File with words of your own that are added to what the model is told before it judges a run."
    )
    judge_daily: int = _setting(1000, "Most runs of a project that the model judges in 24 hours.", minimum=0)
    agents_kept: float = _setting(
        30.0,
        "Days after which an agent that was not seen is forgotten, where it has neither risk nor strikes, is not "
        "stopped, and waits for nothing.",
        minimum=1,
    )
    otlp_grpc: str = _setting("127.0.0.1:4317", "HOST:PORT of the OTLP/gRPC receiver.")
    otlp_http: str = _setting("127.0.0.1:4318", "HOST:PORT of the OTLP/HTTP receiver.")
    http: str = _setting("127.0.0.1:4319", "HOST:PORT of the REST API.")
    api_requests: float = _setting(
        500.0, "Requests a second that one key may make of the API, or one address without a key. 0: no limit."
    )
    api_origins: str = _setting(
        "",
        "Origins whose pages a browser lets ask the API, such as `https://console.example`, separated by commas or "
        "blanks. Empty: none.",
    )
    log_format: str = _setting(
        "text", "Form of the service's own log lines, on standard error: `text` or `json`.", choices=("text", "json")
    )
    own_spans: str = _setting(
        "",
        "Base URL of an OTLP/HTTP receiver, not this one, that is sent spans of the analyzer itself: of the preparing "
        "and the storing of each batch. Empty: none are made.",
    )
    body_limit: int = _setting(
        16 << 20, "Largest OTLP request, in bytes, before and after decompression.", minimum=1024
    )
    span_limit: int = _setting(100_000, "Most spans or log records in one OTLP request.", minimum=1)
    log_backlog: int = _setting(
        4 << 30,
        "Bytes of requests on disk that may wait to be judged; more are refused, and their senders try again.",
        minimum=1024,
    )
    log_reserve: int = _setting(
        256 << 20,
        "Bytes of the disk that the log leaves free for the store and for others: requests that would take them are "
        "refused, and their senders try again.",
    )
    value_limit: int = _setting(
        1_000_000,
        "Most spans, events, links, attributes and nested values in one OTLP request, counted together.",
        minimum=1,
    )
    attribute_limit: int = _setting(
        1 << 20,
        "Longest value of an attribute or body of a log record, in bytes. Longer ones are cut, and named in "
        "`sentric.truncated`.",
        minimum=1024,
    )
    ingest_keys: str = _setting(
        "auto",
        "Whether OTLP senders must present a key: `auto` on addresses that other machines reach, `required` always, "
        "`optional` never. A key that is presented must be valid in any case.",
        choices=("auto", "required", "optional"),
    )
    tls_cert: str = _setting(
        "",
        "PEM file of the certificate, with its chain, that OTLP and the API are served with. A changed file is used "
        "from the next connection on.",
    )
    tls_key: str = _setting("", "PEM file of the certificate's private key, without a password.")
    tls_client_ca: str = _setting(
        "", "PEM file of the authorities whose certificates OTLP senders must show. Empty: they need none."
    )
    allow_insecure_bind: bool = _setting(
        False,
        "Listen on addresses that other machines reach without TLS, or without keys: only behind something that "
        "provides them, such as a proxy or a private network.",
    )
    sender_requests: float = _setting(
        0.0, "OTLP requests a second that one key may send, or one address without a key. 0: no limit."
    )
    sender_bytes: float = _setting(
        0.0, "Bytes a second, after decompression, that one key may send, or one address without a key. 0: no limit."
    )
    address_connections: int = _setting(
        512, "OTLP/HTTP connections from one address at a time. One more takes the place of the least used.", minimum=1
    )
    grace: float = _setting(2.0, "Seconds a trace waits for late spans after its root has ended.")
    idle: float = _setting(
        120.0, "Seconds without a new span after which a trace without its root is judged.", minimum=0.1
    )
    checkpoint: float = _setting(
        60.0,
        "Seconds after which a trace that goes on is judged as far as it has come; then again whenever it has gone on "
        "half as long again.",
        minimum=0.1,
    )
    trace_age: float = _setting(
        3600.0,
        "Seconds after its first span at which the spans of an open trace are no longer held in memory; also the "
        "longest time between two judgements of a trace that goes on.",
        minimum=1,
    )
    trace_bytes: int = _setting(
        64 << 20,
        "Bytes of spans at which an open trace is judged anyway; of a larger one the newest spans are judged together.",
        minimum=1024,
    )
    dialects: Section = _setting(  # noqa: RUF009  # a field, like every other here
        Section(),
        "Conventions of telling about agents that are added to those Sentric knows: see [mapping](../mapping.md).",
    )
    judges: int = _setting(
        0, "Processes that judge traces, each started when it is first needed. 0: one for each core, at most 8."
    )
    assembly_bytes: int = _setting(512 << 20, "Bytes of spans that all open traces may hold together.", minimum=1024)

    @classmethod
    def load(
        cls, *, environ: Mapping[str, str] | None = None, file: Path | None = None, **arguments: object
    ) -> "Settings":
        """Read the settings; arguments that are None are left to the other sources.

        Raises:
            SettingError: a value cannot be used, or the file holds an unknown name; the message names it.
        """
        environ = os.environ if environ is None else environ
        stated = from_file(file, {setting.name: setting for setting in fields(cls)})
        for setting in fields(cls):
            if (text := from_environment(setting, environ)) is not None:
                stated[setting.name] = parse(setting, text, f"{PREFIX}{setting.name.upper()}")
        stated.update({name: value for name, value in arguments.items() if value is not None})
        return cls(**cast(dict[str, Any], stated))

    @property
    def fail_open(self) -> frozenset[str]:
        """Effects of actions that are done where something about them cannot be made sure of."""
        return frozenset(filter(None, self.fail_mode.removeprefix("closed").removeprefix("open:").split(",")))

    def loosened(self) -> tuple[str, ...]:
        """The settings here that let Sentric see less, or more pass, than the default."""
        metadata = ("capture=metadata",) if self.capture == "metadata" else ()
        opened = (f"fail_mode={self.fail_mode}",) if self.fail_open else ()
        return metadata + (("allow_loopback",) if self.allow_loopback else ()) + opened


def is_to_be_enforced(environ: Mapping[str, str] | None = None, file: Path = Path(DEFAULT_FILE)) -> bool:
    """Whether somebody wants verdicts to be enforced, as far as that can be told from settings that cannot be used."""
    if stated := (os.environ if environ is None else environ).get(f"{PREFIX}MODE", "").strip():
        return stated != "observe"
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return re.search(r"(?m)^\s*[\"']?mode[\"']?\s*:(?!\s*[\"']?observe\b)", text) is not None
