from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import cv2
import msgspec
import pytest

from benchmarks.clip_frames import clip_frames
from benchmarks.command import main
from benchmarks.results import ResultError
from benchmarks.soak import TimedWatcher, soak
from benchmarks.soak_lines import Sample, draw, read_samples, slope_an_hour, summary
from edge_app.events.publisher import JsonLinesPublisher
from edge_app.frames.source import Frame
from edge_app.perception.watcher import WatchedFace


def samples(count: int, leak_mb_an_hour: float = 0.0) -> list[Sample]:
    """One a minute; memory jumps in the beginning, and each line has some noise."""
    return [
        Sample(
            time_s=60.0 * n,
            frames=900 * n,
            frame_ms=5.0 + 0.1 * (n % 3),
            frame_p99_ms=9.0,
            cpu_share=0.3,
            rss_mb=100.0 + leak_mb_an_hour * n / 60 - (30.0 if n < 3 else 0.0) + 0.2 * (n % 2),
            handles=12,
            threads=4,
            bytes_written=1000 * n,
            outbox_waiting=0,
            temperature_c=None,
            throttled_bits=None,
        )
        for n in range(count)
    ]


def test_a_leak_is_found_and_nothing_else() -> None:
    for leak in (0.0, 0.5, 6.0):
        whole = samples(240, leak)
        found = slope_an_hour(whole, [sample.rss_mb for sample in whole])
        assert found == pytest.approx(leak, abs=0.02)
    assert slope_an_hour(samples(1), [1.0]) == 0.0


def test_the_summary_counts_writes_a_day() -> None:
    said = list(summary(samples(91)))
    assert "written: 0.09 MB, 1.4 MB a day, with these lines themselves" in said
    unknown = [msgspec.structs.replace(each, bytes_written=None) for each in samples(91)]
    assert "written: unknown" in list(summary(unknown))
    assert "written" not in draw(unknown)


def test_a_step_a_backlog_heat_and_throttling_are_told_and_drawn() -> None:
    changed = [
        msgspec.structs.replace(
            each,
            throttled_bits=0x50005 if 60 < n <= 90 else 0x50000 if n > 60 else 0,
            temperature_c=85.0 if n > 60 else None if n == 20 else 50.0,
            frame_ms=12.0 if n > 150 else 5.0,
            outbox_waiting=10 * n,
            rss_mb=160.0 if n > 190 else 100.0,
        )
        for n, each in enumerate(samples(240))
    ]
    said = list(summary(changed))
    # No two pairs in three have a slope.
    assert (
        "memory: 100.0 MB in the first quarter, 160.0 in the last, at most 160.0; +0.000"
        in " ".join(said)
    )
    assert any(
        line.startswith("frame, median: 5.00 ms in the first quarter, 12.00") for line in said
    )
    assert any(
        line.startswith(
            "events that wait: 505 in the first quarter, 2125 in the last, at most 2390; +600"
        )
        for line in said
    )
    assert any(line.startswith("temperature: 50.0 °C in the first quarter, 85.0") for line in said)
    assert "throttled: in 30 of 240 lines" in said
    drawn = draw(changed)
    assert "temperature" in drawn
    assert "events that wait" in drawn


def test_what_the_firmware_remembers_counts_once() -> None:
    bits = [0x10000, 0x10000, 0x50000, 0x50000, 0x50001]
    lines = [
        msgspec.structs.replace(each, throttled_bits=each_bits)
        for each, each_bits in zip(samples(5), bits, strict=True)
    ]
    assert "throttled: in 2 of 5 lines" in list(summary(lines))
    assert "throttled: unknown" in list(summary(samples(5)))


def test_seconds_say_nothing_of_an_hour_or_a_day() -> None:
    short = [
        msgspec.structs.replace(each, time_s=float(n), rss_mb=100.0 + 0.05 * n)
        for n, each in enumerate(samples(12))
    ]
    said = " ".join(summary(short))
    assert "too short" in said
    assert "MB an hour" not in said
    assert "a day" not in said


