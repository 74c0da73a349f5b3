"""An empty room and a busy one → how much less processor time the empty one takes.

`python -m benchmarks.empty_scene` watches both at the same frame rate for as many frames. The
empty one is a still picture with camera noise and a flickering lamp; the busy one the sample clip
where somebody is in view.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.as_command import exit_code
from benchmarks.clip_frames import FRAMES_PER_SECOND, clip_frames
from benchmarks.stages import make_watcher
from edge_app.frames.source import Frame
from edge_app.perception import Perception
from edge_app.perception.watcher import Watcher

LIMIT = 0.1
_NOISE_SIGMA, _FLICKER = 3.0, 0.05
#: The part of the clip with somebody in it.
_FROM_S, _TO_S = 3.5, 15.0


def empty_images(room: NDArray[np.uint8], count: int) -> list[NDArray[np.uint8]]:
    """Views of `room`, uint8 [H, W, 3], by a noisy camera under a flickering lamp."""
    rng = np.random.default_rng(0)
    images = []
    for index in range(count):
        light = 1.0 + _FLICKER * np.sin(2.7 * index)
        noise = rng.normal(0.0, _NOISE_SIGMA, room.shape).astype(np.float32)
        images.append((room * np.float32(light) + noise).clip(0, 255).astype(np.uint8))
    return images


def processor_s(
    perception: Perception, images: Sequence[NDArray[np.uint8]], seconds: float
) -> tuple[float, int]:
    """Processor time of watching `images` over and over, to and fro; frames with somebody."""
    watcher = make_watcher(perception, Watcher)
    order = [*range(len(images)), *range(len(images) - 2, 0, -1)]
    with_somebody = 0
    began = time.process_time()
    for index in range(round(seconds * FRAMES_PER_SECOND)):
        image = images[order[index % len(order)]]
        timestamp_ns = round(index / FRAMES_PER_SECOND * 1e9)
        with_somebody += bool(watcher.watch(Frame(image, timestamp_ns)))
    return time.process_time() - began, with_somebody


def main(words: Sequence[str] | None = None) -> int:
    """Print both times; returns 1 when the empty room costs more than its share."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    arguments = parser.parse_args(words)
    cv2.setNumThreads(1)
    perception = Perception.load(threads=1)
    room, *_ = clip_frames(1.0, colour=True)
    busy = [frame.image for frame in clip_frames(_TO_S, from_s=_FROM_S, colour=True)]
    empty = empty_images(room.image, 40)
    empty_s, nobody = processor_s(perception, empty, arguments.seconds)
    busy_s, somebody = processor_s(perception, busy, arguments.seconds)
    frames = round(arguments.seconds * FRAMES_PER_SECOND)
    say = sys.stdout.write
    say("| scene | frames | with somebody | processor time |\n|---|---:|---:|---:|\n")
    say(f"| empty | {frames} | {nobody} | {empty_s:.2f} s |\n")
    say(f"| busy | {frames} | {somebody} | {busy_s:.2f} s |\n")
    say(f"\nThe empty room costs {100 * empty_s / busy_s:.1f} % of the busy one.\n")
    return int(empty_s > LIMIT * busy_s)


if __name__ == "__main__":
    sys.exit(exit_code(main))
