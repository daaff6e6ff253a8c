"""Moments on the command line: how long ago or from now, or a date."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import click

UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGE = re.compile(r"(\d{1,6})([mhdw])", re.ASCII)


class Since(click.ParamType):
    """A moment: `7d` ago (m, h, d, w), or a date such as 2026-11-01."""

    name = "since"
    direction = -1

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """How help shows it."""
        return "AGE|DATE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read a moment."""
        try:
            if found := _AGE.fullmatch(value):
                return datetime.now(UTC) + self.direction * timedelta(**{UNITS[found[2]]: int(found[1])})
            moment = datetime.fromisoformat(value)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is neither an age like 12h, 7d or 2w, nor a date like 2026-11-01", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class Until(Since):
    """A moment: `7d` from now (m, h, d, w), or a date such as 2026-11-01."""

    name = "until"
    direction = 1
