"""Mien itself, as its peers are measured."""

from __future__ import annotations

from itertools import count

import cv2
import numpy as np

from benchmarks.clip_frames import FRAMES_PER_SECOND
from benchmarks.peers.peer import Peer, Picture
from benchmarks.stages import make_watcher
from edge_app.frames.source import Frame
from edge_app.perception import EmotionClassifier, FaceDetector, Perception, SeenFace
from edge_app.perception.card import DEFAULT_ANSWER
from edge_app.perception.labels import UNSURE
from edge_app.perception.shipped import model_for
from edge_app.perception.watcher import Watcher

#: The smallest face that is found, as a share of a frame's larger side: the setting as it comes,
#: and the least for which the small detector does.
_USUAL, _LARGE = 0.08, 0.15


def _likeliest(seen: SeenFace) -> str:
    """As whole faces are scored, and as peers answer, none of which is ever unsure."""
    # Not `tight_crops.likeliest`: what that loads would count as Mien's start and memory.
    return seen.labels[int(seen.probabilities.argmax())] if seen.quality > 0 else UNSURE


def make(
    *,
    follows: bool = False,
    two_threads: bool = False,
    large_faces: bool = False,
    as_fer2013: bool = False,
    photos: bool = False,
) -> Peer:
    """follows: as the daemon does it; otherwise each frame is searched anew, as the others do.

    two_threads: with the setting `threads = 2`. large_faces: with `smallest_face = 0.15`.
    as_fer2013: answers in the manner of FER2013's labels, which the test asks for. photos: as
    `mien analyze` reads them, where there is no next frame: tilted faces are searched, too, and
    each face is read in four views.
    """
    # As the daemon does.
    threads = 2 if two_threads else 1
    cv2.setNumThreads(threads)
    answer = "fer2013" if as_fer2013 else DEFAULT_ANSWER
    classifier = EmotionClassifier.load(threads=threads, answer=answer)
    small = FaceDetector.load(model_for(_LARGE), threads=threads)
    detector = small if large_faces else FaceDetector.load(model_for(_USUAL), threads=threads)
    perception = Perception(detector, classifier, small)
    watcher, numbers = make_watcher(perception, Watcher), count(1)

    def search(frame: Picture) -> list[str]:
        # Not `see`, which searches tilted faces, too: no other does.
        found = perception.detector.detect(frame)
        return [_likeliest(face) for face in perception.read(frame, found)]

    def follow(frame: Picture) -> list[str]:
        present = watcher.watch(Frame(frame, round(next(numbers) / FRAMES_PER_SECOND * 1e9)))
        return [face.emotion or UNSURE for face in present]

    def read(face: Picture) -> str:
        probabilities = perception.classifier.predict(face[None])[0]
        return perception.classifier.labels[int(probabilities.argmax())]

    def search_photo(frame: Picture) -> list[str]:
        return [_likeliest(face) for face in perception.see(frame)]

    def read_photo(face: Picture) -> str:
        # Nothing is searched in them, by no peer.
        views = np.stack([face, face[:, ::-1]])
        probabilities = perception.classifier.predict(views).mean(axis=0)
        return perception.classifier.labels[int(probabilities.argmax())]

    if photos:
        return Peer(search_photo, read_photo)
    return Peer(follow if follows else search, read)
