"""Requests to a running daemon whose camera and faces are made up."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_app.daemon.camera_trouble import CameraTrouble, Troubles
from edge_app.daemon.controller import RESTART, SOURCE_LOST, Controller
from edge_app.daemon.kept_privacy import KeptPrivacy, PrivacyChoice
from edge_app.daemon.reports import Reports
from edge_app.daemon.request_desk import RequestDesk
from edge_app.daemon.stages import Daemon
from edge_app.errors import MienError
from edge_app.events.episodes import Episodes
from edge_app.events.identifiers import TimeOrderedIds
from edge_app.events.maker import Maker
from edge_app.events.payloads import FaceAppeared, FaceLeft, Info, PrivacyMode
from edge_app.events.privacy import PrivacyGate
from edge_app.events.requests import RawRequest, ReactionName, Response
from edge_app.events.summaries import Interval
from edge_app.frames.hung import HungReaders
from edge_app.frames.source import Frame, FrameSource, SourceError
from edge_app.frames.supervised import SupervisedSource, Trouble
from edge_app.health.alerts import CAMERA
from edge_app.health.board import Board
from edge_app.health.led import Led
from edge_app.health.telemetry import Activity, Telemeter
from edge_app.perception.faces import Box
from edge_app.perception.watcher import WatchedFace, Watcher
from tests.edge_app.events.recorder import Recorder


class Camera(FrameSource):
    """Black frames until it is closed."""

    name = "camera"
    is_live = True

    def __init__(self) -> None:
        self.is_closed = threading.Event()
        self._count = 0

    def read(self) -> Frame | None:
        if self.is_closed.wait(0.001):
            return None
        self._count += 1
        return Frame(np.zeros((48, 64), np.uint8), self._count)

    def close(self) -> None:
        self.is_closed.set()


class HangingCamera(Camera):
    """Gives one frame; then its driver hangs, also when it is closed, until `released`."""

    def __init__(self, released: threading.Event) -> None:
        super().__init__()
        self._released = released

    def read(self) -> Frame | None:
        if self._count:
            self._released.wait()
        return super().read()


class OneFace(Watcher):
    """Sees the same happy face in every frame."""

    wanted_every_s = 0.0

    def __init__(self, reaction: ReactionName) -> None:
        self.reaction, self.has_begun_anew, self.is_settled = reaction, False, False

    def watch(self, frame: Frame) -> list[WatchedFace]:
        self.is_settled = True
        return [
            WatchedFace(
                number=1, box=Box(8, 8, 32, 32), emotion="happy", shown="happy", labels=("happy",),
                probabilities=np.ones(1, np.float32), first_seen_ns=0,
                last_seen_ns=frame.timestamp_ns,
            )
        ]  # fmt: skip


class House:
    """A daemon with all of its rooms; `ask` queues requests, `run` works until they are done."""

    def __init__(
        self,
        folder: Path,
        *,
        is_paused: bool = False,
        mode: PrivacyMode = "full",
        is_camera_hanging: bool = False,
        closing_s: float = 5.0,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.told = Recorder()
        self.cameras: list[Camera] = []
        self.reactions: list[ReactionName] = []
        self.camera_failure: SourceError | None = None
        self.hung, self.released = HungReaders(), threading.Event()
        self.is_camera_hanging = is_camera_hanging
        self.settings_fault: MienError | None = None
        self.stop = threading.Event()
        self.kept = KeptPrivacy(folder, "d", mode)
        interval = Interval(maker=self.maker, now=now, clock_s=clock_s)
        self.gate = PrivacyGate(self.told, mode=mode, interval=interval, now=now)
        episodes = Episodes(device="d", maker=self.maker, ids=TimeOrderedIds(), now=now)
        self.reports = Reports(
            self.gate,
            activity=self.activity,
            state=lambda: self.daemon.state,
            telemeter=Telemeter(Board(folder), now=now),
            interval=interval,
            telemetry_interval_s=600,
            summary_interval_s=600,
            minimum_group=5,
            is_clock_right=lambda: None,
            was_supply_weak=lambda: None,
            is_certificate_ending=lambda: False,
        )
        self.daemon = Daemon(
            source=None if is_paused else self.open_camera()[0],
            watcher=self.make_watcher("normal"),
            episodes=episodes,
            publisher=self.gate,
            visits_ended=self.reports.end_visits,
            watched=interval.watched,
            clock_s=clock_s,
        )
        self.troubles = Troubles()
        self.trouble = CameraTrouble(
            self.troubles,
            publish_alert=self.gate.publish_alert,
            say_telemetry=self.reports.say_telemetry,
            now=now,
        )
        self.controller = Controller(
            daemon=self.daemon,
            gate=self.gate,
            reports=self.reports,
            kept=self.kept,
            led=Led(folder),
            open_source=self.open_camera,
            camera_closed=self.trouble.camera_closed,
            hung=self.hung,
            closing_s=closing_s,
            is_stop_asked=self.stop.is_set,
            make_watcher=self.make_watcher,
            describe=describe,
            diagnose=lambda: {"python": "3"},
            check_settings=self.check_settings,
            reaction="normal",
        )
        self.desk = RequestDesk(self.controller.handlers)
        self.count = 0

    def open_camera(self) -> tuple[FrameSource, bool]:
        if self.camera_failure is not None:
            raise self.camera_failure
        if self.is_camera_hanging:
            camera = HangingCamera(self.released)
            self.cameras.append(camera)
            return SupervisedSource("camera", lambda: camera, hung=self.hung), False
        self.cameras.append(Camera())
        return self.cameras[-1], False

    def check_settings(self) -> None:
        if self.settings_fault is not None:
            raise self.settings_fault

    def maker(self) -> Maker:
        return Maker("m", "default", self.controller.reaction, "c")

    def make_watcher(self, reaction: ReactionName) -> Watcher:
        self.reactions.append(reaction)
        return OneFace(reaction)

    def activity(self) -> Activity:
        return Activity(
            source="paused" if self.daemon.is_paused else "open",
            frames_seen=self.daemon.frames_seen,
            frames_refused=0,
            faces=self.daemon.faces,
        )

    def ask(self, name: str, more: str = "") -> Response:
        self.count += 1
        payload = f'{{"id": "{self.count}"{more}}}'.encode()
        return self.desk.answer(RawRequest(name=name, payload=payload))

    def run(self, steps: Sequence[Callable[[], Any]]) -> None:
        """Take one step a turn; in between wait until whoever is there was seen."""
        left = list(steps)
        deadline = time.monotonic() + 20

        def turn() -> None:
            assert time.monotonic() < deadline
            if self.daemon.is_paused or self.daemon.faces:
                if left:
                    left.pop(0)()
                else:
                    self.stop.set()

        self.daemon.run(self.stop, turn)
        assert not left


def now() -> datetime:
    return datetime.now(UTC)


def describe(reaction: ReactionName, privacy: PrivacyMode) -> Info:
    return Info(
        version="1", runtime="r", models={}, source="camera",
        settings={"reaction": reaction, "privacy": privacy},
    )  # fmt: skip


def test_a_pause_closes_the_camera_and_resume_opens_it_again(tmp_path: Path) -> None:
    house = House(tmp_path)

    def pause() -> None:
        assert house.ask("pause").status == "ok"
        assert house.cameras[0].is_closed.is_set()
        assert house.daemon.is_paused
        assert house.told.telemetries[-1].source == "paused"
        assert isinstance(house.told.events[-1], FaceLeft)
        assert house.told.states[-1].faces == ()
        assert KeptPrivacy(tmp_path, "d").read().is_paused
        assert house.ask("pause").status == "ok"

    def resume() -> None:
        assert house.ask("resume").status == "ok"
        assert house.told.telemetries[-1].source == "open"
        assert not KeptPrivacy(tmp_path, "d").read().is_paused
        assert house.ask("resume").status == "ok"

    house.run([pause, resume])
    assert len(house.cameras) == 2
    assert house.cameras[1].is_closed.is_set()
    kinds = [type(event) for event in house.told.events if not hasattr(event, "emotion")]
    assert kinds == [FaceAppeared, FaceLeft, FaceAppeared, FaceLeft]
    assert not [t for t in threading.enumerate() if t.name == "mien-grabber"]


def test_who_stays_in_view_is_never_said_not_to_be_there(tmp_path: Path) -> None:
    """Whoever switches the light off where nobody is would leave them in the dark."""
    house = House(tmp_path)
    house.run(
        [
            lambda: house.ask("pause"),
            lambda: house.ask("resume"),
            lambda: house.ask("settings", ', "change": {"reaction": "calm"}'),
            lambda: house.ask("privacy", ', "mode": "aggregates"'),
            lambda: house.ask("privacy", ', "mode": "full"'),
            lambda: house.ask("restart"),
        ]
    )
    told = [(state.is_known, len(state.faces)) for state in house.told.states]
    assert set(told) == {(False, 0), (True, 1)}
    assert [each for each, _ in itertools.groupby(told)] == [
        *[(False, 0), (True, 1)] * 4,
        (False, 0),
    ]
    assert {each.faces for each in house.told.telemetries} == {None}, "said at these moments"


def test_a_camera_that_its_driver_does_not_close_is_closed_by_the_end_of_the_process(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    house = House(tmp_path, is_camera_hanging=True, closing_s=0.01)

    def pause() -> None:
        for answer in (house.ask("pause"), house.ask("pause")):
            assert answer.status == "error"
            assert answer.error is not None
            assert "may keep it open: this process ends" in answer.error
        assert KeptPrivacy(tmp_path, "d").read().is_paused

    house.run([pause])
    assert not house.stop.is_set()
    assert house.controller.exit_code == SOURCE_LOST
    assert f"does not answer: ending with code {SOURCE_LOST}" in caplog.text
    house.released.set()
    assert house.hung.end_within(20)


def test_a_camera_that_its_driver_closes_after_a_while_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(tmp_path, is_camera_hanging=True, closing_s=20.0)
    end_within = house.hung.end_within

    def release(timeout_s: float, is_enough: Callable[[], bool]) -> bool:
        assert len(house.hung) == 1
        house.released.set()
        return end_within(timeout_s, is_enough)

    monkeypatch.setattr(house.hung, "end_within", release)

    def pause() -> None:
        assert house.ask("pause").status == "ok"
        assert len(house.hung) == 0

    house.run([pause, lambda: None])
    assert house.controller.exit_code == 0


def test_whoever_asks_for_a_stop_waits_for_no_driver(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    house = House(tmp_path, is_camera_hanging=True, closing_s=60.0)

    def pause() -> None:
        house.stop.set()
        answer = house.ask("pause")
        assert answer.status == "error"
        assert "this process ends" in str(answer.error)
        assert KeptPrivacy(tmp_path, "d").read().is_paused

    house.run([pause])
    assert house.controller.exit_code == 0
    assert "ending with code" not in caplog.text
    house.released.set()
    assert house.hung.end_within(20)


def test_a_pause_that_cannot_be_kept_ends_no_process(tmp_path: Path) -> None:
    """The next one would open the camera."""
    (tmp_path / "file").touch()
    house = House(tmp_path, is_camera_hanging=True, closing_s=0.01)
    house.controller._kept = KeptPrivacy(tmp_path / "file", "d")

    def pause() -> None:
        assert house.ask("pause").status == "error"
        assert len(house.hung) == 1

    house.run([pause, lambda: None])
    assert house.controller.exit_code == 0
    house.released.set()
    assert house.hung.end_within(20)


def test_a_switch_may_use_one_request_for_both(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.run([
        lambda: house.ask("pause", ', "paused": true'),
        lambda: house.ask("pause", ', "paused": false'),
    ])  # fmt: skip
    assert len(house.cameras) == 2


def test_an_alert_ends_though_the_camera_is_paused_and_resumed_within_one_turn(
    tmp_path: Path,
) -> None:
    house = House(tmp_path)

    def both() -> None:
        house.troubles.put(Trouble("camera: unplugged"))
        house.trouble.turn(is_paused=False, has_frames=True)
        assert house.trouble.is_reopening
        house.troubles.put(Trouble("camera: the stream ended"))
        house.ask("pause")
        house.ask("resume")
        house.trouble.turn(is_paused=house.daemon.is_paused, has_frames=True)

    house.run([both])
    told = [alert is not None for name, alert in house.told.alerts if name == CAMERA]
    assert told == [True, False]
    assert not house.trouble.is_reopening


def test_a_daemon_that_starts_paused_opens_no_camera(tmp_path: Path) -> None:
    house = House(tmp_path, is_paused=True)

    def look() -> None:
        assert house.cameras == []

    house.run([look, lambda: house.ask("resume")])
    assert len(house.cameras) == 1


def test_a_camera_that_cannot_be_opened_leaves_it_paused(tmp_path: Path) -> None:
    house = House(tmp_path, is_paused=True)
    house.kept.write(PrivacyChoice(is_paused=True))
    house.camera_failure = SourceError("camera: gone; plug it in")

    def resume() -> None:
        answer = house.ask("resume")
        assert (answer.status, answer.error) == ("error", "camera: gone; plug it in")

    house.run([resume])
    assert house.daemon.is_paused
    assert KeptPrivacy(tmp_path, "d").read().is_paused


def test_privacy_hides_who_is_there_and_shows_them_as_new_afterwards(tmp_path: Path) -> None:
    house = House(tmp_path)
    counts: list[int] = []

    def hide() -> None:
        assert house.ask("privacy", ', "mode": "aggregates"').status == "ok"
        assert isinstance(house.told.events[-1], FaceLeft)
        assert house.told.states[-1].faces == ()
        assert house.told.telemetries[-1].faces is None
        assert house.told.infos[-1].settings["privacy"] == "aggregates"
        # What was seen before was public.
        assert house.told.summaries[-1].faces == 1
        assert KeptPrivacy(tmp_path, "d").read().mode == "aggregates"
        counts.extend([len(house.told.events), len(house.told.states)])

    def show() -> None:
        assert house.daemon.faces == 1
        assert [len(house.told.events), len(house.told.states)] == counts
        assert house.ask("privacy", ', "mode": "full"').status == "ok"
        assert house.told.summaries[-1].faces is None
        assert len(house.told.events) == counts[0]

    house.run([hide, show, lambda: None])
    assert isinstance(house.told.events[counts[0]], FaceAppeared)


def test_no_request_ends_what_the_settings_promise(tmp_path: Path) -> None:
    house = House(tmp_path, mode="aggregates")

    def show() -> None:
        answer = house.ask("privacy", ', "mode": "full"')
        assert answer.status == "error"
        assert answer.error is not None
        assert "the settings say `aggregates`, which no request ends" in answer.error
        assert house.ask("privacy", ', "mode": "aggregates"').status == "ok"

    house.run([show, lambda: None])
    assert house.gate.mode == "aggregates"
    assert house.told.events == []
    assert KeptPrivacy(tmp_path, "d", "aggregates").read().mode != "full"


def test_one_person_never_becomes_a_group(tmp_path: Path) -> None:
    """Each of these ends her visit, though she stays; five visits of an interval would be told."""
    house = House(tmp_path)
    house.gate.switch("aggregates")
    reactions = ["quick", "calm"] * 3

    def change() -> None:
        wanted = reactions.pop()
        answer = house.ask("settings", f', "change": {{"reaction": "{wanted}"}}')
        assert answer.status == "ok"

    def pause() -> None:
        house.ask("pause")
        house.ask("resume")

    steps = [step for _ in range(5) for step in (change, pause)]
    house.run(steps)
    house.reports.say_summary()
    assert len(house.told.summaries) == len(steps) + 1
    assert all(each.withheld and each.faces is None for each in house.told.summaries)


def test_settings_are_told_and_changed(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.reports.turn()

    def change() -> None:
        assert house.ask("settings").result == {
            "reaction": "normal", "summary_interval_s": 600, "telemetry_interval_s": 600,
        }  # fmt: skip
        answer = house.ask("settings", ', "change": {"reaction": "calm", "summary_interval_s": 60}')
        assert answer.result == {
            "reaction": "calm", "summary_interval_s": 60, "telemetry_interval_s": 600,
        }  # fmt: skip
        assert house.told.infos[-1].settings["reaction"] == "calm"

    house.run([change])
    assert house.reactions == ["normal", "calm"]
    assert house.reports.summary_interval_s == 60


def test_each_figure_names_the_reaction_that_made_it(tmp_path: Path) -> None:
    house = House(tmp_path)

    def change() -> None:
        assert house.ask("settings", ', "change": {"reaction": "calm"}').status == "ok"
        assert house.told.events[-1].reaction == "normal"

    house.run([change, lambda: None])
    house.reports.say_summary()
    left, came = (
        [each.reaction for each in house.told.events if isinstance(each, kind)]
        for kind in (FaceLeft, FaceAppeared)
    )
    assert (left, came) == (["normal", "calm"], ["normal", "calm"])
    # One summary, one maker: the change ended the interval.
    made = [(each.model, each.answer, each.reaction) for each in house.told.summaries]
    assert made == [("m", "default", "normal"), ("m", "default", "calm")]
    assert [each.faces for each in house.told.summaries] == [1, 1]


def test_nothing_is_watched_in_a_pause(tmp_path: Path) -> None:
    now_s = [0.0]
    house = House(tmp_path, clock_s=lambda: now_s[0])

    def sum_up() -> None:
        now_s[0] += 1.0
        house.reports.say_summary()

    def pause() -> None:
        now_s[0] += 1.0
        house.ask("pause")

    house.run([sum_up, pause, sum_up, sum_up, lambda: house.ask("resume"), sum_up])
    watched_s = [each.watched_s for each in house.told.summaries]
    assert watched_s == [1.0, 1.0, 0.0, 1.0]


def test_a_restart_ends_the_daemon_with_its_own_code(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.daemon.run(house.stop, lambda: house.ask("restart"))
    assert house.controller.exit_code == RESTART


def test_a_restart_that_nothing_would_come_of_is_refused(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.settings_fault = MienError("mien.toml: unknown field `widht`")

    def restart() -> None:
        answer = house.ask("restart")
        assert (answer.status, answer.error) == ("error", "mien.toml: unknown field `widht`")

    house.run([restart, lambda: None])
    assert house.controller.exit_code == 0


def test_identify_says_whether_there_is_an_led(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    house = House(tmp_path)
    assert house.ask("identify").result == {"led": False}
    assert "it is this one" in caplog.text


def test_diagnostics_tell_what_is_known(tmp_path: Path) -> None:
    result = House(tmp_path).ask("diagnostics").result
    assert result is not None
    assert set(result) == {"info", "telemetry", "python"}
    assert result["telemetry"]["source"] == "open"


def test_a_choice_that_cannot_be_kept_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    house = House(tmp_path)
    house.kept = KeptPrivacy(tmp_path / "file", "d")
    house.controller._kept = house.kept

    def pause() -> None:
        answer = house.ask("pause")
        assert answer.status == "error"
        assert answer.error is not None
        assert "a restart will forget it" in answer.error

    house.run([pause])
    assert house.daemon.is_paused
