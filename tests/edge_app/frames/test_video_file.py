from __future__ import annotations

import logging
import os
import re
import shutil
import struct
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_app.frames.source import Frame, SourceError
from edge_app.frames.video_file import VideoFileSource
from edge_app.samples import CLIP
from tests.edge_app.frames.forbidden import forbidden

CLIP_FRAMES = 270


def all_frames(source: VideoFileSource) -> list[Frame]:
    frames = []
    while (frame := source.read()) is not None:
        frames.append(frame)
    return frames


def write_video(path: Path, frames: int, codec: str = "mp4v", fps: float = 10.0) -> Path:
    """Frame i is gray of brightness 20 i, modulo 256."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), fps, (64, 48))
    assert writer.isOpened()
    for index in range(frames):
        writer.write(np.full((48, 64, 3), 20 * index % 256, np.uint8))
    writer.release()
    return path


def test_clip_is_read_whole_with_its_times() -> None:
    with VideoFileSource(CLIP, pace="fast") as source:
        assert not source.is_live
        assert source.name == str(CLIP)
        assert source.frames_per_second == 15
        assert source.frame_count == CLIP_FRAMES
        frames = all_frames(source)
        assert source.read() is None
    assert len(frames) == CLIP_FRAMES
    assert frames[0].image.shape == (480, 640, 3)
    assert frames[0].image.dtype == np.uint8
    times = [frame.timestamp_ns for frame in frames]
    np.testing.assert_allclose(times, np.arange(CLIP_FRAMES) / 15 * 1e9, atol=1e6)


@pytest.mark.parametrize(("name", "codec"), [("a.avi", "MJPG"), ("a.mp4", "mp4v")])
def test_frames_come_in_order_from_every_container(tmp_path: Path, name: str, codec: str) -> None:
    with VideoFileSource(write_video(tmp_path / name, 10, codec), pace="fast") as source:
        frames = all_frames(source)
    np.testing.assert_allclose([f.image.mean() for f in frames], np.arange(10) * 20, atol=4)
    times = np.array([f.timestamp_ns for f in frames])
    assert (np.diff(times) > 0).all()


@pytest.mark.parametrize(
    ("matrix", "shape"),
    [
        ((1, 0, 0, 1), (48, 64, 3)),
        ((1.2, 0, 0, 1), (48, 64, 3)),
        ((2, 0, 0, 1), (48, 128, 3)),
        ((1, 0, 0, 2), (96, 64, 3)),
        # On its side.
        ((0, 2, -1, 0), (64, 48, 3)),
        # Nobody means that.
        ((100, 0, 0, 1), (48, 64, 3)),
    ],
)
def test_pixels_that_are_not_square_are_made_so(
    tmp_path: Path, matrix: tuple[float, ...], shape: tuple[int, ...]
) -> None:
    """matrix: how the track is to be shown (ISO 14496-12, 8.3.2)."""
    path = write_video(tmp_path / "a.mp4", 2)
    with VideoFileSource(show_by(path, matrix), pace="fast") as source:
        assert [frame.image.shape for frame in all_frames(source)] == [shape] * 2


def show_by(path: Path, matrix: tuple[float, ...]) -> Path:
    """Replace the identity in the track's header by a, b, c and d."""
    a, b, c, d = (round(each * 65_536) for each in matrix)
    content = path.read_bytes()
    place = content.index(struct.pack(">9i", 65_536, 0, 0, 0, 65_536, 0, 0, 0, 1 << 30),
                          content.index(b"tkhd"))  # fmt: skip
    shown = struct.pack(">5i", a, b, 0, c, d)
    path.write_bytes(content[:place] + shown + content[place + len(shown) :])
    return path


def test_own_pace_waits_for_each_frames_time() -> None:
    slept: list[float] = []
    with VideoFileSource(CLIP, clock=lambda: sum(slept), sleep=slept.append) as source:
        all_frames(source)
    assert len(slept) == CLIP_FRAMES - 1
    np.testing.assert_allclose(slept, 1 / 15, atol=0.001)


