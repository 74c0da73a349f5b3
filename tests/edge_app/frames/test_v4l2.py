from __future__ import annotations

import errno
import logging
import mmap
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_app.frames.source import KeptOutError, SourceError
from edge_app.frames.v4l2 import V4l2Source
from tests.edge_app.frames.fake_capture import FakeCapture
from tests.edge_app.frames.pictures import jpeg

#: A character device that everybody may read and write; what opens it is a stand-in.
DEVICE = "/dev/null"


def open_camera(
    fake: FakeCapture, device: str = DEVICE, *ticks: int, timeout_s: float = 5.0
) -> V4l2Source:
    clock = iter(ticks or range(100, 200))
    return V4l2Source(
        device, width=640, height=480, frames_per_second=15, timeout_s=timeout_s,
        open_capture=fake.open, clock_ns=lambda: next(clock),
    )  # fmt: skip


def test_camera_is_asked_for_size_rate_and_the_newest_picture() -> None:
    fake = FakeCapture()
    with open_camera(fake) as source:
        assert source.is_live
        assert source.name == DEVICE
    assert fake.opened_with == (DEVICE, cv2.CAP_V4L2)
    assert fake.settings[0] == (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    assert set(fake.settings[1:]) == {
        (cv2.CAP_PROP_FRAME_WIDTH, 640),
        (cv2.CAP_PROP_FRAME_HEIGHT, 480),
        (cv2.CAP_PROP_FPS, 15),
        (cv2.CAP_PROP_BUFFERSIZE, 1),
    }
    assert fake.releases == 1


def test_timestamps_rise_even_if_the_clock_stands() -> None:
    with open_camera(FakeCapture(pictures=3), DEVICE, 50, 50, 70) as source:
        frames = [source.read() for _ in range(3)]
    assert [frame.timestamp_ns for frame in frames if frame] == [50, 51, 70]


def test_camera_that_gives_no_picture_is_an_error() -> None:
    with (
        open_camera(FakeCapture(pictures=0)) as source,
        pytest.raises(SourceError, match=r"/dev/null: .*plugged in"),
    ):
        source.read()


def test_closed_camera_gives_nothing() -> None:
    source = open_camera(FakeCapture())
    source.close()
    assert source.read() is None


def test_camera_that_does_not_open_is_an_error_and_released() -> None:
    fake = FakeCapture(is_open=False)
    with pytest.raises(SourceError, match="another program"):
        open_camera(fake)
    assert fake.releases == 1


def test_missing_camera_says_how_to_find_one() -> None:
    with pytest.raises(SourceError, match=r"/dev/video987: no such camera.*--list-devices"):
        open_camera(FakeCapture(), "987")


def test_file_is_no_camera(tmp_path: Path) -> None:
    path = tmp_path / "video0"
    path.touch()
    with pytest.raises(SourceError, match="not a camera"):
        open_camera(FakeCapture(), str(path))


def test_missing_permission_names_the_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    with pytest.raises(SourceError, match="group `video`"):
        open_camera(FakeCapture())


def test_a_camera_that_the_unit_keeps_closed_is_no_matter_of_groups(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # As under a DevicePolicy= that does not name it: access(2) and open(2) say EPERM.
    def refuse(path: Path, _flags: int) -> int:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), str(path))

    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(KeptOutError, match=r"/dev/null: closed to this process.*DeviceAllow="):
        open_camera(FakeCapture())


def test_real_opencv_says_no_more_than_we_do(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SourceError, match="gives no video"):
        V4l2Source(DEVICE, width=640, height=480, frames_per_second=15, timeout_s=5.0)
    assert capfd.readouterr() == ("", "")


class RawCapture(FakeCapture):
    """Agrees to a format, and hands over what the camera sent as OpenCV does: [1, bytes]."""

    def __init__(self, fourcc: str, *sent: np.ndarray) -> None:
        super().__init__(pictures=0)
        self._fourcc, self._sent = cv2.VideoWriter.fourcc(*fourcc), list(sent)

    def get(self, _what: int) -> float:
        return float(self._fourcc)

    def read(self) -> tuple[bool, np.ndarray | None]:
        return (True, self._sent.pop(0)) if self._sent else (False, None)


