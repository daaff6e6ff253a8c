"""The service: the one place that wires the parts together."""

import gc
import json
import logging
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from sentric.errors import SentricError, SettingError
from sentric.policy.bundle import load_with_bundle
from sentric.redaction import Redactor, chosen_redactor
from sentric.settings import Settings
from sentric_analyzer.api import ApiServer, create_app
from sentric_analyzer.api.access import Access
from sentric_analyzer.api.origins import origins_of
from sentric_analyzer.api.served import SERVE_FILE
from sentric_analyzer.approvals.reading import configuration
from sentric_analyzer.assembly import Assembler, Times
from sentric_analyzer.backtest.worker import BacktestWorker
from sentric_analyzer.control.files import placed
from sentric_analyzer.control.first_key import first_admin_key
from sentric_analyzer.control.keys import ADMIN_KEY_FILE
from sentric_analyzer.control_plane import ControlPlane
from sentric_analyzer.detection import Judges, Setup, chosen_number
from sentric_analyzer.detection.judge import JudgeWorker
from sentric_analyzer.detection.judge import Metric as JudgeMetric
from sentric_analyzer.detection.messages import NONE
from sentric_analyzer.dialects import Dialects
from sentric_analyzer.log import SET_ASIDE, LogReader, SetAside
from sentric_analyzer.metrics import Metrics
from sentric_analyzer.own_spans import OwnSpans
from sentric_analyzer.pipeline import Metric, Pipeline
from sentric_analyzer.policies import Active, ActivePolicies, Bundle
from sentric_analyzer.receiver import Keys, ReceiverProcess, parse_address
from sentric_analyzer.receiver.rates import buckets_for
from sentric_analyzer.storage import PatientStore, Store, embedded_url
from sentric_analyzer.tls import ServerTls

_logger = logging.getLogger(__name__)

STOP_TIMEOUT = 5.0
"""Seconds that stopping may take; what is not done by then stays in the log."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the service listens, HOST:PORT."""

    otlp_grpc: str
    otlp_http: str
    http: str


@dataclass(frozen=True, slots=True)
class FirstKey:
    """The first admin key, where this start made it, and the file that keeps it."""

    path: Path
    secret: str = field(repr=False)


