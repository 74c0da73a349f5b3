"""Histories that older code wrote: read as they are, and recorded into after an update."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from edge_app.cli import main
from edge_app.errors import UsageError
from edge_app.events.payloads import Summary, encode
from edge_app.history import store
from edge_app.history.presence import PresenceSpan, presences
from edge_app.history.reading import read_history
from edge_app.history.recorder import Recorder
from edge_app.history.schema import MIGRATIONS, SINCE, TABLES, VERSION
from tests.edge_app.mqtt.samples import changed, left

#: Two visits, a summary, an alert and an availability of 2025-03-05, by version.
OLD = {
    version: Path(__file__).with_name(f"history_version_{version}.sqlite")
    for version in range(1, VERSION)
}
INDICES = "SELECT name, tbl_name FROM sqlite_schema WHERE type = 'index' ORDER BY name"
TABLE_NAMES = ("event", "summary", "availability", "alert", "recording")


@pytest.fixture(params=OLD)
def version(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def file(version: int, tmp_path: Path) -> Path:
    return Path(shutil.copy(OLD[version], tmp_path / "history.sqlite"))


def ask(file: Path, query: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(file)) as database:
        return database.execute(query).fetchall()


def columns(file: Path) -> dict[str, list[tuple[Any, ...]]]:
    return {name: ask(file, f"PRAGMA table_info({name})") for name in TABLE_NAMES}


def test_the_old_file_is_one(version: int) -> None:
    assert ask(OLD[version], "PRAGMA user_version") == [(version,)]
    assert ask(OLD[version], "SELECT COUNT(*) FROM event") == [(7,)]


def test_a_report_of_the_old_file_needs_no_change_of_it(file: Path) -> None:
    before = file.read_bytes()
    assert main(["report", str(file), "--time-zone", "UTC"]) == 0
    page = file.with_suffix(".html").read_text(encoding="utf-8")
    assert "2 visits on 1 day" in page
    assert "mean valence" in page
    assert file.read_bytes() == before


def test_a_recorder_goes_on_in_the_old_file_and_loses_nothing(file: Path, version: int) -> None:
    before = {name: ask(file, f"SELECT * FROM {name}") for name in TABLE_NAMES}  # noqa: S608 - ours
    now = datetime(2025, 3, 6, tzinfo=UTC)
    told = Summary(
        start=now - timedelta(hours=1), end=now, faces=3, emotions_s={"sad": 1.0},
        minimum_group=1, withheld=False, valence=-0.5, arousal=0.25,
        watched_s=3500.0, model="5e" * 32, answer="default", reaction="normal",
        cards="c4" * 6,
    )  # fmt: skip
    for _ in range(2):  # what is of our version already is left alone
        with Recorder(file, now=lambda: now) as history:
            history.take("mien/kitchen/event", encode(changed()))
            history.take("mien/kitchen/event", encode(left()))
            history.take("mien/kitchen/summary", encode(told))
    assert ask(file, "PRAGMA user_version") == [(VERSION,)]
    assert ask(file, "PRAGMA integrity_check") == [("ok",)]
    for name in ("event", "summary"):
        rows = ask(file, f"SELECT * FROM {name}")  # noqa: S608 - ours
        newer = [since for (table, _), since in SINCE.items() if table == name and since > version]
        unknown = (None,) * len(newer)
        assert {(*row, *unknown) for row in before[name]} < set(rows)
    new = (
        "SELECT valence, arousal, answer, reaction, cards FROM event WHERE id LIKE '01955164%'"
        " ORDER BY id"
    )
    assert ask(file, new) == [
        (0.6755, 0.4253, "default", "normal", "c4" * 6),
        (0.5012, -0.0031, "default", "normal", "c4" * 6),
    ]
    made = "SELECT watched_s, model, answer, reaction, cards FROM summary ORDER BY start_ms"
    assert ask(file, made) == [(None,) * 5, (3500.0, "5e" * 6, "default", "normal", "c4" * 6)]
    assert ask(file, "SELECT valence, arousal FROM summary ORDER BY start_ms") == [
        (None, None) if version == 1 else (0.3333, 0.1234),
        (-0.5, 0.25),
    ]
    history_now = read_history(file, days=2, zone=UTC)
    assert len(history_now.devices["kitchen"].visits) == 2
    assert len(history_now.devices["kitchen"].summaries) == 2


def test_without_first_words_a_device_was_as_it_was_before(file: Path) -> None:
    """Older code kept changes only; since then, no word is no knowledge."""
    ((heard_ms, is_online),) = ask(file, "SELECT time_ms, is_online FROM availability")
    assert is_online
    hour_ms = 3_600_000
    with contextlib.closing(sqlite3.connect(file)) as database, database:
        database.execute(
            "INSERT INTO recording (start_ms, end_ms, refused) VALUES (?, ?, 0)",
            (heard_ms + hour_ms, heard_ms + 2 * hour_ms),
        )

    def told() -> list[PresenceSpan]:
        history = read_history(file, days=2, zone=UTC)
        assert history.period is not None
        kitchen = history.devices["kitchen"]
        return presences(kitchen.availability, history.recordings, history.period)[-3:]

    old = (heard_ms + hour_ms, heard_ms + 2 * hour_ms, "online")
    assert told()[-1] == old
    seconds = [0.0]
    start = datetime.fromtimestamp((heard_ms + 3 * hour_ms) / 1000, UTC)
    with Recorder(
        file, now=lambda: start + timedelta(seconds=seconds[0]), clock_s=lambda: seconds[0]
    ):
        seconds[0] = 3600.0
    start_ms, end_ms = heard_ms + 3 * hour_ms, heard_ms + 4 * hour_ms
    unknown = [(old[1], start_ms, "unknown"), (start_ms, end_ms, "unknown")]
    assert told() == [old, *unknown]


def test_a_migrated_file_is_as_a_new_one(file: Path, tmp_path: Path) -> None:
    Recorder(file).close()
    new = tmp_path / "new.sqlite"
    Recorder(new).close()
    assert columns(file) == columns(new)
    assert ask(file, INDICES) == ask(new, INDICES)


def test_what_an_older_file_does_not_have_is_known(file: Path, version: int) -> None:
    named = {name: {row[1] for row in rows} for name, rows in columns(file).items()}
    Recorder(file).close()
    missing = {
        (name, row[1])
        for name, rows in columns(file).items()
        for row in rows
        if row[1] not in named[name]
    }
    assert missing == {column for column, since in SINCE.items() if since > version}


def test_a_migration_that_fails_leaves_the_old_file(
    file: Path, version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a full disk or a power cut would: all of it or nothing."""
    last = VERSION - 1
    broken = MIGRATIONS | {last: (*MIGRATIONS[last], "ALTER TABLE nowhere ADD COLUMN x REAL")}
    monkeypatch.setattr(store, "MIGRATIONS", broken)
    with pytest.raises(Exception, match="nowhere"):
        Recorder(file)
    assert ask(file, "PRAGMA user_version") == [(version,)]
    assert columns(file) == columns(OLD[version])
    monkeypatch.undo()
    Recorder(file).close()
    assert ask(file, "PRAGMA user_version") == [(VERSION,)]


def test_there_is_a_way_from_every_version() -> None:
    assert sorted(MIGRATIONS) == list(range(1, VERSION))
    assert TABLES


@pytest.mark.parametrize(("number", "said"), [(VERSION + 1, "newer Mien"), (0, "another program")])
def test_a_version_that_is_none_of_ours_is_refused(file: Path, number: int, said: str) -> None:
    with contextlib.closing(sqlite3.connect(file)) as database:
        database.execute(f"PRAGMA user_version = {number}")
    with pytest.raises(UsageError, match=said):
        read_history(file, days=2, zone=UTC)
    with pytest.raises(UsageError, match=said):
        Recorder(file)
