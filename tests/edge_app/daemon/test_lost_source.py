"""A camera that comes, goes and stays away, as a real daemon tells it to a real broker."""

from __future__ import annotations

import itertools
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import cv2
import pytest
from paho.mqtt import publish

from edge_app.daemon import stages
from edge_app.daemon.kept_privacy import KeptPrivacy
from edge_app.daemon.stages import Daemon
from edge_app.events.episodes import Episodes
from edge_app.events.identifiers import TimeOrderedIds
from edge_app.events.publisher import JsonLinesPublisher
from edge_app.frames.source import Frame, FrameSource
from edge_app.frames.video_file import VideoFileSource
from edge_app.mqtt.messages import ALERT, AVAILABILITY, TELEMETRY
from edge_app.mqtt.subscriber import Subscriber
from edge_app.perception import Perception
from edge_app.perception.smoothing import REACTIONS
from edge_app.perception.tracker import Tracker
from edge_app.perception.watcher import Watcher
from edge_app.samples import CLIP
from tests.brokers import Mosquitto, free_port, wait_until
from tests.edge_app.frames.mjpeg_server import MjpegServer, forever, part
from tests.edge_app.frames.pictures import jpeg
from tests.edge_app.mqtt.samples import maker


class Ear:
    """Hears alerts and telemetry as they come."""

    def __init__(self, subscriber: Subscriber) -> None:
        self._subscriber = subscriber
        self.alerts: list[dict[str, Any] | None] = []
        self.sources: list[str] = []
        self.availability: list[str] = []
        self.answers = 0
        self.everything = b""

    def listen(self) -> Self:
        while message := self._subscriber.receive(0.05):
            self.everything += message.payload
            if message.topic == ALERT.topic("desk", alert="camera"):
                self.alerts.append(json.loads(message.payload) if message.payload else None)
            elif message.topic == TELEMETRY.topic("desk"):
                self.sources.append(json.loads(message.payload)["source"])
            elif message.topic == AVAILABILITY.topic("desk"):
                self.availability.append(message.payload.decode())
            elif message.topic == "mien/desk/response/identify":
                self.answers += 1
        return self

    @property
    def since(self) -> str:
        """Of the alert that is raised now."""
        assert self.alerts[-1] is not None
        return str(self.alerts[-1]["since"])

    def count(self, words: bytes) -> int:
        return self.listen().everything.count(words)

    def hears(self, *, alert: bool, source: str) -> bool:
        self.listen()
        is_raised = bool(self.alerts) and self.alerts[-1] is not None
        return is_raised == alert and self.sources[-1:] == [source]


#: The command, with a camera whose driver hangs after the first frame, also when it is closed.
HANGING = """\
import sys, threading, time
import numpy as np
from edge_app import cli
from edge_app.frames import setting
from edge_app.frames.source import Frame, FrameSource

class Hanging(FrameSource):
    name, is_live = "/dev/video987", True

    def __init__(self, device, **options):
        self._is_hanging = False

    def read(self):
        if self._is_hanging:
            threading.Event().wait()
        self._is_hanging = True
        return Frame(np.zeros((48, 64), np.uint8), time.monotonic_ns())

    def close(self):
        pass

setting.V4l2Source = Hanging
sys.exit(cli.main(sys.argv[1:]))
"""

#: The command, with a camera that gives no frame.
EMPTY = """\
import sys
from edge_app import cli
from edge_app.frames import setting
from edge_app.frames.source import FrameSource, SourceError

class Empty(FrameSource):
    name, is_live = "/dev/video987", True

    def __init__(self, device, **options):
        pass

    def read(self):
        raise SourceError(f"{self.name}: no picture")

    def close(self):
        pass

setting.V4l2Source = Empty
sys.exit(cli.main(sys.argv[1:]))
"""


def start(
    mosquitto: Mosquitto,
    folder: Path,
    url: str,
    command: tuple[str, ...] = ("-m", "edge_app.cli"),
    *more: str,
) -> subprocess.Popen[bytes]:
    """A service's process; what it says is added to `errors` in the folder. more: arguments."""
    with (folder / "errors").open("ab") as errors:
        return subprocess.Popen(
            [
                *(sys.executable, *command, "run", "--source", url),
                *("--device", "desk", "--broker", str(mosquitto.address)),
                *more,
            ],
            stderr=errors,
            env={
                "STATE_DIRECTORY": str(folder),
                "RUNTIME_DIRECTORY": str(folder),
                "PATH": "/usr/bin:/bin",
            },
        )