def test_fast_pace_never_waits() -> None:
    def sleep(_seconds: float) -> None:
        pytest.fail("waited")

    with VideoFileSource(CLIP, pace="fast", sleep=sleep) as source:
        assert len(all_frames(source)) == CLIP_FRAMES


def test_close_ends_a_wait_for_the_next_frame(tmp_path: Path) -> None:
    """The second frame's time is in a hundred seconds."""
    source = VideoFileSource(write_video(tmp_path / "slow.avi", 2, "MJPG", fps=0.01))
    assert source.read() is not None
    answers: list[Frame | None] = []
    reader = threading.Thread(target=lambda: answers.append(source.read()))
    reader.start()
    source.close()
    reader.join(10)
    assert answers == [None]


def test_closed_source_gives_nothing_and_closes_again() -> None:
    source = VideoFileSource(CLIP, pace="fast")
    source.close()
    source.close()
    assert source.read() is None


def test_path_may_hold_what_ffmpeg_takes_for_a_protocol_or_a_pattern(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write_video(Path("plain.avi"), 3, "MJPG").rename("file:ü %03d.avi")
    with VideoFileSource(path, pace="fast") as source:
        assert len(all_frames(source)) == 3


def test_no_file_is_left_open() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        with VideoFileSource(CLIP, pace="fast") as source:
            source.read()
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"no video at all\n" * 100, "not a video that can be read"),
        # The index of an mp4 stands at its end.
        (CLIP.read_bytes()[:400_000], "not a video that can be read, or cut short"),
    ],
    ids=["empty", "text", "cut short"],
)
def test_bad_file_is_one_error_that_names_it(
    tmp_path: Path, content: bytes, reason: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.mp4"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=reason) as caught:
        VideoFileSource(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    # OpenCV and FFmpeg have nothing to add.
    assert capfd.readouterr() == ("", "")


def test_missing_file_and_folder_are_errors(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No such file"):
        VideoFileSource(tmp_path / "missing.mp4")
    with pytest.raises(SourceError, match="not a file"):
        VideoFileSource(tmp_path)


def test_text_is_no_film(tmp_path: Path) -> None:
    """FFmpeg would play it as ANSI art."""
    path = tmp_path / "notes.txt"
    path.write_text("hello\n" * 100)
    with pytest.raises(SourceError, match="not a video"):
        VideoFileSource(path)


def test_video_without_frames_is_an_error(tmp_path: Path) -> None:
    """The container is whole, and what should be pictures is zeros."""
    content = bytearray(CLIP.read_bytes())
    begin, end = content.index(b"mdat") + 4, content.index(b"moov") - 4
    content[begin:end] = bytes(end - begin)
    path = tmp_path / "blank.mp4"
    path.write_bytes(content)
    with pytest.raises(SourceError, match="no frame that can be read"):
        VideoFileSource(path)


def test_damaged_frames_are_left_out_and_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    content = bytearray(CLIP.read_bytes())
    rng = np.random.default_rng(0)
    for at in rng.integers(5000, 900_000, 300):
        content[at] = rng.integers(256)
    path = tmp_path / "damaged.mp4"
    path.write_bytes(content)
    with caplog.at_level(logging.WARNING), VideoFileSource(path, pace="fast") as source:
        frames = all_frames(source)
    assert CLIP_FRAMES * 0.8 < len(frames) < CLIP_FRAMES
    assert 0 < source.frames_damaged <= CLIP_FRAMES - len(frames)
    times = np.array([frame.timestamp_ns for frame in frames])
    assert (np.diff(times) > 0).all()
    (record,) = caplog.records
    assert f"damaged: {len(frames)} of about {CLIP_FRAMES} frames" in record.getMessage()
    assert capfd.readouterr().err == ""


def test_recording_that_was_cut_short_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An avi's index stands at its end, too, but it can be read without."""
    path = write_video(tmp_path / "cut.avi", 12, "MJPG")
    content = path.read_bytes()
    pictures = [match.start() for match in re.finditer(b"00dc", content)]
    path.write_bytes(content[: pictures[6]])
    with caplog.at_level(logging.WARNING), VideoFileSource(path, pace="fast") as source:
        frames = all_frames(source)
    assert len(frames) in (5, 6)  # the last one may go with the cut
    assert f"{len(frames)} of about 12 frames" in caplog.text


def test_a_varying_rate_is_no_damage(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """An avi says of frames that repeat the one before that they are empty."""
    path = write_video(tmp_path / "screen.avi", 12, "MJPG")
    content = bytearray(path.read_bytes())
    pictures = [match.end() for match in re.finditer(b"00dc", content)]
    for number in (*range(2, 6), *range(7, 11)):
        content[pictures[number] : pictures[number] + 4] = bytes(4)
    path.write_bytes(content)
    with caplog.at_level(logging.WARNING), VideoFileSource(path, pace="fast") as source:
        frames = all_frames(source)
        assert (len(frames), source.frame_count) == (4, 12)
    assert frames[-1].timestamp_ns == 1_100_000_000
    assert caplog.records == []


def test_a_rate_that_is_said_too_high_is_no_damage(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_video(tmp_path / "slow.mkv", 100, "MJPG", 25.0)
    frame_ns, less_ns = (struct.pack(">I", each) for each in (40_000_000, 33_333_333))
    default_duration = b"\x23\xe3\x83\x84"
    content = path.read_bytes()
    path.write_bytes(content.replace(default_duration + frame_ns, default_duration + less_ns))
    with caplog.at_level(logging.WARNING), VideoFileSource(path, pace="fast") as source:
        assert (len(all_frames(source)), source.frame_count) == (100, 120)
    assert caplog.records == []


def test_frames_that_are_missing_amid_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Matroska's estimate is of the whole time, and FFmpeg passes over what it cannot read."""
    path = write_video(tmp_path / "hole.mkv", 200, "MJPG")
    content = bytearray(path.read_bytes())
    clusters = [match.start() for match in re.finditer(b"\x1f\x43\xb6\x75", content)]
    begin, end = clusters[4], clusters[8]
    content[begin:end] = bytes(end - begin)
    path.write_bytes(content)
    with caplog.at_level(logging.WARNING), VideoFileSource(path, pace="fast") as source:
        frames = all_frames(source)
        assert source.frames_damaged == 0
    assert 100 < len(frames) < 160
    assert f"damaged: {len(frames)} of about 200 frames" in caplog.text


def test_whole_clip_is_not_told_to_be_damaged(caplog: pytest.LogCaptureFixture) -> None:
    with VideoFileSource(CLIP, pace="fast") as source:
        all_frames(source)
        assert source.frames_damaged == 0
    assert caplog.records == []


def test_file_that_may_not_be_looked_at_is_an_error(tmp_path: Path) -> None:
    with (
        forbidden(tmp_path / "shut") as shut,
        pytest.raises(SourceError, match="Permission denied; name another file"),
    ):
        VideoFileSource(shut / "a.mp4")


@pytest.mark.parametrize(
    "name", [b"caf\xe9.mp4", b"caf\xe9/plain.mp4"], ids=["the file", "its folder"]
)
def test_a_name_that_is_not_utf_8_is_an_error(tmp_path: Path, name: bytes) -> None:
    """OpenCV would end the process."""
    path = tmp_path / os.fsdecode(name)
    path.parent.mkdir(exist_ok=True)
    shutil.copy(CLIP, path)
    with pytest.raises(SourceError, match=r"caf\\xe9.*not UTF-8.*rename") as caught:
        VideoFileSource(path)
    # It can be written to any terminal and file.
    assert str(caught.value).isprintable()
    assert str(caught.value).encode()


def test_a_folder_whose_name_is_not_utf_8_is_told_of_a_relative_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    shutil.copy(CLIP, folder / "plain.mp4")
    monkeypatch.chdir(folder)
    with pytest.raises(SourceError, match=r"caf\\xe9/plain\.mp4: "):
        VideoFileSource(Path("plain.mp4"))
