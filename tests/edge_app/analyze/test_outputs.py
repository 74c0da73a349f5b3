from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_app.analyze.outputs import OutputError, VideoWriter, write_picture
from edge_app.errors import MienError


@pytest.mark.parametrize("name", ["a.jpg", "a.JPEG", "a.png"])
def test_pictures_are_written_as_their_suffix_says(tmp_path: Path, name: str) -> None:
    image = np.full((20, 30, 3), (10, 100, 200), np.uint8)
    write_picture(tmp_path / name, image)
    content = (tmp_path / name).read_bytes()
    assert content.startswith(b"\x89PNG" if name.endswith("png") else b"\xff\xd8")
    np.testing.assert_allclose(cv2.imread(str(tmp_path / name)), image, atol=3)


def test_picture_that_cannot_be_written_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"a\.jpg: cannot be written"):
        write_picture(tmp_path / "missing" / "a.jpg", np.zeros((4, 4, 3), np.uint8))


def test_name_that_is_too_long_is_the_error_of_one_file(tmp_path: Path) -> None:
    too_long = tmp_path / f"{'a' * 300}.jpg"
    with pytest.raises(MienError, match="cannot be written: File name too long") as caught:
        write_picture(too_long, np.zeros((4, 4, 3), np.uint8))
    assert not isinstance(caught.value, OutputError)


def read_video(path: Path) -> tuple[float, list[np.ndarray]]:
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    frames = []
    while (read := capture.read())[0]:
        frames.append(read[1])
    rate = capture.get(cv2.CAP_PROP_FPS)
    capture.release()
    return rate, frames


@pytest.mark.parametrize(
    ("width", "height", "rate"),
    [
        (64, 48, 15),
        (63, 47, 30000 / 1001),
        (1, 1, 25),
        # Slow motion, and rates that a container works out from frames at uneven times.
        (64, 48, 119.88),
        (64, 48, 239.567),
        (64, 48, 66.66667),
        (64, 48, 999.9995),
        (64, 48, 0.0123),
    ],
)
def test_videos_of_every_size_and_rate_can_be_read_back(
    tmp_path: Path, width: int, height: int, rate: float
) -> None:
    path = tmp_path / "a.mp4"
    writer = VideoWriter(path, rate)
    for gray in (40, 90, 140):
        writer.write(np.full((height, width, 3), gray, np.uint8))
    writer.close()
    writer.check()
    found, frames = read_video(path)
    assert found == pytest.approx(rate, abs=0.01)
    assert [round(float(frame.mean()), -1) for frame in frames] == [40, 90, 140]
    # An odd size grows by one.
    assert frames[0].shape == (height + height % 2, width + width % 2, 3)


def test_frame_of_another_size_is_fitted(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "a.mp4", 15)
    writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.write(np.full((100, 90, 3), 200, np.uint8))
    writer.close()
    writer.check()
    _, frames = read_video(tmp_path / "a.mp4")
    assert frames[1].shape == (48, 64, 3)
    assert frames[1].mean() == pytest.approx(200, abs=4)


def test_video_that_cannot_be_written_is_one_error(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "missing" / "a.mp4", 15)
    with pytest.raises(OutputError, match=r"a\.mp4: cannot be written"):
        writer.write(np.zeros((48, 64, 3), np.uint8))


def test_video_that_lost_frames_is_one_error(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    writer = VideoWriter(path, 15)
    writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.close()
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(MienError, match=r"a\.mp4: the video cannot be written whole") as caught:
        writer.check()
    # There is room for others.
    assert not isinstance(caught.value, OutputError)


def test_video_that_a_full_disk_cut_short_is_the_error_of_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    writer = VideoWriter(path, 15)
    writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.close()
    path.unlink()
    path.symlink_to("/dev/full")
    with pytest.raises(OutputError, match=r"a\.mp4: cannot be written: No space left"):
        writer.check()


def test_a_folder_that_no_video_can_be_written_to_is_one_error(tmp_path: Path) -> None:
    """OpenCV would end the process."""
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    writer = VideoWriter(folder / "a.mp4", 15)
    with pytest.raises(MienError, match=r"caf\\xe9/a\.mp4: .*not UTF-8.*--output") as caught:
        writer.write(np.zeros((48, 64, 3), np.uint8))
    assert str(caught.value).isprintable()
    # Pictures can be.
    write_picture(folder / "a.jpg", np.zeros((48, 64, 3), np.uint8))
    assert [path.name for path in folder.iterdir()] == ["a.jpg"]
