from __future__ import annotations

import errno
import os
import re
import time
import tracemalloc
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge_app.cli import main
from edge_app.events.identifiers import TimeOrderedIds
from edge_app.events.payloads import Alert, Summary, encode
from edge_app.history.recorder import Recorder
from edge_app.history.rows import EventRow, Row, SummaryRow
from edge_app.history.store import HistoryStore
from tests.edge_app.history.days import CARDS, MODEL, fortnight, visit

END = datetime(2025, 3, 14, 23, tzinfo=UTC)
SUMMARY = msgspec.json.Decoder(Summary)
END_MS = round(END.timestamp() * 1000)


class Page(HTMLParser):
    """What is in a page; fails where the tags do not close in order."""

    VOID = ("meta", "rect", "line")

    def __init__(self, text: str) -> None:
        super().__init__()
        self._open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.tags: list[str] = []
        self.words = ""
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag != "meta":
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "history.sqlite"


def recorder_at(file: Path, now: list[datetime]) -> Recorder:
    """now: its only item may be replaced."""

    def clock_s() -> float:
        return now[0].timestamp()

    return Recorder(file, now=lambda: now[0], clock_s=clock_s)


def record(file: Path, *messages: tuple[str, bytes]) -> None:
    now = [END - timedelta(days=14)]
    with recorder_at(file, now) as recorder:
        for topic, payload in messages:
            recorder.take(topic, payload)
        now[0] = END


def a_fortnight() -> list[tuple[str, bytes]]:
    return [("mien/kitchen/event", encode(each)) for each in fortnight("kitchen", seed=1)]


def report(file: Path, *arguments: str) -> Page:
    assert main(["report", str(file), "--time-zone", "UTC", *arguments]) == 0
    return Page(file.with_suffix(".html").read_text(encoding="utf-8"))


def visits_told(page: Page) -> int:
    found = re.search(r"(\d+) visits on", page.words)
    assert found is not None
    return int(found[1])


def test_the_figures_are_those_of_the_events(file: Path) -> None:
    events = [*fortnight("kitchen", seed=1)]
    record(file, *a_fortnight())
    page = report(file, "--days", "15")
    begun = sum(type(event).__name__ == "FaceAppeared" for event in events)
    assert visits_told(page) == begun
    shown = [each for event in events for each in getattr(event, "emotions_s", {}).items()]
    all_s = sum(seconds for _, seconds in shown)
    unsure_s = sum(seconds for emotion, seconds in shown if emotion == "unsure")
    assert f"unsure for {unsure_s / all_s:.0%} of {all_s:,.0f} s" in page.words
    assert "2025-03-03" in page.words
    assert "time zone UTC" in page.words


def test_mean_valence_and_arousal_of_a_day(file: Path) -> None:
    start = datetime(2025, 3, 14, 9, tzinfo=UTC)
    ids = TimeOrderedIds(utc_ms=lambda: 1_741_942_800_000)
    shown = visit(start, [("happy", 30.0), ("sad", 10.0)], ids)
    record(file, *(("mien/kitchen/event", encode(each)) for each in shown))
    # It is the last day, which is not over.
    assert "2025-03-14 until 23:00140.0+0.44+0.12" in report(file).words
    withheld = report(file, "--minimum-group", "2").words
    assert "until 23:00withheldwithheldwithheldwithheld" in withheld
    assert "A mean is blank" not in withheld


def test_one_visit_on_one_day_is_told_as_such(file: Path) -> None:
    ids = TimeOrderedIds(utc_ms=lambda: 1_741_942_800_000)
    shown = visit(END - timedelta(hours=3), [("happy", 30.0)], ids)
    record(file, *(("mien/kitchen/event", encode(each)) for each in shown))
    page = report(file)
    assert "1 visit on 1 day;" in page.words
    assert "01234visits" in page.words
    # Nothing was withheld, and no column says so.
    assert "withheld" not in page.words


