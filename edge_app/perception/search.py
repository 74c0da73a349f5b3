"""A picture → its faces, or the one that it was cut for."""

from __future__ import annotations

from functools import partial

from edge_app.perception.detector import FaceDetector
from edge_app.perception.faces import Face, Image
from edge_app.perception.overlap import outermost, unseen
from edge_app.perception.tiling import TiledDetector
from edge_app.perception.tilted import SIDES_DEG, TiltedSearch

#: The small network adds faces of whole pictures to the other one's from this score on, and from
#: this share of the picture's larger side: smaller ones the other finds, and takes less for one.
_SURE_OF_FILLING, _FILLING = 0.6, 0.5
# Which face a picture was cut for; how far it lies off the middle counts in its own size.
#: One of this score and so near is it, and nobody else is looked for.
_SURE_OF_MEANT, _MEANT = 0.8, 0.25
#: One that lies further off may be somebody else; in portraits down to the chest it is up to 1.3.
_BESIDE = 1.5
#: That one is somebody else where a face of this score lies so near, which then is it.
_DOUBTFUL, _NEAR = 0.2, 0.5
#: And where it is smaller than this share of the picture's smaller side: nobody is found then.
_BYSTANDER = 0.2
#: But only in a picture whose sides differ by this factor at most, as those of crops do: in a photo
#: people stand anywhere.
_SQUARE = 1.25


class FaceSearch:
    """Looks at a picture in several ways; remembers nothing of it.

    detector: what searches pictures as they stand. tilted: what searches them turned.
    """

    def __init__(self, detector: FaceDetector, small_detector: FaceDetector, *, tiles: int) -> None:
        """As `Perception`; small_detector: `detector` itself where there is no other."""
        self.detector = TiledDetector(detector.model, tiles=tiles) if tiles > 1 else detector
        self.tilted = TiltedSearch(detector)
        self._small_detector = small_detector
        self._filling_detector = (
            None if small_detector is detector else small_detector.at_threshold(_SURE_OF_FILLING)
        )

    def find(self, image: Image) -> list[Face]:
        """As `Perception.find`."""
        return self._with_others(image, self.detector.detect(image))

    def meant(self, image: Image) -> Face | None:
        """The face that a picture was cut for, if it is found."""
        faces = self.detector.detect(image)
        face = min(faces, key=partial(_off_middle, image), default=None)
        # The searches for tilted faces take three times as long as this one.
        if face is None or face.score < _SURE_OF_MEANT or _off_middle(image, face) > _MEANT:
            faces = self._with_others(image, faces)
            face = min(faces, key=partial(_off_middle, image), default=None)
        if face is None or _off_middle(image, face) <= _BESIDE:
            return face
        doubtful = [
            other
            for each in (self.detector, self._small_detector)
            for other in each.at_threshold(_DOUBTFUL).detect(image)
        ]
        nearest = min(doubtful, key=partial(_off_middle, image), default=face)
        if _off_middle(image, nearest) <= _NEAR:
            return nearest
        smaller, larger = sorted(image.shape[:2])
        is_bystander = face.box.longer_side < _BYSTANDER * smaller and larger <= _SQUARE * smaller
        return None if is_bystander else face

    def _with_others(self, image: Image, faces: list[Face]) -> list[Face]:
        """The upright faces of a picture, and those that are tilted or that it hardly holds."""
        for others in (*self.tilted.detect(image, SIDES_DEG), self._filling(image)):
            faces = faces + unseen(others, faces)
        return outermost(sorted(faces, key=lambda face: -face.score))

    def _filling(self, image: Image) -> list[Face]:
        """What the small network is sure of in the whole picture, if it fills that."""
        if self._filling_detector is None:
            return []
        least = _FILLING * max(image.shape[:2])
        return [
            face for face in self._filling_detector.detect(image) if face.box.longer_side >= least
        ]


def _off_middle(image: Image, face: Face) -> float:
    """How far the middle of a picture lies from that of a face, in the face's own size.

    Of somebody near and somebody small behind them that is less for the first.
    """
    height, width = image.shape[:2]
    return abs(face.box.middle - complex(width, height) / 2) / max(face.box.longer_side, 1.0)
