"""`mien run` as a process of its own → the memory that it keeps.

`python -m benchmarks.daemon_memory`. Its source is a folder of pictures, as near to a camera as a
machine without one comes. The sample clip brings in a video decoder, which costs some ten megabytes
more; both are shown.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2

from benchmarks.as_command import exit_code
from benchmarks.process import peak_mb
from edge_app.errors import MienError
from edge_app.mqtt.embedded_broker import EmbeddedBroker
from edge_app.samples import CLIP

FRAMES = 150
WATCHED_S = 9.0
LIMIT_MB = 100.0


def main() -> int:
    """Print the peaks; 1 where the limit is passed on pictures."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder) / "pictures"
        pictures.mkdir()
        _extract(pictures)
        of_pictures = _peak_mb(str(pictures), Path(folder) / "a")
        of_clip = _peak_mb("sample:", Path(folder) / "b")
    sys.stdout.write(
        f"resident memory of mien run with MQTT, peak: {of_pictures:.0f} MB on pictures,"
        f" {of_clip:.0f} MB on the video clip; at most {LIMIT_MB:.0f} are asked\n"
    )
    return int(of_pictures > LIMIT_MB)


def _extract(pictures: Path) -> None:
    clip = cv2.VideoCapture(str(CLIP))
    for number in range(FRAMES):
        is_there, frame = clip.read()
        if not is_there:
            break
        cv2.imwrite(str(pictures / f"{number:03}.jpg"), frame)
    clip.release()


def _peak_mb(source: str, state: Path) -> float:
    state.mkdir()
    with EmbeddedBroker(port=None) as broker:
        command = [sys.executable, "-m", "edge_app.cli", "run", "--source", source]
        with subprocess.Popen(
            [*command, "--broker", str(broker.address), "--device", "memory"],
            env=os.environ | {"STATE_DIRECTORY": str(state)},
        ) as daemon:
            try:
                time.sleep(WATCHED_S)
                peak = peak_mb(daemon.pid)
            finally:
                daemon.terminate()
                daemon.wait(10)
    if peak is None:
        raise MienError(f"{source}: the daemon ended before it was measured; it says why above")
    return peak


if __name__ == "__main__":
    sys.exit(exit_code(main))
