"""The sample clip and the shipped models → the README's annotated frame, docs/annotated.jpg."""

from __future__ import annotations

from pathlib import Path

import cv2

from edge_app.analyze.annotation import annotate
from edge_app.frames.video_file import VideoFileSource
from edge_app.perception import Perception
from edge_app.samples import CLIP

PICTURE = Path(__file__).parents[1] / "docs" / "annotated.jpg"
#: Where in the clip the face is near, tilted and well lit.
AT_S = 12.0


def main() -> None:
    """Write the picture."""
    with VideoFileSource(CLIP, pace="fast") as clip:
        frames = iter(clip.read, None)
        image = next(frame.image for frame in frames if frame.timestamp_ns >= AT_S * 1e9)
    annotated = annotate(image, Perception.load().see(image))
    cv2.imwrite(str(PICTURE), annotated, [cv2.IMWRITE_JPEG_QUALITY, 90])


if __name__ == "__main__":
    main()
