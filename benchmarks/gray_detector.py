"""Photos in colour and in gray → the faces that YuNet finds as it came, and as Mien ships it.

`python -m benchmarks.gray_detector --data DATA --source YUNET` prints the table of
docs/perception.md. YuNet as it came is run by OpenCV, on the same letterboxed pictures.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from benchmarks.as_command import exit_code
from benchmarks.text_table import markdown
from edge_app.perception.detector import FaceDetector
from edge_app.perception.faces import Box, Face, Image
from edge_app.perception.shipped import FACE_160, FACE_320
from quantize.detector_report import Found, quality
from quantize.face_photos import FacePhoto, read_face_photos, read_picture, split, split_backgrounds
from quantize.yunet import ONNX_NAME, read_onnx

NMS_IOU = 0.3
HEADER = ("input", "detector", "pictures", "found", "false alarms", "behind masks", "others")
#: Of the photos' folders; its faces wear masks or hold something in front of their mouth.
_MASKED = "maskdet"

Detect = Callable[[Image], list[Face]]


def main(words: Sequence[str] | None = None) -> int:
    """Print one row a detector and kind of picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="holds faces/ and no_faces/")
    parser.add_argument("--source", type=Path, required=True, help="YuNet: ONNX file or wheel")
    arguments = parser.parse_args(words)
    _, photos = split(read_face_photos(arguments.data / "faces"))
    _, backgrounds = split_backgrounds(arguments.data / "no_faces")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        onnx = Path(folder) / ONNX_NAME
        onnx.write_bytes(read_onnx(arguments.source))
        for model in (FACE_320, FACE_160):
            shipped = FaceDetector.load(model)
            original = _original(onnx, shipped)
            for name, detect, is_gray in (
                ("YuNet", original, False),
                ("YuNet", original, True),
                ("Mien", shipped.detect, True),
            ):
                rows.append(
                    (
                        f"{shipped.side}x{shipped.side}",
                        name,
                        "gray" if is_gray else "colour",
                        *_measure(detect, photos, backgrounds, is_gray=is_gray),
                    )
                )
    sys.stdout.write("\n".join(markdown([HEADER, *rows])) + "\n")
    return 0


def _measure(
    detect: Detect, photos: Sequence[FacePhoto], backgrounds: Sequence[Path], *, is_gray: bool
) -> tuple[str, ...]:
    def look(path: Path) -> list[Face]:
        picture = read_picture(path)
        if is_gray:
            picture = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
        return detect(picture)

    found = [look(photo.path) for photo in photos]
    alarms = sum(len(look(path)) for path in backgrounds)
    masked, others = (
        [
            (photo, faces)
            for photo, faces in zip(photos, found, strict=True)
            if (_MASKED in photo.path.parts) == is_masked
        ]
        for is_masked in (True, False)
    )
    return (
        _recall(list(zip(photos, found, strict=True))),
        f"{alarms} in {len(backgrounds)}",
        _recall(masked),
        _recall(others),
    )


def _recall(seen: Sequence[tuple[FacePhoto, list[Face]]]) -> str:
    photos = [photo for photo, _ in seen]
    recall = quality(photos, Found([faces for _, faces in seen], [])).recall
    return f"{recall:.1%} of {sum(len(photo.boxes) for photo in photos)}"


def _original(onnx: Path, shipped: FaceDetector) -> Detect:
    """YuNet by OpenCV's own reader and decoder, at the shipped detector's threshold."""
    side = shipped.side
    network = cv2.FaceDetectorYN.create(
        str(onnx), "", (side, side), shipped.card.score_threshold, NMS_IOU
    )

    def detect(picture: Image) -> list[Face]:
        if picture.ndim == 2:
            picture = np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR), np.uint8)
        height, width = picture.shape[:2]
        shrink = max(height, width) / side
        rows, columns = (max(1, round(length / shrink)) for length in (height, width))
        fitted = np.zeros((side, side, 3), np.uint8)
        method = cv2.INTER_AREA if shrink > 2 else cv2.INTER_LINEAR
        fitted[:rows, :columns] = cv2.resize(picture, (columns, rows), interpolation=method)
        _, found = network.detect(fitted)
        return [
            Face(
                Box(
                    float(left) * width / columns,
                    float(top) * height / rows,
                    float(left + across) * width / columns,
                    float(top + down) * height / rows,
                ),
                np.zeros((5, 2), np.float32),
                float(score),
            )
            for left, top, across, down, *_, score in (found if found is not None else ())
        ]

    return detect


if __name__ == "__main__":
    sys.exit(exit_code(main))
