"""`sentric analyze --explain`: which dialect reads what, and which attributes nobody reads. Values are never shown."""

import secrets
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sentric.cli.visible import as_json
from sentric.redaction import chosen_redactor
from sentric.settings import Settings
from sentric_analyzer.dialects import Dialects
from sentric_analyzer.dialects.explained import Explained, Group, explain, grouped
from sentric_analyzer.spans import Span


def print_explanation(traces: Iterable[Sequence[Span]], settings: Settings, form: str) -> None:
    """Print how the spans of some traces are read.

    Args:
        traces: the spans of each.
        settings: say which dialects there are.
        form: `table` or `json`.
    """
    dialects = Dialects.of(settings.dialects)
    without_secrets = cache(chosen_redactor(settings, secrets.token_bytes(32)).text)
    found = [[one.named(without_secrets) for one in explain(spans, dialects)] for spans in traces]
    groups = grouped(one for trace in found for one in trace)
    if form == "table":
        from rich.console import Console

        from sentric_analyzer.console import render_explanation

        render_explanation(groups, Console())
        return
    document = {"groups": list(map(_group, groups)), "traces": list(map(_trace, found))}
    sys.stdout.write(as_json(document, indent=1))
    sys.stdout.write("\n")


def _group(group: Group) -> dict[str, Any]:
    return {
        "scope": group.scope,
        "dialect": group.dialect,
        "read_as": group.read_as,
        "spans": group.spans,
        "names": dict(group.names.most_common()),
        "read": dict(group.read.most_common()),
        "unread": dict(group.unread.most_common()),
        "events_read": dict(group.events_read.most_common()),
        "events_unread": dict(group.events_unread.most_common()),
        "looks_like_an_agent": group.looks_like_an_agent,
    }


def _trace(spans: Sequence[Explained]) -> dict[str, Any]:
    return {"trace_id": spans[0].trace_id, "spans": list(map(_span, spans))}


def _span(one: Explained) -> dict[str, Any]:
    return {
        "span_id": one.span_id,
        "name": one.name,
        "scope": one.scope,
        "dialect": one.dialect,
        "read_as": one.read_as,
        "read": one.read,
        "unread": one.unread,
        "events_read": one.events_read,
        "events_unread": one.events_unread,
    }