def test_the_page_is_for_its_owner_alone(file: Path) -> None:
    record(file)
    page = file.with_suffix(".html")
    page.write_text("an older one", encoding="utf-8")
    page.chmod(0o644)
    report(file)
    assert page.stat().st_mode & 0o777 == 0o600
    assert not [*file.parent.glob(".mien-report-*")]


def test_a_link_stays_one_and_a_pipe_is_written_to(file: Path, tmp_path: Path) -> None:
    record(file)
    (tmp_path / "public").mkdir()
    page, link = tmp_path / "public" / "page.html", tmp_path / "link.html"
    link.symlink_to(page)
    assert main(["report", str(file), "--output", str(link)]) == 0
    assert link.is_symlink()
    assert page.read_bytes().startswith(b"<!DOCTYPE html>")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    descriptor = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    try:
        assert main(["report", str(file), "--output", str(pipe)]) == 0
        assert os.read(descriptor, 15) == b"<!DOCTYPE html>"
    finally:
        os.close(descriptor)
    assert pipe.is_fifo()


def test_nothing_comes_from_elsewhere(file: Path) -> None:
    record(file, *a_fortnight())
    page = report(file)
    assert not {"script", "link", "img", "iframe", "object", "a"} & set(page.tags)
    assert not {"src", "href", "xlink:href"} & {name for name, _ in page.attributes}
    text = file.with_suffix(".html").read_text(encoding="utf-8")
    assert not re.search(r"https?://|@import|url\((?!#)", text)


def test_a_table_beneath_each_chart_and_a_name_on_it(file: Path) -> None:
    record(file, *a_fortnight())
    page = report(file)
    labels = [value for name, value in page.attributes if name == "aria-label"]
    assert len(labels) == len(set(labels)) == 4
    # And one of what answered.
    assert page.tags.count("table") == 5


def test_names_from_the_wire_are_text(file: Path) -> None:
    evil = "\"><script>alert('1')</script>"
    payload = encode(Alert(id="x", severity="warning", text=evil, since=END - timedelta(hours=1)))
    events = [
        (f"mien/{evil.replace('/', '')}/event", each.replace(b'"happy"', b'"<b onclick=x>"'))
        for _, each in a_fortnight()
    ]
    record(file, *events, ("mien/kitchen/alert/<i>", payload))
    page = report(file)
    assert not {"script", "b", "i"} & set(page.tags)
    assert evil in page.words
    assert "<b onclick=x>" in page.words


def summary(
    start: datetime, faces: int | None, emotions_s: dict[str, float] | None, **fields: Any
) -> tuple[str, bytes]:
    """Of five minutes that were watched, unless fields say otherwise; in the mode `full`."""
    usual: dict[str, Any] = {
        "end": start + timedelta(minutes=5), "minimum_group": 1, "withheld": False,
        "watched_s": 300.0, "model": MODEL, "answer": "default", "reaction": "normal",
        "cards": CARDS,
    }  # fmt: skip
    said = Summary(start=start, faces=faces, emotions_s=emotions_s, **(usual | fields))
    return "mien/kitchen/summary", encode(said)


def a_day(date: datetime, **fields: Any) -> list[tuple[str, bytes]]:
    """Twelve hours in which nobody came."""
    start = date.replace(hour=8, minute=0)
    return [summary(start + timedelta(minutes=5 * each), 0, {}, **fields) for each in range(144)]


def drawn(file: Path, chart: str) -> str:
    """The drawing of that name."""
    text = file.with_suffix(".html").read_text(encoding="utf-8")
    found = re.search(rf'aria-label="{chart}">.*?</svg>', text)
    assert found is not None
    return found[0]


