from datetime import UTC, datetime, timedelta

import click
import pytest

from sentric_analyzer.cli.since import Since


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("30m", timedelta(minutes=30)),
        ("12h", timedelta(hours=12)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(weeks=2)),
    ],
)
def test_an_age_is_that_long_ago(text: str, age: timedelta) -> None:
    assert abs(datetime.now(UTC) - age - Since().convert(text, None, None)) < timedelta(seconds=5)


def test_a_date_is_in_utc_where_it_does_not_say() -> None:
    assert Since().convert("2026-11-01", None, None) == datetime(2026, 11, 1, tzinfo=UTC)
    assert Since().convert("2026-11-01T02:00:00+02:00", None, None) == datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "7", "7 days", "-7d", "٧d", "999999w", "yesterday", "2026-13-01"])
def test_anything_else_is_refused_with_what_is_wanted(text: str) -> None:
    with pytest.raises(click.BadParameter, match="neither an age like 12h, 7d or 2w, nor a date like 2026-11-01"):
        Since().convert(text, None, None)
