"""The device's own perception, which keeps what it said last."""

from __future__ import annotations

from collections.abc import Sequence

from edge_app.perception import Perception
from edge_app.perception.faces import Face, Image, SeenFace
from edge_app.perception.perception import View


class NotingPerception(Perception):
    """seen: what the faces showed that were read last, before smoothing."""

    def __init__(self, perception: Perception) -> None:
        super().__init__(perception.detector, perception.classifier, perception.small_detector)
        self.seen: list[SeenFace] = []

    def read(
        self,
        image: Image,
        faces: Sequence[Face],
        *,
        look_again: bool = True,
        views: Sequence[View] = (),
    ) -> list[SeenFace]:
        """As `Perception.read`."""
        self.seen = super().read(image, faces, look_again=look_again, views=views)
        return self.seen