def test_a_day_on_which_nobody_came_is_told_apart_from_one_that_was_not_measured(
    file: Path,
) -> None:
    empty, paused, off = (END - timedelta(days=days) for days in (1, 2, 3))
    record(file, *a_day(empty), *a_day(paused, watched_s=0.0))
    page = report(file, "--days", "4")
    assert "No visit was recorded; watched for 12.0 h on 1 day." in page.words
    assert "withheld" not in page.words
    assert "Not measured: the camera was paused, off" in page.words
    assert "2025-03-1312.00" in page.words
    bars = drawn(file, "kitchen: visits a day")
    for day in (paused, off):
        assert f"{day:%m-%d}: not measured" in bars
        assert f"{day:%Y-%m-%d}0" not in page.words
    assert f"{empty:%m-%d}: " not in bars


def test_a_device_that_was_paused_in_aggregates_withholds_nothing(file: Path) -> None:
    private = {"minimum_group": 5, "withheld": True, "faces": None, "emotions_s": None}
    topic_and_payload = [
        (topic, encode(msgspec.structs.replace(SUMMARY.decode(payload), **private)))
        for topic, payload in a_day(END - timedelta(days=1), watched_s=0.0)
    ]
    record(file, *topic_and_payload)
    words = report(file).words
    assert "No visit was recorded." in words
    assert "withheld" not in words


def test_hours_watched_stand_beside_the_figures_by_day_and_by_hour(file: Path) -> None:
    ids = TimeOrderedIds(utc_ms=lambda: 1_741_942_800_000)
    shown = visit(END - timedelta(days=1, hours=13), [("happy", 30.0)], ids)
    record(
        file,
        *(("mien/kitchen/event", encode(each)) for each in shown),
        *a_day(END - timedelta(days=1)),
        *a_day(END - timedelta(days=2), watched_s=150.0),
    )
    words = report(file).words
    assert "1 visit on 1 day;" in words
    assert "watched for 18.0 h on 2 days." in words
    assert "2025-03-1312.0130.0+0.75+0.12" in words
    assert "2025-03-126.00" in words
    # By hour: two days of it, one of them watched by half.
    assert "101.530.0111.50.0" in words


def test_hours_watched_are_the_least_where_an_older_mien_told_of_a_part(file: Path) -> None:
    ids = TimeOrderedIds(utc_ms=lambda: 1_741_942_800_000)
    shown = visit(END - timedelta(days=1, hours=13), [("happy", 30.0)], ids)
    updated = (END - timedelta(days=1)).replace(hour=14)
    messages = [
        (topic, encode(msgspec.structs.replace(said, watched_s=None)))
        if (said := SUMMARY.decode(payload)).start < updated
        else (topic, payload)
        for topic, payload in a_day(END - timedelta(days=1)) + a_day(END - timedelta(days=2))
    ]
    record(file, *(("mien/kitchen/event", encode(each)) for each in shown), *messages)
    words = report(file).words
    assert "watched for 6.0 h or more on 1 day." in words
    assert "2025-03-136.0 or more130.0" in words
    # By hour: both days before the update, and one of them after it.
    assert "1030.0" in words
    assert "141.0 or more0.0" in words


def test_a_day_of_an_older_mien_that_was_paused_later_is_not_called_unmeasured(file: Path) -> None:
    start = (END - timedelta(days=1)).replace(hour=8, minute=0)
    pause = summary(start + timedelta(hours=6), 0, {}, watched_s=0.0)
    record(file, summary(start, 0, {}, watched_s=None), pause)
    report(file, "--days", "2")
    assert "03-13: " not in drawn(file, "kitchen: visits a day")


def test_of_what_a_device_withheld_the_least_is_told_and_no_mean(file: Path) -> None:
    """Eleven hours without enough people, and one with five of them."""
    start = (END - timedelta(days=1)).replace(hour=8, minute=0)
    hours = [start + timedelta(hours=each) for each in range(12)]
    private: dict[str, Any] = {"minimum_group": 5, "withheld": True}
    told = summary(hours[-1], 5, {"happy": 300.0}, valence=0.75, arousal=0.5, **private)
    record(file, *(summary(hour, None, None, **private) for hour in hours[:-1]), told)
    words = report(file).words
    assert (
        "5 or more visits on 1 day, counted once in each interval; 11 of 12 intervals withheld; for"
        " how long the network was unsure is withheld"
    ) in words
    assert "2025-03-131.05 or more11 of 12" in words
    assert "+0.75" not in words
    assert "A mean is blank where something is withheld that belongs to it." in words
    assert "03-13: some withheld" in drawn(file, "kitchen: visits a day")
    assert "2025-03-131.0in part300.0" in words