def test_an_hour_is_an_hour_though_its_first_line_comes_after_a_period() -> None:
    said = " ".join(summary(samples(61)[1:]))
    assert "1.00 h" in said
    assert "too short" not in said
    assert "1.4 MB a day" in said
    assert "too short" in " ".join(summary(samples(50)))
    # Of one line there is no growth.
    assert "a day" not in " ".join(summary(samples(61)[-1:]))


def test_the_daemon_writes_a_line_each_period(tmp_path: Path) -> None:
    file = tmp_path / "soak.jsonl"
    cv2.setNumThreads(2)
    with Path(os.devnull).open("wb") as nowhere:
        lines = soak(
            file,
            seconds=2.0,
            period_s=0.5,
            publisher=JsonLinesPublisher(nowhere),
            frames=clip_frames(3.0)[-15:],
        )
    assert cv2.getNumThreads() == 1
    found = read_samples(file)
    assert len(found) == lines
    assert 2 <= lines <= 8
    assert found[-1].frames > 0
    assert all(sample.handles > 0 and sample.rss_mb > 10 for sample in found)
    assert [sample.time_s for sample in found] == sorted(sample.time_s for sample in found)
    assert draw(found).count("<polyline") in {8, 9}  # some machines tell their temperature


def test_a_stop_ends_it_and_the_last_frames_are_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = threading.Event()

    class Stopping(TimedWatcher):
        def watch(self, frame: Frame) -> list[WatchedFace]:
            stop.set()
            return super().watch(frame)

    monkeypatch.setattr("benchmarks.soak.TimedWatcher", Stopping)
    with Path(os.devnull).open("wb") as nowhere:
        lines = soak(
            tmp_path / "soak.jsonl",
            seconds=600,
            period_s=600,
            publisher=JsonLinesPublisher(nowhere),
            frames=clip_frames(1.0),
            stop=stop,
        )
    assert lines == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_ctrl_c_or_a_hangup_leaves_file_and_plot(number: signal.Signals, tmp_path: Path) -> None:
    file = tmp_path / "soak.jsonl"
    command = [sys.executable, "-m", "benchmarks.command", "soak", "--hours", "1",
               "--every", "0.2", "--file", str(file)]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            deadline_s = time.monotonic() + 60
            while not (file.exists() and file.read_bytes().count(b"\n") >= 2):
                assert time.monotonic() < deadline_s
                assert process.poll() is None
                time.sleep(0.05)
            process.send_signal(number)
            said, _ = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 0
    assert "plot: " in said
    assert file.with_suffix(".svg").read_text().startswith("<svg")
    assert len(read_samples(file)) >= 2
    # Neither outbox nor broker.
    assert {path.suffix for path in tmp_path.iterdir()} == {".jsonl", ".svg"}


def test_a_soak_that_a_power_cut_ended_is_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "soak.jsonl"
    lines = b"".join(msgspec.json.encode(each) + b"\n" for each in samples(91))
    file.write_bytes(lines + b'{"time_s": 18')
    assert main(["soak", "--plot", str(file)]) == 0
    said = capsys.readouterr().out
    assert "1.4 MB a day" in said
    assert said.endswith(f"plot: {tmp_path / 'soak.svg'}\n")
    assert (tmp_path / "soak.svg").read_text() == draw(samples(91))
    (tmp_path / "soak.svg").unlink()
    (tmp_path / "soak.svg").mkdir()
    assert main(["soak", "--plot", str(file)]) == 1
    assert capsys.readouterr().err.endswith(f"Is a directory; copy {file} elsewhere\n")
    assert main(["soak", "--plot", str(tmp_path / "none")]) == 1
    assert "name another file" in capsys.readouterr().err


def test_a_line_that_a_power_cut_left_half_is_no_line(tmp_path: Path) -> None:
    file = tmp_path / "soak.jsonl"
    line = msgspec.json.encode(samples(1)[0])
    file.write_bytes(line + b"\n" + line[:20])
    assert read_samples(file) == samples(1)
    file.write_bytes(line[:20])
    with pytest.raises(ResultError, match="no line was written"):
        read_samples(file)
    file.write_bytes(b"other\n")
    with pytest.raises(ResultError, match="no soak"):
        read_samples(file)
