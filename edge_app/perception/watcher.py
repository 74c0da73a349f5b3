"""Frames of one source, one after another → who is there, and what each face shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_app.frames.source import Frame
from edge_app.perception.affect import Affect
from edge_app.perception.detector import FaceDetector
from edge_app.perception.faces import Box, Face, check_frame
from edge_app.perception.following import follow
from edge_app.perception.motion import MotionGate
from edge_app.perception.nearby import NearbySearch
from edge_app.perception.overlap import unseen
from edge_app.perception.perception import Perception, View
from edge_app.perception.roll_memory import RollMemory
from edge_app.perception.schedule import DetectionSchedule, ReadingSchedule, TiltSchedule
from edge_app.perception.smoothing import EmotionFilter, Reaction
from edge_app.perception.tracker import Track, Tracker

#: Detections from here to the tracker's sure score keep alive who is there; they let nobody in.
DOUBTFUL_SCORE = 0.4
#: How much surer than in a picture a face must be to let somebody in: a room is looked at for
#: hours, and what is taken for a face there once stays. At the card's own threshold the blurred
#: room of clips/LivePortrait__s18 is somebody in every sixth frame.
_SURER = 0.1
#: Two frames further apart are not compared: the face may be anywhere.
_MOST_APART_NS = 500_000_000
#: So long nobody is taken to be there only because nobody was found: a camera's first pictures are
#: dark or blurred, and a face counts from its third detection on.
_SETTLING_NS = 1_000_000_000
#: Faces that are tilted further are searched in the whole frame, and in turned ones: the small
#: network misses one of 25 at 15° and one of five at 30°.
_UPRIGHT_DEG = 20.0


@dataclass(frozen=True, slots=True)
class WatchedFace:
    """One face that is there now; it may have been hidden in the last frames.

    emotion: the one that holds, None until the first is decided. shown: what the smoothed
    probabilities say now, None as long as emotion is. probabilities: float32 [len(labels)],
    smoothed. box: in pixels of the frame it was last seen in. affect: valence and arousal of the
    smoothed probabilities, None as long as emotion is, and while the face cannot be read.
    """

    number: int
    box: Box
    emotion: str | None
    shown: str | None
    labels: tuple[str, ...]
    probabilities: NDArray[np.float32]
    first_seen_ns: int
    last_seen_ns: int
    affect: Affect | None = None


def tracker_for(detector: FaceDetector) -> Tracker:
    """A tracker of faces of which `detector` is surer than it need be in a picture."""
    return Tracker(sure_score=_sure_score(detector))


def _sure_score(detector: FaceDetector) -> float:
    return detector.card.score_threshold + _SURER


class Watcher:
    """Perception with a memory: searches, follows and smooths. Not for use by two threads."""

    def __init__(
        self,
        perception: Perception,
        tracker: Tracker,
        reaction: Reaction,
        schedule: DetectionSchedule | None = None,
        *,
        readings: ReadingSchedule | None = None,
    ) -> None:
        """schedule: when faces are searched; None: `DetectionSchedule` as it comes. readings: when
        each face is read; None: `ReadingSchedule` as it comes. Where perception has a smaller
        detector, that searches who is known already.
        """
        self.perception = perception
        # A model of one's own may be sure of a face at less.
        doubtful = min(DOUBTFUL_SCORE, perception.detector.card.score_threshold)
        self._detector = perception.search.detector.at_threshold(doubtful)
        self._tracker, self._reaction = tracker, reaction
        self._schedule = schedule or DetectionSchedule()
        self._readings = readings or ReadingSchedule()
        self._motion = MotionGate()
        self._rolls = RollMemory(perception.upright)
        small = perception.small_detector
        self._nearby = (
            NearbySearch(small.at_threshold(_sure_score(small)), sure_score=tracker.sure_score)
            if small.side < perception.detector.side
            else None
        )
        self._tilted, self._tilts = perception.search.tilted, TiltSchedule()
        self._before: Frame | None = None
        self._size: tuple[int, ...] | None = None
        self._filters: dict[int, EmotionFilter] = {}
        self._first_ns: int | None = None
        #: Whether there were frames enough to say who is there: before, somebody may be in view
        #: already, and nobody is present.
        self.is_settled = False
        #: Whether the last frame had another size, so that whoever is there counts as somebody new.
        self.has_begun_anew = False

    @property
    def wanted_every_s(self) -> float:
        """How far apart the next frames may be: in an empty room most are not looked at."""
        return 0.0 if self._tracker.tracks else self._schedule.comparison_s

    def watch(self, frame: Frame) -> list[WatchedFace]:
        """Take the next frame; timestamps rise. Where it has another size, all before is forgotten.

        Returns everyone who is there, in the order of their coming.

        Raises:
            FrameError: the frame is of another dtype or shape; the next one may be taken.
        """
        check_frame(frame.image)
        self.has_begun_anew = self._size not in {None, frame.image.shape[:2]}
        if self.has_begun_anew:
            # Where everyone was is known in pixels of another frame.
            self.forget()
        self._size = frame.image.shape[:2]
        if not self._tracker.tracks:
            has_moved = self._has_moved(frame)
            if not (has_moved or self._schedule.is_look_due(frame.timestamp_ns)):
                self._settle(frame.timestamp_ns)
                return []
            seen = self._search(frame, has_moved=has_moved)
        else:
            followed = self._follow(frame)
            seen = self._search(frame) if followed is None else followed
        self._before = frame if self._tracker.tracks else None
        self._read(frame, seen)
        present = self._tracker.present
        self._filters = {track.number: self._filter(track.number) for track in present}
        self._readings.keep(self._filters)
        self._settle(frame.timestamp_ns)
        return [self._watched(track) for track in present]

    def forget(self) -> None:
        """Take whoever is there from now on for somebody new."""
        self._tracker.forget()
        self._filters.clear()
        self._first_ns, self.is_settled = None, False
        self._before = None
        self._motion.forget()
        self._schedule.forget()

    def _settle(self, now_ns: int) -> None:
        """See whether it is known by now who is there."""
        if self._first_ns is None:
            self._first_ns = now_ns
        # Whoever does not count yet soon does, or is gone.
        is_nobody = not self._tracker.tracks and now_ns - self._first_ns >= _SETTLING_NS
        self.is_settled |= is_nobody or bool(self._tracker.present)

    def _has_moved(self, frame: Frame) -> bool:
        """Whether anything did, with nobody there; False where it is not time to see."""
        if not self._schedule.is_comparison_due(frame.timestamp_ns):
            return False
        self._schedule.compared(frame.timestamp_ns)
        return self._motion.moved(frame.image)

    def _search(self, frame: Frame, *, has_moved: bool = False) -> list[Track]:
        """Detect; returns the tracks that count and were seen. has_moved: with nobody there."""
        was_empty = not self._tracker.tracks
        faces = self._found_again(frame)
        if faces is None:
            faces = self._detected(frame, has_moved=has_moved)
            self._schedule.detected(frame.timestamp_ns)
        tracks = self._tracker.update(faces, frame.timestamp_ns)
        if not self._tracker.tracks and not was_empty:
            # Where the room was empty before, this frame was compared already.
            self._motion.forget()
            self._motion.moved(frame.image)
        return [track for track in tracks if track is not None]

    def _found_again(self, frame: Frame) -> list[Face] | None:
        """Search everyone near where they were; None: the whole frame must be searched."""
        now, tracks = frame.timestamp_ns, self._tracker.tracks
        if (
            self._nearby is None
            or not tracks
            # Otherwise they were lost just now, while they were followed.
            or not self._schedule.is_detection_due(now)
            or self._schedule.is_whole_due(now)
            or not all(self._is_nearby(track, now) for track in tracks)
        ):
            return None
        faces = self._nearby.detect(frame.image, [track.face for track in tracks])
        if faces is None:
            self._schedule.failed_nearby(now)
        else:
            self._schedule.found_nearby(now)
        return faces

    def _is_nearby(self, track: Track, now_ns: int) -> bool:
        """Whether a face was seen, upright, so shortly ago that it is near."""
        return (
            not track.is_hidden
            and now_ns - track.last_seen_ns <= _MOST_APART_NS
            and self._rolls.is_upright(track.number, track.face, within_deg=_UPRIGHT_DEG)
        )

    def _detected(self, frame: Frame, *, has_moved: bool) -> list[Face]:
        """Search upright faces in the whole frame, and now and then tilted ones."""
        faces = self._detector.detect(frame.image)
        known = self._tracker.tracks
        sides = self._tilts.due(
            frame.timestamp_ns,
            is_somebody_missing=any(track.is_hidden for track in known),
            has_moved=has_moved,
            is_still=not (known or has_moved),
        )
        if not sides:
            return faces
        sure = [face for face in faces if face.score >= self._tracker.sure_score]
        doubtful = [face for face in faces if face.score < self._tracker.sure_score]
        fruitful = []
        for side, found in zip(sides, self._tilted.detect(frame.image, sides), strict=True):
            tilted = unseen(found, sure)
            if tilted:
                fruitful.append(side)
                sure += tilted
        self._tilts.searched(fruitful)
        return sure + unseen(doubtful, sure)

    def _follow(self, frame: Frame) -> list[Track] | None:
        """Find everyone where they moved since the frame before; None: faces must be searched."""
        now, before = frame.timestamp_ns, self._before
        visible = [track for track in self._tracker.tracks if not track.is_hidden]
        if (
            before is None
            or now - before.timestamp_ns > _MOST_APART_NS
            or self._schedule.is_detection_due(
                now, is_somebody_hidden=len(visible) < len(self._tracker.tracks)
            )
            or not all(map(self._tracker.counts, visible))
        ):
            return None
        moved = []
        for track in visible:
            face = follow(before.image, track.face, frame.image)
            if face is None:
                return None
            moved.append(face)
        for track, face in zip(visible, moved, strict=True):
            self._tracker.follow(track, face, now)
        return visible

    def _read(self, frame: Frame, tracks: Sequence[Track]) -> None:
        """Classify those seen whose turn it is, each with its landmarks turned as its face is."""
        now = frame.timestamp_ns
        due = [track for track in tracks if self._readings.is_due(track.number, now)]
        if not due:
            return
        numbers = [track.number for track in due]
        faces = self._rolls.correct(frame.image, [track.face for track in due], numbers, now)
        views = [
            View.MIRRORED if self._readings.is_mirrored_next(number, now) else View.PLAIN
            for number in numbers
        ]
        seen = self.perception.read(frame.image, faces, look_again=False, views=views)
        for number, face, view in zip(numbers, seen, views, strict=True):
            self._readings.read(number, now, mirrored=view is View.MIRRORED)
            self._filter(number).update(face.probabilities, now, weight=face.quality)

    def _watched(self, track: Track) -> WatchedFace:
        smoothed = self._filters[track.number]
        return WatchedFace(
            number=track.number,
            box=track.face.box,
            emotion=smoothed.emotion,
            shown=smoothed.shown,
            labels=self.perception.classifier.labels,
            probabilities=smoothed.probabilities,
            first_seen_ns=track.first_seen_ns,
            last_seen_ns=track.last_seen_ns,
            affect=smoothed.affect,
        )

    def _filter(self, number: int) -> EmotionFilter:
        known = self._filters.get(number)
        if known is None:
            classifier = self.perception.classifier
            known = EmotionFilter(classifier.labels, classifier.answer.unsure_below, self._reaction)
            self._filters[number] = known
        return known
