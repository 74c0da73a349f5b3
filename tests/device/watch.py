"""Run on the machine under test: `watch.py FRAMES.npy N` takes N frames as the daemon does.

FRAMES: uint8 [M, H, W, 3], shown by turns at 15 frames a second. Needs the device's packages.
"""

import sys

import cv2
import numpy as np

from edge_app.frames.source import Frame
from edge_app.perception import Perception
from edge_app.perception.smoothing import REACTIONS
from edge_app.perception.tracker import Tracker
from edge_app.perception.watcher import Watcher

cv2.setNumThreads(1)
images = np.load(sys.argv[1])
watcher = Watcher(Perception.load(threads=1), Tracker(), REACTIONS["normal"])
for count in range(int(sys.argv[2])):
    image = images[count % len(images)]
    faces = watcher.watch(Frame(image, round(count / 15 * 1e9)))
if len(faces) != 1:
    raise SystemExit(f"{len(faces)} faces in the last frame instead of one")
