"""Run on the machine under test: `watch.py FRAMES.npy RATE N` takes N frames as the daemon does.

FRAMES: uint8 [M, H, W, 3], shown by turns at 15 frames a second. RATE: `usual`, or `each`, where
all of each frame is searched and its face read. Prints how often each model was invoked, as JSON.
Needs the device's packages.
"""

import json
import sys
from collections import Counter
from typing import Any

import cv2
import numpy as np

from edge_app.frames.source import Frame
from edge_app.perception import Perception
from edge_app.perception.schedule import DetectionSchedule, ReadingSchedule
from edge_app.perception.smoothing import REACTIONS
from edge_app.perception.tracker import Tracker
from edge_app.perception.watcher import Watcher

cv2.setNumThreads(1)
images = np.load(sys.argv[1])
is_each = sys.argv[2] == "each"
perception = Perception.load(threads=1)
invoked = Counter[str]()


class Counted:
    """A model's interpreter that notes its invocations."""

    def __init__(self, interpreter: Any, name: str) -> None:
        self._interpreter, self._name = interpreter, name

    def invoke(self) -> None:
        invoked[self._name] += 1
        self._interpreter.invoke()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._interpreter, name)


for part in (perception.detector, perception.small_detector, perception.classifier):
    part.model._interpreter = Counted(part.model._interpreter, part.model.path.stem)
watcher = Watcher(
    perception,
    Tracker(),
    REACTIONS["normal"],
    DetectionSchedule(1000.0, whole_s=0.0, compare_again_s=0.0) if is_each else None,
    readings=ReadingSchedule(1000.0) if is_each else None,
)
for count in range(int(sys.argv[3])):
    image = images[count % len(images)]
    faces = watcher.watch(Frame(image, round(count / 15 * 1e9)))
if len(faces) != 1:
    raise SystemExit(f"{len(faces)} faces in the last frame instead of one")
json.dump(invoked, sys.stdout)