def test_an_interval_across_midnight_is_one(file: Path) -> None:
    noon = (END - timedelta(days=3)).replace(hour=12, minute=0)
    told = {"faces": 9, "emotions_s": {"happy": 600.0}, "withheld": False}
    untold = {"faces": None, "emotions_s": None, "withheld": True}
    record(
        file,
        *(
            summary(
                noon + timedelta(days=number), **each, minimum_group=5, watched_s=86_400.0,
                end=noon + timedelta(days=number + 1),
            )
            for number, each in enumerate((told, untold, told))
        ),
    )  # fmt: skip
    headline = (
        "18 or more visits on 4 days, counted once in each interval; 1 of 3 intervals withheld"
    )
    assert headline in report(file).words


def test_five_people_who_stay_are_not_a_group_of_many(file: Path) -> None:
    start = (END - timedelta(days=1)).replace(hour=8, minute=0)
    stay = [
        summary(
            start + timedelta(minutes=5 * each), 5, {"happy": 300.0}, minimum_group=5,
            valence=0.75, arousal=0.5,
        )
        for each in range(24)
    ]  # fmt: skip
    record(file, *stay)
    told = report(file).words
    assert "120 visits on 1 day, counted once in each interval; the network was unsure" in told
    assert "visits, once in each interval" in told
    assert "Too few visits to say anything" in report(file, "--minimum-group", "10").words
    assert "120 visits" in report(file, "--minimum-group", "5").words


def test_days_of_which_only_summaries_tell_are_named_in_runs(file: Path) -> None:
    days = [(END - timedelta(days=each)).replace(hour=8) for each in (13, 9, 8, 7, 2, 1)]
    record(file, *(summary(day, 3, {"happy": 10.0}) for day in days))
    assert (
        "Only summaries tell of 2025-03-01, 2025-03-05 to 2025-03-07, 2025-03-12 to 2025-03-13, or"
        " of a part of it"
    ) in report(file).words


def test_a_summary_of_a_day_is_in_no_hour(file: Path) -> None:
    start = (END - timedelta(days=2)).replace(hour=14, minute=0)
    day = summary(
        start, 40, {"happy": 7200.0, "neutral": 7200.0}, end=start + timedelta(days=1),
        watched_s=86_400.0, minimum_group=5,
    )  # fmt: skip
    record(file, day)
    words = report(file).words
    assert "Summaries of more than an hour do not say when something was." in words
    assert "2025-03-1210.017" in words
    assert "2025-03-1314.023" in words
    assert "2025-03-1210.03,000.03,000.0" in words
    assert "Emotions by hour" not in words


def test_what_answered_is_told_and_a_change_of_it_warned_of(file: Path) -> None:
    changed = END - timedelta(days=7)
    messages = [
        (
            "mien/kitchen/event",
            encode(msgspec.structs.replace(each, answer="ferplus"))
            if each.time >= changed
            else encode(each),
        )
        for each in fortnight("kitchen", seed=1)
    ]
    record(file, *messages, *a_day(END - timedelta(days=1), answer="ferplus", reaction=None))
    page = report(file)
    assert "What answered changed within this time, as its table says" in page.words
    assert "modelanswerreactioncardsfromuntilintervalsvisits" in page.words
    answered = "5e5e5e5e5e5e(default|ferplus)(normal|not told)c4c4c4c4c4c42025-03"
    found = re.findall(answered, page.words)
    assert found == [
        ("default", "normal"), ("ferplus", "normal"), ("ferplus", "not told"),
    ]  # fmt: skip
    assert "1440" in page.words
    assert "on all of these devices" not in page.words


