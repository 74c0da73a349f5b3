from __future__ import annotations

import logging
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_app.frames.folder import FolderSource, files_in
from edge_app.frames.source import SourceError


def write_picture(path: Path, gray: int = 0) -> Path:
    assert cv2.imwrite(str(path), np.full((8, 8, 3), gray, np.uint8))
    return path


def names(source: FolderSource) -> list[str]:
    found = []
    while (frame := source.read()) is not None:
        found.append(frame.name)
    return found


def test_pictures_come_in_natural_order_with_their_names(tmp_path: Path) -> None:
    for number in (10, 9, 1, 100):
        write_picture(tmp_path / f"shot{number}.png", number)
    write_picture(tmp_path / "Cover.JPG")
    (tmp_path / "notes.txt").write_text("no picture")
    write_picture(tmp_path / ".hidden.png")
    (tmp_path / "folder.png").mkdir()
    with FolderSource(tmp_path, pace="fast") as source:
        assert not source.is_live
        assert names(source) == ["Cover.JPG", "shot1.png", "shot9.png", "shot10.png", "shot100.png"]


def test_numbers_of_any_length_and_script_can_be_sorted(tmp_path: Path) -> None:
    ordered = ["1", "1a", "02", "10", "9" * 100, "a1b", "²", "٣"]
    for name in reversed(ordered):
        write_picture(tmp_path / f"{name}.png")
    assert [path.stem for path in files_in(tmp_path)] == ordered


def test_timestamps_follow_the_rate(tmp_path: Path) -> None:
    for number in range(3):
        write_picture(tmp_path / f"{number}.png", 10 * number)
    slept: list[float] = []
    source = FolderSource(
        tmp_path, frames_per_second=4, clock=lambda: sum(slept), sleep=slept.append
    )
    frames = [source.read() for _ in range(3)]
    assert [frame.timestamp_ns for frame in frames if frame] == [0, 250_000_000, 500_000_000]
    assert [int(frame.image.mean()) for frame in frames if frame] == [0, 10, 20]
    assert slept == [0.25, 0.25]


def test_unreadable_picture_is_skipped_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_picture(tmp_path / "1.png")
    (tmp_path / "2.png").write_bytes(b"no picture")
    write_picture(tmp_path / "3.png")
    with caplog.at_level(logging.WARNING), FolderSource(tmp_path, pace="fast") as source:
        assert names(source) == ["1.png", "3.png"]
        assert source.frames_damaged == 1
    (record,) = caplog.records
    assert "2.png: not a picture" in record.getMessage()


def test_folder_of_unreadable_pictures_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(b"")
    with FolderSource(tmp_path) as source, pytest.raises(SourceError, match="none of its 1"):
        source.read()


def test_folder_without_pictures_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(SourceError, match="holds no picture") as caught:
        FolderSource(tmp_path)
    assert str(tmp_path) in str(caught.value)


def test_one_picture_is_a_source_of_one_frame(tmp_path: Path) -> None:
    with FolderSource(write_picture(tmp_path / "a.png")) as source:
        assert names(source) == ["a.png"]


def test_one_unreadable_picture_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"")
    with FolderSource(path) as source, pytest.raises(SourceError, match="empty"):
        source.read()


def test_closed_source_gives_nothing(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png")
    source = FolderSource(tmp_path)
    source.close()
    assert source.read() is None


def test_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No such file"):
        files_in(tmp_path / "missing")
