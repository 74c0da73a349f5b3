"""`mien report`: what `mien events --store` recorded → one HTML page."""

from __future__ import annotations

import argparse
import functools
import os
import tempfile
import zoneinfo
from datetime import tzinfo
from pathlib import Path

from edge_app.errors import MienError, UsageError
from edge_app.history.reading import read_history
from edge_app.history.report import draw
from edge_app.whole_number import whole_number

#: More days than that make a page that nobody reads.
_MOST_DAYS = 366


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("file", type=Path, metavar="FILE", help="what mien events --store wrote")
    parser.add_argument(
        "--output", type=Path, metavar="PAGE", help="page to write (default: FILE with .html)"
    )
    parser.add_argument(
        "--days", type=functools.partial(whole_number, most=_MOST_DAYS),
        default=14, metavar="N",
        help="the last N days that were recorded, 1 to 366 (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--time-zone", metavar="NAME", help="such as Europe/Berlin or UTC (default: the system's)"
    )
    parser.add_argument(
        "--minimum-group", type=whole_number, default=1, metavar="N",
        help="say nothing about fewer than N visits (default: %(default)s)",
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Write the page.

    Raises:
        UsageError: no such file or time zone, no history, or one of a newer Mien.
        MienError: the history cannot be read, or the page not written.
    """
    source: Path = arguments.file
    if source.is_dir():
        raise UsageError(f"{source}: a folder; name the file that mien events --store wrote")
    target: Path = arguments.output or source.with_suffix(".html")
    if os.path.realpath(target) == os.path.realpath(source):
        raise UsageError(f"{target}: the page would replace the history; name another --output")
    zone = _zone(arguments.time_zone)
    history = read_history(source, days=arguments.days, zone=zone)
    text = draw(
        history,
        zone=zone,
        zone_name=arguments.time_zone,
        minimum_group=arguments.minimum_group,
    )
    try:
        _write(target, text)
    except OSError as error:
        raise MienError(f"{target}: {error.strerror}; name another --output") from error
    count = len(history.devices)
    print(f"{target}: {count} {'device' if count == 1 else 'devices'}")
    return 0


def _write(target: Path, text: str) -> None:
    """Let the page be its owner's alone, as the history is; a failure leaves the old one."""
    if target.exists() and not target.is_file():
        # A pipe, or /dev/stdout: nothing to rename to.
        target.write_text(text, encoding="utf-8")
        return
    # Where a link leads, so that it stays one.
    place = Path(os.path.realpath(target))
    # New, with a name that nobody knows before, and 0600 from the beginning.
    descriptor, name = tempfile.mkstemp(prefix=".mien-report-", dir=place.parent)
    beside = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        beside.replace(place)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _zone(name: str | None) -> tzinfo | None:
    if name is None:
        return None
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(
            f"time zone {name!r}: not known here; use a name such as Europe/Berlin or UTC"
        ) from error