class Service:
    """A running analyzer. Use as a context manager; leaving it stops everything it started."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stack = ExitStack()
        self.addresses = Addresses("", "", "")
        self.first_key = FirstKey(Path(), "")

    def __enter__(self) -> "Service":
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._pipeline.stop(0)  # it ends with the batch in hand, while the receiver answers what has begun
        self._receiver.stop()
        self._stack.close()

    def failure(self) -> str:
        """Why the service cannot go on; empty while it can."""
        return self._pipeline.failure

    def _start(self) -> None:
        settings = self._settings
        _refuse_open_networks(settings)
        if settings.judge != NONE and not settings.model_url:
            raise SettingError(f"judge is {settings.judge!r} and model_url is empty: name the API of a model")
        configuration(settings.approvals, patience=settings.approval_timeout)  # mistakes first of all
        origins = origins_of(settings.api_origins)
        tls = ServerTls.of(settings, ask_clients=False)  # for people: they have keys, and no certificates
        directory = _directory(settings.data_dir)
        path = Path(settings.policy) if settings.policy else None
        policy, documents = load_with_bundle(path, allow_loopback=settings.allow_loopback)
        policies = ActivePolicies(Active(policy, Bundle(documents), of_settings=True))
        dialects = Dialects.of(settings.dialects)
        metrics = Metrics({Metric.FINDINGS: [(rule.id, rule.severity) for rule in policy.rules]})
        log = self._stack.enter_context(LogReader.open(directory / "log"))
        self._receiver = ReceiverProcess(log, directory / "log", settings, metrics.count)
        self._receiver.start()  # it comes up while the store is opened
        self._stack.callback(self._receiver.stop)
        key = _key(settings, directory)
        new_redactor = partial(chosen_redactor, settings, key)
        plane = self._plane(directory, key, new_redactor, policies, metrics)
        _keep_temporary_files_in(directory / "tmp")
        store = self._stack.enter_context(Store.open(settings.store or embedded_url(directory)))
        judge = self._judge(plane, store, new_redactor, metrics)
        judging = Setup(settings, key, policy.digest)
        patient = PatientStore(store, metrics.count)
        new_judges = partial(Judges, chosen_number(settings.judges), judging, policies, patient, metrics.count)
        set_aside = SetAside(directory / SET_ASIDE)
        self._pipeline = Pipeline(
            log,
            patient,
            set_aside,
            _assembler(settings),
            new_judges,
            new_redactor,
            metrics.count,
            metrics.time,
            dialects,
        )
        if judge:
            self._pipeline.on_over = judge.add
        if settings.own_spans:
            told = self._stack.enter_context(OwnSpans(settings.own_spans, settings.otlp_http))
            self._pipeline.within = told.within
        for name, value, ask in (*self._pipeline.watched(), *plane.watched()):
            metrics.watch(name, ask, value)
        self._receiver.wait_ready()
        self._pipeline.start()
        self._stack.callback(self._pipeline.stop, STOP_TIMEOUT)
        self._stack.enter_context(BacktestWorker(plane.store.jobs, store, settings, policy.digest))
        if judge:
            self._stack.enter_context(judge)
        key_needed = not parse_address(settings.http, "--http").is_loopback
        rates = buckets_for(settings.api_requests, time.monotonic)
        access = Access(plane.keys.ring, key_needed, metrics.count, rates=rates)
        app = create_app(store, self._unready(plane), metrics.text, access=access, plane=plane, origins=origins)
        api = self._stack.enter_context(ApiServer(app, settings.http, tls=tls))
        self.addresses = Addresses(self._receiver.otlp_grpc, self._receiver.otlp_http, api.address)
        gc.freeze()  # what is there by now stays: to look at all of it again and again would hold up decisions
        self._announce(directory / SERVE_FILE)

    def _plane(
        self,
        directory: Path,
        key: bytes,
        new_redactor: Callable[[], Redactor],
        policies: ActivePolicies,
        metrics: Metrics,
    ) -> ControlPlane:
        """What decides, with an admin key in it."""
        plane = ControlPlane(
            self._settings,
            directory,
            key=key,
            new_redactor=new_redactor,
            active=policies,
            on_keys=lambda ring: self._receiver.send(Keys(ring)),
            on_count=metrics.count,
            on_time=metrics.time,
        )
        self._stack.callback(plane.close)
        path = directory / ADMIN_KEY_FILE
        self.first_key = FirstKey(path, first_admin_key(plane.store.keys, path))
        return self._stack.enter_context(plane)

    def _judge(
        self,
        plane: ControlPlane,
        store: Store,
        new_redactor: Callable[[], Redactor],
        metrics: Metrics,
    ) -> JudgeWorker | None:
        """What has the model judge runs that are over; None where none is to be judged."""
        settings = self._settings
        if plane.model is None or settings.judge == NONE:
            return None
        judge = JudgeWorker(plane.store.jobs, store, plane.model, settings, new_redactor, metrics.count, metrics.time)
        metrics.watch(JudgeMetric.WAITING, judge.waiting)
        return judge

    def _unready(self, plane: ControlPlane) -> Callable[[], str]:
        return lambda: self._receiver.failure or self._pipeline.unready() or plane.failure()

    def _announce(self, path: Path) -> None:
        """Tell the other commands, which must not open the store while we hold it, where to ask."""
        where = self.addresses
        stated = {
            "http": where.http,
            "otlp_http": where.otlp_http,
            "otlp_grpc": where.otlp_grpc,
            "tls_cert": str(Path(self._settings.tls_cert).expanduser().resolve()) if self._settings.tls_cert else "",
            "pid": os.getpid(),
        }
        temporary = path.with_suffix(".tmp")
        try:
            temporary.write_text(json.dumps(stated) + "\n", encoding="utf-8")
            temporary.replace(path)
        except OSError as error:
            raise SentricError(f"{path}: cannot be written: {error.strerror}") from None
        self._stack.callback(path.unlink, missing_ok=True)


def _directory(name: str) -> Path:
    directory = Path(name).expanduser()
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingError(
            f"--data-dir {directory}: cannot be made: {error.strerror}: name a directory you may write to"
        ) from None
    return directory.resolve()


def _keep_temporary_files_in(directory: Path) -> None:
    """The embedded engine is given inserts through files: a kill must not leave one where others can find it.

    Called while the log is held, so no other service uses the directory.
    """
    shutil.rmtree(directory, ignore_errors=True)
    try:
        directory.mkdir(mode=0o700)
    except OSError as error:
        raise SentricError(f"{directory}: cannot be made anew: {error.strerror}: take away what is there") from None
    tempfile.tempdir = str(directory)


def _key(settings: Settings, directory: Path) -> bytes:
    """The key of the fingerprints: the setting's, else one made at the first start and kept with the data."""
    if settings.redaction_key:
        return settings.redaction_key.encode()
    path = directory / "redaction.key"
    try:
        if not path.exists():
            with suppress(FileExistsError), placed(path) as file:
                file.write_bytes(secrets.token_bytes(32))
        key = path.read_bytes()
    except OSError as error:
        raise SentricError(f"{path}: cannot be read or made: {error.strerror}") from None
    if not key:
        raise SentricError(f"{path}: is empty: put a copy of it there, or take it away and another key is made")
    return key


def _assembler(settings: Settings) -> Assembler:
    return Assembler(
        Times(settings.grace, settings.idle, settings.checkpoint, settings.trace_age),
        max_trace_bytes=settings.trace_bytes,
        max_bytes=settings.assembly_bytes,
        clock=time.monotonic,
    )


def _refuse_open_networks(settings: Settings) -> None:
    """What other machines reach must have TLS and ask for keys."""
    if settings.allow_insecure_bind:
        return
    for option, stated in (
        ("--otlp-grpc", settings.otlp_grpc),
        ("--otlp-http", settings.otlp_http),
        ("--http", settings.http),
    ):
        if parse_address(stated, option).is_loopback:
            continue
        if not settings.tls_cert:
            raise SettingError(f"{option} {stated}: other machines reach it: give --tls-cert and --tls-key{_OR_ALLOW}")
        if settings.ingest_keys == "optional" and option != "--http":
            raise SettingError(f"{option} {stated}: other machines reach it: leave SENTRIC_INGEST_KEYS out{_OR_ALLOW}")


_OR_ALLOW = ", or set SENTRIC_ALLOW_INSECURE_BIND where something in front provides them"