def of_older_mien(message: tuple[str, bytes]) -> tuple[str, bytes]:
    """An event or a summary without what the older one did not tell."""
    topic, payload = message
    untold = {"answer", "reaction", "cards", "watched_s"}
    if topic.endswith("summary"):
        untold.add("model")
    fields = msgspec.json.decode(payload)
    return topic, msgspec.json.encode({k: v for k, v in fields.items() if k not in untold})


def test_an_update_that_counts_seconds_otherwise_is_warned_of(file: Path) -> None:
    messages = a_fortnight()
    half = len(messages) // 2
    record(file, *map(of_older_mien, messages[:half]), *messages[half:])
    words = report(file).words
    assert "Mien was updated within this time: an older Mien, whose answer is not told" in words
    assert "What answered changed" not in words
    assert "Not on all of these devices" not in words


def test_a_device_that_counts_seconds_otherwise_is_named_as_such(file: Path) -> None:
    hall = [("mien/hall/event", encode(each)) for each in fortnight("hall", seed=2)]
    record(file, *a_fortnight(), *map(of_older_mien, hall))
    words = report(file).words
    assert "Not on all of these devices the same seconds" in words
    assert "Mien was updated" not in words
    assert "Not the same answers" not in words


def test_when_a_group_is_asked_for_no_table_says_when_somebody_came(file: Path) -> None:
    record(file, *a_fortnight(), *a_day(END - timedelta(days=1)))
    words = report(file, "--days", "15", "--minimum-group", "5").words
    assert (
        "modelanswerreactioncardsfromuntilintervals"
        "5e5e5e5e5e5edefaultnormalc4c4c4c4c4c42025-03-13 08:00"
    ) in words


def test_a_model_that_only_events_name_is_told_without_their_times(file: Path) -> None:
    """Summaries of an older Mien name none."""
    changed = END - timedelta(days=7)
    events = [
        ("mien/kitchen/event", encode(msgspec.structs.replace(each, model="a1" * 32)))
        if each.time >= changed
        else ("mien/kitchen/event", encode(each))
        for each in fortnight("kitchen", seed=1)
    ]
    record(file, *map(of_older_mien, [*events, *a_day(END - timedelta(days=1))]))
    words = report(file, "--days", "15", "--minimum-group", "5").words
    assert "What answered changed within this time" in words
    for model in ("5e" * 6, "a1" * 6):
        assert f"{model}not toldnot toldnot toldwithheldwithheld0" in words
    assert "not toldnot toldnot toldnot told2025-03-13 08:002025-03-13 20:00144" in words


def test_another_card_of_the_same_model_is_told(file: Path) -> None:
    changed = END - timedelta(days=7)
    events = [
        msgspec.structs.replace(each, cards="c5" * 6) if each.time >= changed else each
        for each in fortnight("kitchen", seed=1)
    ]
    record(file, *(("mien/kitchen/event", encode(each)) for each in events))
    words = report(file, "--days", "15").words
    assert "What answered changed within this time" in words
    for cards in ("c4" * 6, "c5" * 6):
        assert f"5e5e5e5e5e5edefaultnormal{cards}2025-03-" in words


def test_devices_that_answer_differently_are_named_as_such(file: Path) -> None:
    hall = [
        ("mien/hall/event", encode(msgspec.structs.replace(each, model="a1" * 32)))
        for each in fortnight("hall", seed=2)
    ]
    record(file, *a_fortnight(), *hall)
    words = report(file).words
    assert "Not the same answers on all of these devices" in words
    assert "What answered changed" not in words