def sent_by_usb(content: bytes) -> np.ndarray:
    return np.frombuffer(content, np.uint8)[None]


def test_of_a_camera_s_jpeg_only_the_luma_is_decoded() -> None:
    fake = RawCapture("MJPG", sent_by_usb(jpeg(level=100)))
    with open_camera(fake) as source:
        frame = source.read()
    assert (cv2.CAP_PROP_CONVERT_RGB, 0) in fake.settings
    assert frame is not None
    assert frame.image.shape == (48, 64)
    assert 100 < frame.image.mean() < 140


def test_jpegs_that_are_cut_short_are_counted_and_left_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    cut = [sent_by_usb(jpeg()[:length]) for length in (0, 2, 300, 900)]
    with (
        caplog.at_level(logging.WARNING),
        open_camera(RawCapture("MJPG", *cut, sent_by_usb(jpeg()))) as source,
    ):
        assert source.read() is not None
        assert source.frames_damaged == 4
    assert caplog.text.count("left out") == 1


@pytest.mark.parametrize(
    ("fourcc", "picture", "times"),
    [
        ("MJPG", sent_by_usb(jpeg()), [1000, 1200, 1400]),
        ("GREY", np.full((4, 6), 9, np.uint8), [1000, 1100, 1200]),
        ("YUYV", np.full((4, 6, 3), 9, np.uint8), [1000, 1100, 1200]),
    ],
)
def test_jpegs_that_come_sooner_than_wanted_are_left_out_but_damaged_ones_counted(
    fourcc: str, picture: np.ndarray, times: list[int]
) -> None:
    cut = [sent_by_usb(jpeg()[:300])] if fourcc == "MJPG" else []
    fake = RawCapture(fourcc, picture, *(cut or [picture]), *[picture] * 4)
    ticks = [each * 100_000_000 for each in range(10, 16)]
    with open_camera(fake, DEVICE, *ticks) as source:
        source.want_every(0.2)
        frames = [source.read() for _ in range(3)]
        assert source.frames_damaged == len(cut)
    assert [frame.timestamp_ns // 1_000_000 for frame in frames if frame] == times


def test_a_gray_camera_s_picture_is_the_frame() -> None:
    with open_camera(RawCapture("GREY", np.full((4, 6), 9, np.uint8))) as source:
        frame = source.read()
    assert frame is not None
    assert frame.image.shape == (4, 6)


def test_other_formats_are_left_to_opencv() -> None:
    fake = RawCapture("YUYV", np.full((4, 6, 3), 9, np.uint8))
    with open_camera(fake) as source:
        frame = source.read()
    assert cv2.CAP_PROP_CONVERT_RGB not in dict(fake.settings)
    assert frame is not None
    assert frame.image.shape == (4, 6, 3)


VARIABLE = "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT"


@pytest.mark.parametrize(("timeout_s", "said"), [(5.0, "5"), (7.2, "8"), (0.5, "3")])
def test_opencv_waits_no_longer_than_a_camera_may_be_silent(
    monkeypatch: pytest.MonkeyPatch, timeout_s: float, said: str
) -> None:
    monkeypatch.setenv(VARIABLE, "")
    monkeypatch.delenv(VARIABLE)
    open_camera(FakeCapture(), timeout_s=timeout_s).close()
    assert os.environ[VARIABLE] == said


def test_who_sets_opencv_s_patience_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "20")
    open_camera(FakeCapture()).close()
    assert os.environ[VARIABLE] == "20"


def test_this_opencv_reads_that_variable() -> None:
    (library,) = Path(cv2.__file__).parent.glob("cv2*.so")
    with library.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as code:
        assert code.find(VARIABLE.encode()) > 0
