"""Numbers and times → words of the report."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta, tzinfo

WITHHELD = "withheld"


def moment(time_ms: int, zone: tzinfo | None) -> str:
    """A time of a zone; time_ms: since 1970 in UTC; zone: None for the system's."""
    try:
        return datetime.fromtimestamp(time_ms / 1000, zone).strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):  # a year that the calendar does not have
        return "at an impossible time"


def counted(number: int, what: str, *, is_least: bool = False) -> str:
    """So many of something; is_least: there may be more."""
    more = " or more" if is_least else ""
    return f"{number}{more} {what}{'' if number == 1 and not is_least else 's'}"


def runs(days: Iterable[date]) -> str:
    """In order; of those that follow one another the first and the last."""
    found: list[list[date]] = []
    for day in sorted(days):
        if found and day - found[-1][-1] == timedelta(days=1):
            found[-1].append(day)
        else:
            found.append([day])
    return ", ".join(f"{run[0]}" if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in found)


def length(length_ms: int) -> str:
    """Hours, or minutes where those would round to next to nothing."""
    minutes = round(length_ms / 60_000, 1)
    return f"{minutes / 60:,.1f} h" if minutes >= 60 else f"{minutes:g} min"


def hours(seconds: float) -> str:
    """Hours without their unit."""
    return "<0.1" if 0 < seconds < 180 else f"{seconds / 3600:,.1f}"


def number(value: float | None) -> str:
    """With one decimal; nothing where it is unknown."""
    return "" if value is None else f"{value:,.1f}"


def affect(means: tuple[float, float] | None) -> tuple[str, str]:
    """Valence and arousal; nothing of both where they are unknown."""
    if means is None:
        return "", ""
    valence, arousal = means
    return f"{valence:+z.2f}", f"{arousal:+z.2f}"