def test_a_zone_is_called_what_it_calls_itself_in_the_period(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [datetime(2025, 3, 25, tzinfo=UTC)]
    with recorder_at(file, now) as recorder:
        recorder.take("mien/kitchen/availability", b"online")
        now[0] = datetime(2025, 4, 2, 12, tzinfo=UTC)
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        for days, names in (("2", "CEST."), ("8", "CET and CEST.")):
            assert main(["report", str(file), "--days", days]) == 0
            page = Page(file.with_suffix(".html").read_text(encoding="utf-8"))
            assert f"those of the time zone {names}" in page.words
    finally:
        monkeypatch.undo()
        time.tzset()


def test_too_small_groups_are_withheld(file: Path) -> None:
    record(file, *a_fortnight())
    everything = report(file, "--days", "15")
    some = report(file, "--days", "15", "--minimum-group", "20")
    nothing = report(file, "--days", "15", "--minimum-group", "1000")
    assert "for how long the network was unsure is withheld" in some.words
    # Angry and sad were too rare to be told, on every day: not even as nothing.
    assert "what is blank" in some.words
    assert "angry" not in some.words
    assert 0 < visits_told(some) < visits_told(everything)
    assert "Too few visits to say anything" in nothing.words


def test_one_who_stays_among_passers_by_is_no_group(file: Path) -> None:
    ids = TimeOrderedIds(utc_ms=lambda: 1_741_942_800_000)
    start = END - timedelta(days=1, hours=13)
    events = [
        each
        for number, seconds in enumerate((0.2, 0.2, 0.2, 0.2, 590.0))
        for each in visit(start + timedelta(minutes=number), [("sad", seconds)], ids)
    ]
    record(file, *(("mien/kitchen/event", encode(each)) for each in events))
    assert "2025-03-13590.8" in report(file).words
    words = report(file, "--minimum-group", "5").words
    assert "5 visits on 1 day; for how long the network was unsure is withheld" in words
    # Neither its seconds nor a mean, which has them five times.
    assert "590" not in words
    assert "118" not in words
    assert "sad" not in words


def test_why_means_are_blank_is_said(file: Path) -> None:
    record(file, *a_fortnight())
    reason = "A mean is blank where fewer than 20 visits tell of it"
    assert reason in report(file, "--days", "15", "--minimum-group", "20").words
    assert "A mean is blank" not in report(file, "--days", "15").words


def test_alerts_and_availability(file: Path) -> None:
    raised = Alert(id="camera", severity="critical", text="lost", since=END - timedelta(hours=9))
    record(
        file,
        ("mien/kitchen/availability", b"online"),
        ("mien/kitchen/alert/camera", encode(raised)),
    )
    page = report(file)
    assert "No visit was recorded." in page.words
    assert "2025-03-14 14:00no end recordedcriticalcameralost" in page.words
    # The last 14 days begin at midnight, 23 hours into the recording.
    assert "online335.0 hoffline0 minnot known0 min" in page.words


def test_a_night_without_a_connection_is_not_known(file: Path) -> None:
    now = [END - timedelta(hours=30)]
    with recorder_at(file, now) as recorder:
        recorder.flush()
        for device in ("kitchen", "hall"):
            recorder.take(f"mien/{device}/availability", b"online")
        recorder.take("mien/hall/availability", b"offline")
        now[0] = END - timedelta(hours=20)
        recorder.flush()
        recorder.take("mien/garden/availability", b"online")
        recorder.flush(None)
        now[0] += timedelta(hours=8)
        recorder.flush(2)
        # The broker says again what it kept, and of the garden it kept nothing.
        recorder.take("mien/kitchen/availability", b"online", 2)
        recorder.take("mien/hall/availability", b"offline", 2)
        now[0] += timedelta(hours=8)
        recorder.take("mien/kitchen/availability", b"offline", 2)
        recorder.flush(2)
        now[0] = END
    words = report(file, "--days", "2").words
    # The first of the two days begins 17 hours before the recording.
    assert "kitchen: when it was online; offline 1 timestate" in words
    assert "online18.0 hoffline4.0 hnot known25.0 h" in words
    # It may have been so all the time.
    assert "hall: when it was online; offline 1 timestate" in words
    assert "online0 minoffline22.0 hnot known25.0 h" in words
    assert "garden: when it was online; offline 0 timesstate" in words
    assert "online0 minoffline0 minnot known47.0 h" in words


def test_less_than_an_hour_is_told_in_minutes(file: Path) -> None:
    now = [END - timedelta(minutes=59, seconds=50)]
    with recorder_at(file, now) as recorder:
        recorder.flush()
        recorder.take("mien/kitchen/availability", b"online")
        now[0] = END - timedelta(seconds=20)
        recorder.flush()
        recorder.take("mien/kitchen/availability", b"offline")
        now[0] = END
    assert "online59.5 minoffline0.3 minnot known" in report(file, "--days", "1").words


@pytest.mark.parametrize("wrong_by", [timedelta(days=27_000), timedelta(days=-10_000)])
def test_a_clock_that_was_wrong_once_does_not_move_the_period(
    file: Path, wrong_by: timedelta
) -> None:
    for moment in (END + wrong_by, END - timedelta(minutes=30)):
        with recorder_at(file, [moment]) as recorder:
            recorder.take("mien/kitchen/availability", b"online")
    record(file, *a_fortnight())
    assert visits_told(report(file, "--days", "15")) > 100


def test_late_events_and_those_of_another_time_are_mentioned(file: Path) -> None:
    events = [*fortnight("kitchen", seed=1)]
    late = msgspec.structs.replace(events[5], is_historical=True)
    old = msgspec.structs.replace(events[0], id="of-1970", time=datetime(1970, 1, 1, tzinfo=UTC))
    record(file, *(("mien/kitchen/event", encode(each)) for each in (*events[6:], late, old)))
    page = report(file, "--days", "15")
    assert "events that came later than they happened: 1 of" in page.words
    assert "Events outside of this period: 1." in page.words


def test_a_year_and_a_day_are_two_days_of_one_name(file: Path) -> None:
    ids = TimeOrderedIds(utc_ms=lambda: 1_741_942_800_000)
    messages = [
        ("mien/kitchen/event", encode(each))
        for day, seconds in ((END - timedelta(days=365), 11.0), (END, 22.0))
        for each in visit(day - timedelta(hours=1), [("happy", seconds)], ids)
    ]
    record(file, *messages)
    words = report(file, "--days", "366").words
    assert "2024-03-1411.0" in words
    assert "2025-03-14 until 23:0022.0" in words


def impossible() -> list[Row]:
    """What an older Mien would have recorded, by whoever may publish."""
    hour_ms = 3_600_000
    endless = '{"happy":1e308,"sad":1e308}'
    summary = SummaryRow(
        "kitchen", END_MS - hour_ms, END_MS, faces=1, emotions_s=endless, minimum_group=1,
        withheld=False, valence=0.5, arousal=0.5,
    )  # fmt: skip
    left = EventRow(
        "1", "kitchen", "face_left", END_MS - hour_ms, "f", "5e", is_historical=False,
        duration_s=1e308, emotions_s=endless, valence=0.5, arousal=0.5,
    )  # fmt: skip
    return [
        summary,
        summary._replace(start_ms=summary.start_ms - 1),
        # From the first day of the calendar on.
        summary._replace(start_ms=-62_135_596_800_000, emotions_s="{}"),
        left,
        left._replace(id="2", episode="g"),
    ]


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Pacific/Kiritimati"])
def test_what_cannot_be_is_left_out_of_what_an_older_mien_recorded(file: Path, zone: str) -> None:
    ids = TimeOrderedIds(utc_ms=lambda: 1_741_942_800_000)
    shown = visit(END - timedelta(days=3), [("happy", 30.0)], ids)
    record(file, *(("mien/kitchen/event", encode(each)) for each in shown))
    with HistoryStore(file, start_ms=END_MS) as store:
        store.write(impossible(), end_ms=END_MS, refused=0)
    words = report(file, "--time-zone", zone).words
    assert "3 visits on 2 days; the network was unsure for 0% of 30 s" in words
    assert not re.search(r"\b(inf|nan)\b", words)


def test_an_empty_history(file: Path, tmp_path: Path) -> None:
    record(file)
    assert "no device said anything" in report(file).words
    untouched = tmp_path / "untouched.sqlite"
    untouched.touch()
    assert "Nothing was recorded yet." in report(untouched).words


def test_while_it_is_being_recorded(file: Path) -> None:
    with Recorder(file, now=lambda: END) as recorder:
        for topic, payload in a_fortnight():
            recorder.take(topic, payload)
        recorder._write(0.0)
        assert visits_told(report(file)) > 100


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere.sqlite",), "no such file"),
        (("FOLDER",), "a folder; name the file"),
        ((".",), "a folder; name the file"),
        (("FILE", "--time-zone", "Mars/Olympus"), "not known here"),
        (("FILE", "--time-zone", "../etc"), "not known here"),
        (("FILE", "--output", "FILE"), "would replace the history"),
        (("DIARY",), "not a history of Mien"),
    ],
)
def test_asked_wrongly(
    file: Path,
    arguments: tuple[str, ...],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    record(file)
    diary = file.with_name("diary")
    diary.write_text("Dear diary. " * 1000, encoding="utf-8")
    names = {"FILE": str(file), "DIARY": str(diary), "FOLDER": str(file.parent)}
    assert main(["report", *(names.get(each, each) for each in arguments)]) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert message in errors
    assert errors.count("\n") == 1


def test_a_page_that_cannot_be_written(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(file)
    assert main(["report", str(file), "--output", str(file.parent / "no" / "page.html")]) == 1
    assert "name another --output" in capsys.readouterr().err


def test_a_full_disk_leaves_the_page_of_before(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record(file)
    page = file.with_suffix(".html")
    page.write_text("an older one", encoding="utf-8")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "replace", full)
    assert main(["report", str(file)]) == 1
    assert "No space left on device" in capsys.readouterr().err
    assert page.read_text(encoding="utf-8") == "an older one"
    assert not [*file.parent.glob(".mien-report-*")]


@pytest.mark.parametrize("days", ["0", "367", "many", "1.5"])
def test_days_that_are_none(file: Path, days: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["report", str(file), "--days", days])
    assert caught.value.code == 2
    assert "--days: must be a whole number from 1 to 366\n" in capsys.readouterr().err


def test_how_much_memory_the_page_takes(file: Path) -> None:
    """docs/history.md says how much: change it there too."""
    start_ms = END_MS - 300_000 * 4000
    summaries = [
        SummaryRow(
            "kitchen", at, at + 300_000, 3, f'{{"happy":{number / 8}}}', 1, withheld=False,
            valence=0.25, arousal=0.5, watched_s=300.0, model=MODEL[:12], answer="default",
            reaction="normal", cards="0" * 12,
        )
        for number, at in enumerate(range(start_ms, END_MS, 300_000))
    ]  # fmt: skip
    events = [
        EventRow(
            f"{number:032}-{kind}", "kitchen", kind, start_ms + 1_000_000 * number + later_ms,
            f"{number:036}", MODEL[:12], is_historical=False, answer="default", reaction="normal",
            cards="0" * 12, **more,
        )
        for number in range(1000)
        for kind, later_ms, more in (
            ("face_appeared", 0, {}),
            ("emotion_changed", 1000, {"emotion": "happy"}),
            ("emotion_changed", 5000, {"emotion": "unsure"}),
            ("face_left", 9000, {"duration_s": 9.0, "emotions_s": '{"happy":4.5,"unsure":3.5}'}),
        )
    ]  # fmt: skip
    with HistoryStore(file, start_ms=start_ms) as store:
        store.write([*summaries, *events], end_ms=END_MS, refused=0)
    tracemalloc.start()
    try:
        report(file, "--days", "1")
        idle, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        report(file, "--days", "30")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 400 < (peak - idle) / (len(events) + len(summaries)) < 590