def test_a_camera_that_is_late_comes_and_one_that_stays_away_is_waited_for(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    port, picture = free_port(), jpeg(120, 160)
    url = f"http://me:hunter2@127.0.0.1:{port}/password=w0rd&channel=1?token=s3cr3t"
    errors = tmp_path / "errors"
    with Subscriber(mosquitto.address, ("mien/desk/#",)) as subscriber:
        ear = Ear(subscriber)
        process = start(mosquitto, tmp_path, url)
        try:
            wait_until(lambda: ear.hears(alert=True, source="reopening"), 60)
            assert "refused" in str(ear.alerts[-1])
            with MjpegServer(lambda: forever(picture), port):
                # Up to 2 s until it is opened again, and stall_s of frames.
                wait_until(lambda: ear.hears(alert=False, source="open"), 20)
            wait_until(lambda: ear.hears(alert=True, source="reopening"), 30)
            # Another program answers there, and then a camera without a picture.
            for kind in ("text/html", "multipart/x-mixed-replace; boundary=b"):
                with MjpegServer(list, port, content_type=kind) as server:
                    wait_until(lambda server=server: server.connections >= 7, 60)
            publish.single("mien/desk/request/identify", b'{"id": "1"}', port=mosquitto.port)
            wait_until(lambda: ear.listen().answers, 10)
            assert process.poll() is None
            assert ear.availability == ["online"]
            raised = [alert is not None for alert in ear.alerts]
            assert [is_raised for is_raised, _ in itertools.groupby(raised)] == [True, False, True]
        finally:
            process.kill()
            process.wait()
        ear.listen()
    said = errors.read_text()
    assert "Traceback" not in said
    assert said.count("--source: every user of this machine can read the password") == 1
    for secret in ("hunter2", "w0rd", "s3cr3t"):
        assert secret not in said
        assert secret.encode() not in ear.everything


def test_a_camera_that_opens_and_gives_no_frame_ends_the_process(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    with Subscriber(mosquitto.address, ("mien/desk/#",)) as subscriber:
        ear = Ear(subscriber)
        process = start(mosquitto, tmp_path, "/dev/video987", ("-c", EMPTY))
        try:
            assert process.wait(60) == 74
            wait_until(lambda: ear.listen().availability == ["online", "offline"], 10)
            since, heard = ear.since, len(ear.alerts)
            process = start(mosquitto, tmp_path, "/dev/video987", ("-c", EMPTY))
            wait_until(lambda: len(ear.listen().alerts) > heard, 60)
            assert ear.since == since, "the same trouble, and no moment without it"
        finally:
            process.kill()
            process.wait()
    said = (tmp_path / "errors").read_text()
    assert "opened 5 times more without a frame" in said
    assert "Traceback" not in said


def test_a_pause_closes_a_camera_whose_driver_hangs_by_the_end_of_the_process(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    with Subscriber(mosquitto.address, ("mien/desk/#",)) as subscriber:
        ear = Ear(subscriber)
        process = start(mosquitto, tmp_path, "/dev/video987", ("-c", HANGING))
        try:
            wait_until(lambda: "open" in ear.listen().sources, 60)
            publish.single("mien/desk/request/pause", b'{"id": "1"}', port=mosquitto.port)
            assert process.wait(60) == 74
        finally:
            process.kill()
            process.wait()
        wait_until(lambda: ear.listen().availability == ["online", "offline"], 10)
    assert b"may keep it open" in ear.everything
    assert KeptPrivacy(tmp_path, "desk").read().is_paused
    said = (tmp_path / "errors").read_text()
    assert "its driver does not answer: ending with code 74" in said
    assert "Traceback" not in said


def test_a_stop_during_such_a_pause_is_heeded_and_is_no_failure(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    settings = tmp_path / "mien.toml"
    # So long a driver is waited for that the stop comes first.
    settings.write_text('[camera]\nstall_s = 60\n[privacy]\npurpose = "test"\n', encoding="utf-8")
    with Subscriber(mosquitto.address, ("mien/desk/#",)) as subscriber:
        ear = Ear(subscriber)
        words = ("--settings", str(settings))
        process = start(mosquitto, tmp_path, "/dev/video987", ("-c", HANGING), *words)
        try:
            wait_until(lambda: "open" in ear.listen().sources, 60)
            publish.single("mien/desk/request/pause", b'{"id": "1"}', port=mosquitto.port)
            wait_until(lambda: "paused" in ear.listen().sources, 60)
            process.terminate()
            assert process.wait(60) == 0
        finally:
            process.kill()
            process.wait()
    assert KeptPrivacy(tmp_path, "desk").read().is_paused
    said = (tmp_path / "errors").read_text()
    assert "ending with code" not in said
    assert "Traceback" not in said


#: The command, which says when the interpreter is taken apart.
TORN_DOWN = """\
import atexit, sys
from edge_app.cli import main
atexit.register(print, "torn down", file=sys.stderr)
sys.exit(main())
"""


def test_an_opening_that_hangs_does_not_meet_the_interpreters_end(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        Subscriber(mosquitto.address, ("mien/desk/#",)) as subscriber,
    ):
        url = f"rtsp://127.0.0.1:{server.getsockname()[1]}/video"
        process = start(mosquitto, tmp_path, url, ("-c", TORN_DOWN))
        try:
            # FFmpeg waits for its answer, in C++, for 5 s.
            with server.accept()[0]:
                process.terminate()
                assert process.wait(60) == 0
        finally:
            process.kill()
            process.wait()
        ear = Ear(subscriber)
        wait_until(lambda: ear.listen().availability == ["online", "offline"], 10)
    said = (tmp_path / "errors").read_text()
    assert "left to itself" in said
    assert "torn down" not in said


def test_nothing_is_cut_short_where_no_thread_is_left(mosquitto: Mosquitto, tmp_path: Path) -> None:
    with Subscriber(mosquitto.address, ("mien/desk/#",)) as subscriber:
        ear = Ear(subscriber)
        process = start(
            mosquitto, tmp_path, f"http://127.0.0.1:{free_port()}/video", ("-c", TORN_DOWN)
        )
        try:
            wait_until(lambda: ear.hears(alert=True, source="reopening"), 60)
            process.terminate()
            assert process.wait(60) == 0
        finally:
            process.kill()
            process.wait()
    assert (tmp_path / "errors").read_text().endswith("torn down\n")


def test_whoever_is_in_a_picture_that_a_camera_hangs_on_is_said_to_leave(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    settings = tmp_path / "mien.toml"
    settings.write_text(
        '[camera]\nstall_s = 3\nfrozen_s = 4\n[privacy]\npurpose = "test"\n', encoding="utf-8"
    )
    with VideoFileSource(CLIP, pace="fast") as clip:
        frames = [frame.image for frame in iter(clip.read, None)]
    # Somebody is there all the time.
    pictures = [bytes(cv2.imencode(".jpg", image)[1]) for image in frames[60:90]]
    hangs = threading.Event()

    def pieces() -> Iterator[bytes]:
        for picture in itertools.cycle(pictures):
            yield part(picture if not hangs.is_set() else pictures[0])
            time.sleep(0.05)

    with MjpegServer(pieces) as server, Subscriber(mosquitto.address, ("mien/desk/#",)) as heard:
        ear = Ear(heard)
        words = ("--settings", str(settings))
        process = start(mosquitto, tmp_path, server.url, ("-m", "edge_app.cli"), *words)
        try:
            wait_until(lambda: b'"face_appeared"' in ear.listen().everything, 60)
            hangs.set()
            wait_until(lambda: ear.hears(alert=True, source="reopening"), 60)
            assert "one and the same picture for 4 s" in str(ear.alerts[-1])
            # On a busy machine whoever is there may have been lost and found before.
            wait_until(lambda: ear.count(b'"face_left"') == ear.count(b'"face_appeared"'), 10)
            visits = ear.count(b'"face_left"')
            hangs.clear()
            # Up to 10 s until it is opened again.
            wait_until(lambda: ear.hears(alert=False, source="open"), 60)
            wait_until(lambda: ear.count(b'"face_appeared"') > visits, 10)
            assert ear.availability == ["online"]
        finally:
            process.kill()
            process.wait()


class Stalling(FrameSource):
    """The clip's first seconds, and then nothing."""

    name, is_live = "stalling", True

    def __init__(self, seconds: float) -> None:
        self._frames = self._first(seconds)
        self.is_silent, self._closed = threading.Event(), threading.Event()

    def read(self) -> Frame | None:
        if (frame := next(self._frames, None)) is None:
            self.is_silent.set()
            self._closed.wait()
        return frame

    def close(self) -> None:
        self._closed.set()

    def _first(self, seconds: float) -> Iterator[Frame]:
        with VideoFileSource(CLIP, pace="fast") as clip:
            while (frame := clip.read()) and frame.timestamp_ns < seconds * 1e9:
                yield frame


def test_while_no_frames_come_nobody_is_said_to_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "_LOOK_S", 0.02)
    monkeypatch.setattr(stages, "_BLIND_S", 0.2)
    source, stop = Stalling(4.0), threading.Event()
    counts: list[int | None] = []
    ends: list[int | None] = []

    def each_turn() -> None:
        counts.append(running.faces)
        if source.is_silent.is_set() and counts[-1] is None:
            stop.set()

    with (tmp_path / "events").open("wb") as file:
        running = Daemon(
            source=source,
            watcher=Watcher(Perception.load(), Tracker(), REACTIONS["normal"]),
            episodes=Episodes(
                device="test", maker=maker, ids=TimeOrderedIds(), now=lambda: datetime.now(UTC)
            ),
            publisher=JsonLinesPublisher(file),
            every_frame=True,
            visits_ended=lambda: ends.append(running.faces),
        )
        running.run(stop, each_turn)
    assert ends == [None]
    assert [count for count, _ in itertools.groupby(counts)] == [None, 0, 1, None]
    assert (tmp_path / "events").read_bytes().count(b"face_left") == 1
