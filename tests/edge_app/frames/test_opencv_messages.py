from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from edge_app.samples import CLIP

SHOUT = """
import cv2
from edge_app.frames.opencv_messages import silence_opencv
if {silent}:
    silence_opencv()
assert not cv2.VideoCapture({path!r}, cv2.CAP_FFMPEG).isOpened()
assert not cv2.VideoCapture("/dev/null", cv2.CAP_V4L2).isOpened()
"""


def messages(tmp_path: Path, *, silent: bool, **variables: str) -> str:
    """What a process of its own writes: what is silenced stays so."""
    path = tmp_path / "bad.mp4"
    path.write_bytes(CLIP.read_bytes()[:100_000])
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENCV")}
    done = subprocess.run(
        [sys.executable, "-c", SHOUT.format(silent=silent, path=str(path))],
        capture_output=True, text=True, check=True, env=kept | variables,
    )  # fmt: skip
    return done.stdout + done.stderr


def test_opencv_and_ffmpeg_are_silenced(tmp_path: Path) -> None:
    assert messages(tmp_path, silent=True) == ""
    usual = messages(tmp_path, silent=False)
    assert "moov atom not found" in usual
    assert "WARN" in usual


def test_who_looks_for_a_fault_keeps_the_messages(tmp_path: Path) -> None:
    kept = messages(tmp_path, silent=True, OPENCV_LOG_LEVEL="WARNING", OPENCV_FFMPEG_LOGLEVEL="16")
    assert "moov atom not found" in kept
    assert "WARN" in kept
