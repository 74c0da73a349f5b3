"""What is known before a frame is looked at → whether faces are searched in it, and which read."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import cycle

from edge_app.perception.tilted import SIDES_DEG

#: Whoever is hidden is soon forgotten: they are searched so often at least.
_HIDDEN_INTERVAL_NS = 190_000_000
#: Whoever joins others is found after so long.
WHOLE_S = 1.0
#: An empty room is compared so often; of some sources no more frames are taken meanwhile, and
#: `camera.stall_s`, from which on they count as silent, may be half a second.
COMPARE_AGAIN_S = 0.2


class DetectionSchedule:
    """Detects at a set rate while somebody is there, and at once where there is a reason to.

    Whoever is known is searched nearby, and the whole frame, for others, at the first search that
    is `whole_s` after the last one of it. Where nobody is, the frame is only compared with the one
    before, every `compare_again_s`; every `look_again_s` faces are searched whatever the comparison
    says.
    """

    def __init__(
        self,
        detections_per_second: float = 5.0,
        *,
        whole_s: float = WHOLE_S,
        compare_again_s: float = COMPARE_AGAIN_S,
        look_again_s: float = 5.0,
    ) -> None:
        self._interval_ns = _nearly_ns(1.0 / detections_per_second)
        self._whole_ns = _nearly_ns(whole_s)
        self._compare_again_ns = _nearly_ns(compare_again_s)
        self._look_again_ns = int(look_again_s * 1e9)
        self._detected_ns: int | None = None
        self._detected_whole_ns: int | None = None
        self._failed_nearby_ns: int | None = None
        self._compared_ns: int | None = None

    @property
    def comparison_s(self) -> float:
        """With nobody there: how far apart frames may be."""
        return self._compare_again_ns / 1e9

    def is_detection_due(self, timestamp_ns: int, *, is_somebody_hidden: bool = False) -> bool:
        """With somebody there: whether it is time to search for all faces again."""
        interval_ns = self._interval_ns
        if is_somebody_hidden:
            interval_ns = min(interval_ns, _HIDDEN_INTERVAL_NS)
        return self._is_past(self._detected_ns, interval_ns, timestamp_ns)

    def is_whole_due(self, timestamp_ns: int) -> bool:
        """When faces are searched: whether to do so in the whole frame.

        For a while also after that was needed although only a part was asked for: as likely as
        not it is needed the next time, too, and both would be searched each time.
        """
        is_recent = not self._is_past(self._detected_whole_ns, self._whole_ns, timestamp_ns)
        is_hopeful = self._is_past(self._failed_nearby_ns, self._whole_ns, timestamp_ns)
        return not (is_recent and is_hopeful)

    def is_look_due(self, timestamp_ns: int) -> bool:
        """With nobody there: whether it is time to search, moved or not."""
        return self._is_past(self._detected_ns, self._look_again_ns, timestamp_ns)

    def is_comparison_due(self, timestamp_ns: int) -> bool:
        """With nobody there: whether it is time to see if anything moved."""
        return self._is_past(self._compared_ns, self._compare_again_ns, timestamp_ns)

    def compared(self, timestamp_ns: int) -> None:
        """Say that the frame of that time was compared."""
        self._compared_ns = timestamp_ns

    def detected(self, timestamp_ns: int) -> None:
        """Say that faces were searched in the whole frame of that time."""
        self._detected_ns = self._detected_whole_ns = timestamp_ns

    def found_nearby(self, timestamp_ns: int) -> None:
        """Say that everyone known was found again in a part of the frame of that time."""
        self._detected_ns = timestamp_ns

    def failed_nearby(self, timestamp_ns: int) -> None:
        """Say that a part of the frame of that time did not do."""
        self._failed_nearby_ns = timestamp_ns

    def forget(self) -> None:
        """Say that nothing is known of the place: the next frame is searched."""
        self._detected_ns = self._detected_whole_ns = self._compared_ns = None
        self._failed_nearby_ns = None

    @staticmethod
    def _is_past(before_ns: int | None, interval_ns: int, timestamp_ns: int) -> bool:
        return before_ns is None or timestamp_ns - before_ns >= interval_ns


#: A third of the time over which the usual reaction averages.
_CLOSE_NS = 200_000_000


class ReadingSchedule:
    """Reads each face at a set rate at most, whatever comes in between.

    What a face shows lasts for half a second and more; ten answers a second smooth as well as all.
    """

    def __init__(self, readings_per_second: float = 10.0) -> None:
        self._interval_ns = _nearly_ns(1.0 / readings_per_second)
        #: When each face was read last, and whether that was of its mirror image.
        self._read: dict[int, tuple[int, bool]] = {}

    def is_due(self, track: int, timestamp_ns: int) -> bool:
        """Whether it is time to read the face of that track."""
        before = self._read.get(track)
        return before is None or timestamp_ns - before[0] >= self._interval_ns

    def is_mirrored_next(self, track: int, timestamp_ns: int) -> bool:
        """Whether the mirror image of that face is to be read this time.

        Every other time, where readings follow each other so closely that smoothing takes the mean.
        """
        before_ns, was_mirrored = self._read.get(track, (None, False))
        is_close = before_ns is not None and timestamp_ns - before_ns <= _CLOSE_NS
        return is_close and not was_mirrored

    def read(self, track: int, timestamp_ns: int, *, mirrored: bool = False) -> None:
        """Say that it was read at that time."""
        self._read[track] = timestamp_ns, mirrored

    def keep(self, tracks: Collection[int]) -> None:
        """Forget all but these."""
        self._read = {track: last for track, last in self._read.items() if track in tracks}


class TiltSchedule:
    """When to search for tilted faces, and to which sides; each side costs a run of the detector.

    Now and then one side, by turns, in a still room more rarely; both where somebody may be there
    who is not known; one on which somebody was found who is not found upright each time.
    """

    def __init__(self, *, interval_s: float = 3.0, still_interval_s: float = 10.0) -> None:
        self._interval_ns = _nearly_ns(interval_s)
        self._still_interval_ns = _nearly_ns(still_interval_s)
        self._searched_ns: int | None = None
        self._turns = cycle(SIDES_DEG)
        self._fruitful: tuple[float, ...] = ()

    def due(
        self,
        timestamp_ns: int,
        *,
        is_somebody_missing: bool = False,
        has_moved: bool = False,
        is_still: bool = False,
    ) -> tuple[float, ...]:
        """The sides to search in the frame of that time, in degrees.

        is_somebody_missing: they may have tilted their head just now, to whichever side.
        has_moved, is_still: nobody is known, and something moved, or nothing did.
        """
        before_ns = self._searched_ns
        interval_ns = self._still_interval_ns if is_still else self._interval_ns
        is_past = before_ns is None or timestamp_ns - before_ns >= interval_ns
        if not (is_past or is_somebody_missing):
            return self._fruitful
        self._searched_ns = timestamp_ns
        if is_somebody_missing or has_moved:
            return SIDES_DEG
        turn = next(self._turns)
        return tuple(side for side in SIDES_DEG if side == turn or side in self._fruitful)

    def searched(self, fruitful: Iterable[float]) -> None:
        """Say on which sides the last search found somebody who was not found upright."""
        self._fruitful = tuple(fruitful)


def _nearly_ns(interval_s: float) -> int:
    """After how long a frame is due: they come at their own times, and 5 % early will do."""
    return int(0.95e9 * interval_s)
