from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_app.doctor import camera
from edge_app.doctor.camera import check_camera
from edge_app.doctor.finding import Finding
from edge_app.doctor.processes import Process
from edge_app.settings import CameraSettings
from tests.edge_app.doctor.fake_source import Fake

ROOM = np.random.default_rng(1).integers(0, 255, (48, 64), np.uint8)
MIEN = Process(812, "python3", is_mien=True)


def check(
    fake: Fake,
    *,
    closed: Finding | None = None,
    user: Process | None = None,
    running: Process | None = None,
    is_there: bool = True,
    rate: float = 15.0,
) -> dict[str, Finding]:
    """Findings by name; the clock goes on by 1/15 s whenever it is looked at."""
    ticks = itertools.count()
    found = check_camera(
        CameraSettings(source="/dev/video7", frames_per_second=rate),
        closed=closed,
        using=lambda _path: user,
        running=lambda: running,
        choose=fake,
        is_there=lambda _path: is_there,
        clock_s=lambda: next(ticks) / 15,
    )
    return {finding.name: finding for finding in found}


def test_a_camera_that_works() -> None:
    fake = Fake(ROOM)
    found = check(fake)
    assert {name: each.verdict for name, each in found.items()} == dict.fromkeys(
        ("source", "rate", "picture"), "ok"
    )
    assert "64x48 pixels" in found["source"].text
    assert found["rate"].text == "15.0 frames a second, asked for 15"
    assert fake.source.closed.is_set()


def test_a_camera_slower_than_asked() -> None:
    found = check(Fake(ROOM), rate=60.0)["rate"]
    assert (found.verdict, found.text) == ("warning", "15.0 frames a second, asked for 60")
    assert "light" in found.advice


@pytest.mark.parametrize(
    ("image", "says"),
    [
        (np.full((48, 64, 3), 5, np.uint8), "black"),
        (np.full((48, 64), 255, np.uint8), "white"),
        (np.full((48, 64), 128, np.uint8), "one even colour"),
    ],
)
def test_a_picture_of_nothing(image: NDArray[np.uint8], says: str) -> None:
    found = check(Fake(image))["picture"]
    assert found.verdict == "warning"
    assert found.text.startswith(says)
    assert found.advice


def test_one_frame_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "COUNTING_S", 0.2)
    assert check(Fake(ROOM, endless=False, hangs=True))["rate"].verdict == "failure"


def test_no_frame_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "PATIENCE_S", 0.2)
    fake = Fake(endless=False, hangs=True)
    found = check(fake)
    assert list(found) == ["source"]
    assert found["source"].verdict == "failure"
    assert "no frame for" in found["source"].text
    assert fake.source.closed.is_set()


def test_damaged_frames() -> None:
    found = check(Fake(ROOM, damaged=3))["damage"]
    assert (found.verdict, found.text) == ("warning", "3 frames were damaged")
    assert "cable" in found.advice
    found = check(Fake(ROOM, damaged=3, is_live=False))["damage"]
    assert found.advice == "copy the recording again"


def test_a_source_whose_frames_are_all_damaged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "PATIENCE_S", 0.2)
    found = check(Fake(endless=False, hangs=True, damaged=97))
    assert list(found) == ["source", "damage"]
    assert "no frame for" in found["source"].text
    assert found["damage"].text == "97 frames were damaged"


def test_a_recording_has_no_rate_and_may_end() -> None:
    found = check(Fake(ROOM, name="clip.mp4", is_live=False, endless=False))
    assert {name: each.verdict for name, each in found.items()} == {"source": "ok", "picture": "ok"}


def test_what_has_to_stay_closed_is_not_opened() -> None:
    fake = Fake(ROOM)
    reason = camera.GROUP.warning("source", "for a reason", "mend it")
    assert check(fake, closed=reason) == {
        "source": camera.GROUP.warning("source", "/dev/video7: not opened: for a reason", "mend it")
    }
    assert fake.openings == 0


def test_what_a_running_mien_uses_is_not_opened() -> None:
    fake = Fake(ROOM)
    found = check(fake, user=MIEN)["source"]
    assert found.verdict == "ok"
    assert "in use by mien (process 812)" in found.text
    assert fake.openings == 0


@pytest.mark.parametrize("name", ["/dev/video7", "picamera2:0"])
def test_whether_a_running_mien_has_the_camera_is_not_known(name: str) -> None:
    fake = Fake(ROOM, name=name)
    found = check(fake, running=MIEN)["source"]
    assert found.verdict == "warning"
    assert found.text == f"{name}: not opened: mien (process 812) runs, and may have it"
    assert "alert `camera`" in found.advice
    assert fake.openings == 0


def test_what_keeps_the_outbox_without_being_mien_has_no_camera() -> None:
    found = check(Fake(ROOM), running=Process(7, "backup"))["source"]
    assert found.verdict == "ok"
    assert "first frame" in found.text


@pytest.mark.parametrize("closed", [None, camera.GROUP.ok("source", "paused")])
def test_a_camera_that_is_gone_fails_whoever_runs(closed: Finding | None) -> None:
    fake = Fake(ROOM, name="/dev/video7")
    found = check(fake, closed=closed, running=MIEN, is_there=False)["source"]
    assert (found.verdict, found.text) == ("failure", "/dev/video7: no such camera")
    assert "v4l2-ctl" in found.advice
    assert fake.openings == 0


def test_another_program_has_it() -> None:
    found = check(Fake(error="busy; wait"), user=Process(7, "cheese"))["source"]
    assert found.verdict == "failure"
    assert "in use by cheese (process 7)" in found.text


def test_another_program_that_only_has_it_open() -> None:
    assert check(Fake(ROOM), user=Process(7, "pipewire"))["source"].verdict == "ok"


def test_a_camera_that_somebody_unseen_may_have() -> None:
    found = check(Fake(name="picamera2:0", error="picamera2:0: busy; look"))["source"]
    assert (found.verdict, found.text) == ("failure", "picamera2:0: busy")
    assert found.advice.startswith("look; or, if Mien's service runs")


def test_a_stream_is_nobodys() -> None:
    fake = Fake(name="rtsp://cam/1", error="rtsp://cam/1: no answer; check the network")
    found = check(fake, user=MIEN, running=MIEN, is_there=False)["source"]
    assert (found.text, found.advice) == ("rtsp://cam/1: no answer", "check the network")
    assert fake.openings == 1


def look(source: str) -> list[Finding]:
    return list(
        check_camera(
            CameraSettings(source=source),
            closed=None,
            using=lambda _path: None,
            running=lambda: None,
        )
    )


def test_no_such_device() -> None:
    found = look("/dev/video99")
    assert [each.verdict for each in found] == ["failure"]
    assert "no such camera" in found[0].text
    assert "service" not in found[0].advice


def test_a_password_in_the_source_is_not_told() -> None:
    found = look("foo://mien:hunter2@cam/1")
    assert [each.verdict for each in found] == ["failure"]
    assert "hunter2" not in repr(found)
