"""One peer in a process of its own: asked over standard input, answers in JSON, line by line.

`python -m benchmarks.peers.worker PEER FRAMES.npy FACES.npy SCENES.npy`; FRAMES and SCENES: uint8
[N, H, W, 3] BGR, FACES: uint8 [N, 48, 48]. The lines that it takes: `frames FIRST COUNT`, which are
timed, `faces FIRST COUNT` and `scenes FIRST COUNT`, which are read.
All but Mien run in the peers' environment, where Mien's own packages are not.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Iterable, Sequence
from typing import IO, Any

import numpy as np

from benchmarks.peers.peer import Peer, Picture
from benchmarks.process import peak_mb

#: Those that remember the frames before, which single scenes are not for.
FOLLOWS = (
    "mien, as it runs",
    "mien, as it runs, two threads",
    "mien, large faces, as it runs",
)
#: Name → the module that makes it, and how. Mien is the first.
PEERS: dict[str, tuple[str, dict[str, bool]]] = {
    "mien, each frame searched": ("mien_peer", {}),
    FOLLOWS[0]: ("mien_peer", {"follows": True}),
    FOLLOWS[1]: ("mien_peer", {"follows": True, "two_threads": True}),
    "mien, large faces, each frame searched": ("mien_peer", {"large_faces": True}),
    FOLLOWS[2]: ("mien_peer", {"follows": True, "large_faces": True}),
    "mien, answer fer2013": ("mien_peer", {"as_fer2013": True}),
    "mien, as it reads photos": ("mien_peer", {"photos": True}),
    "mien, as it reads photos, answer fer2013": ("mien_peer", {"photos": True, "as_fer2013": True}),
    "fer, Haar, TFLite": ("fer_peer", {}),
    "fer, Haar, Keras": ("fer_peer", {"use_tflite": False}),
    "fer, MTCNN, TFLite": ("fer_peer", {"mtcnn": True}),
    "MediaPipe + fer": ("fer_peer", {"mediapipe": True}),
}


def main(words: Sequence[str]) -> int:
    """Answer until the questions end."""
    name, *files = words
    paths = dict(zip(("frames", "faces", "scenes"), files, strict=True))
    # What libraries print must not come between the answers.
    answers, sys.stdout = sys.stdout, sys.stderr
    module, options = PEERS[name]
    peer: Peer = importlib.import_module(f"benchmarks.peers.{module}").make(**options)
    peer.see(_pictures(paths["frames"], range(1))[0])
    _answer(answers, {"ready": True})
    for line in sys.stdin:
        what, first, count = line.split()
        pictures = _pictures(paths[what], range(int(first), int(first) + int(count)))
        if what == "faces":
            _answer(answers, {"emotions": [peer.read(picture) for picture in pictures]})
        elif what == "scenes":
            found = [peer.see(picture) for picture in pictures]
            _answer(answers, {"emotions": [each[0] if each else None for each in found]})
        else:
            _answer(answers, _timed(peer, pictures))
    return 0


def _pictures(file: str, rows: Iterable[int]) -> list[Picture]:
    """Those rows. What is mapped of a file counts as the process's memory: it is mapped anew."""
    mapped = np.load(file, mmap_mode="r")
    return [np.array(mapped[row]) for row in rows]


def _timed(peer: Peer, frames: Sequence[Picture]) -> dict[str, Any]:
    milliseconds, found = [], 0
    worked_s = time.process_time()
    for frame in frames:
        began = time.perf_counter()
        found += bool(peer.see(frame))
        milliseconds.append(1e3 * (time.perf_counter() - began))
    cpu_ms = 1e3 * (time.process_time() - worked_s)
    return {"ms": milliseconds, "cpu_ms": cpu_ms, "found": found, "peak_mb": peak_mb()}


def _answer(stream: IO[str], answer: dict[str, Any]) -> None:
    stream.write(json.dumps(answer) + "\n")
    stream.flush()


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.exit(main(sys.argv[1:]))
