"""The questions of docs/history.md, put to a recorded fortnight as they stand there."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from edge_app.events.payloads import Event, FaceLeft, Summary, encode
from edge_app.history.recorder import Recorder
from tests.edge_app.history.days import CARDS, MODEL, fortnight

PAGE = (Path(__file__).parents[3] / "docs/history.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("### Figures of your own\n")[2].partition("\n### ")[0]
#: The second week is of another model.
NEXT_MODEL = "a1" * 32
UPDATE = datetime(2025, 3, 8, tzinfo=UTC)
#: Before all events.
SUMMARY = Summary(
    start=datetime(2025, 3, 1, tzinfo=UTC), end=datetime(2025, 3, 1, 0, 5, tzinfo=UTC),
    faces=0, emotions_s={}, minimum_group=1, withheld=False, watched_s=300.0, model=MODEL,
    answer="default", reaction="normal", cards=CARDS,
)  # fmt: skip
#: Of a Mien that did not tell what made it.
OLD_SUMMARY = msgspec.structs.replace(
    SUMMARY, start=SUMMARY.start - timedelta(days=1), end=SUMMARY.start, watched_s=None, model=None,
    answer=None, reaction=None, cards=None,
)  # fmt: skip


def updated(event: Event) -> Event:
    if event.time < UPDATE:
        return event
    return msgspec.structs.replace(event, model=NEXT_MODEL, answer="ferplus")


@pytest.fixture(scope="module")
def events() -> list[Event]:
    told = [*fortnight("kitchen", 1), *fortnight("hall", 2)]
    return [updated(event) for event in told]


@pytest.fixture
def folder(tmp_path: Path, events: list[Event]) -> Path:
    with Recorder(tmp_path / "history.sqlite") as recorder:
        for event in events:
            recorder.take(f"mien/{event.device}/event", encode(event))
        for summary in (SUMMARY, OLD_SUMMARY):
            recorder.take("mien/hall/summary", encode(summary))
    return tmp_path


def answered(folder: Path, number: int) -> list[dict[str, str]]:
    """What the shell prints for one of the page's commands, or writes to the page's file."""
    if shutil.which("sqlite3") is None:
        pytest.skip("no sqlite3 (apt-get install sqlite3)")
    command = re.findall(r"```sh\n(.*?)```", SECTION, re.DOTALL)[number]
    done = subprocess.run(
        ["sh", "-c", command], cwd=folder, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    written = folder / "emotions.csv"
    text = written.read_text(encoding="utf-8") if written.exists() else done.stdout
    return list(csv.DictReader(io.StringIO(text)))


def test_seconds_of_each_emotion_by_day(folder: Path, events: list[Event]) -> None:
    seconds: dict[tuple[str, str, str], float] = defaultdict(float)
    for event in events:
        if isinstance(event, FaceLeft):
            for emotion, shown_s in event.emotions_s.items():
                seconds[event.device, event.time.date().isoformat(), emotion] += shown_s
    told = answered(folder, 0)
    assert {
        (row["device"], row["day"], row["emotion"]): float(row["seconds"]) for row in told
    } == pytest.approx(seconds, abs=0.051)


def test_what_answered_when(folder: Path, events: list[Event]) -> None:
    expected = [row(OLD_SUMMARY.start, OLD_SUMMARY.end, "hall", "", "", "", "", 0, 1)]
    for device in ("kitchen", "hall"):
        for model, answer in ((MODEL, "default"), (NEXT_MODEL, "ferplus")):
            made = [each for each in events if (each.device, each.model) == (device, model)]
            first, last = min(each.time for each in made), max(each.time for each in made)
            visits, intervals = len({each.episode for each in made}), 0
            if (device, model) == ("hall", MODEL):
                first, intervals = SUMMARY.start, 1
            expected.append(
                row(first, last, device, model[:12], answer, "normal", CARDS, visits, intervals)
            )
    assert answered(folder, 1) == sorted(expected, key=lambda row: row["first"])


def row(first: datetime, last: datetime, *others: object) -> dict[str, str]:
    names = ("device", "model", "answer", "reaction", "cards", "visits", "intervals")
    times = {"first": f"{first:%Y-%m-%d %H:%M:%S}", "last": f"{last:%Y-%m-%d %H:%M:%S}"}
    return times | {name: str(other) for name, other in zip(names, others, strict=True)}


def test_the_tables_are_named(folder: Path) -> None:
    if shutil.which("sqlite3") is None:
        pytest.skip("no sqlite3 (apt-get install sqlite3)")
    named = re.findall(r"`(\w+)`", SECTION.partition(";")[0])
    command = ["sqlite3", "history.sqlite", ".tables"]
    tables = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    assert sorted(tables.split()) == sorted(named)
