from pathlib import Path

import msgspec
import numpy as np
import pytest

from edge_app.perception.alignment import canonical_landmarks
from edge_app.perception.card import Alignment
from edge_app.perception.detector import FaceDetector
from edge_app.perception.faces import Box, Face
from edge_app.perception.shipped import FACE_160
from trainer.data import Split, aligned, read_mosaic
from trainer.data.aligned import align_faces
from trainer.framing import LARGE, measure_alignment

ALIGNMENT = Alignment(
    right_eye=(0.3, 0.4), left_eye=(0.7, 0.4), right_mouth=(0.35, 0.75), left_mouth=(0.65, 0.75),
    margin=0.75,
)  # fmt: skip


class Scripted(FaceDetector):
    """Finds a face where its script says so, and counts how often it is asked."""

    def __init__(self, answers: list[np.ndarray | None]) -> None:
        super().__init__(FaceDetector.load(FACE_160).model)
        self.answers, self.asked = answers, 0

    def detect(self, frame: np.ndarray) -> list[Face]:
        assert frame.shape == (320, 320)
        landmarks = self.answers[self.asked % len(self.answers)]
        self.asked += 1
        if landmarks is None:
            return []
        points = (landmarks * LARGE + (320 - LARGE) / 2).astype(np.float32)
        low, high = points.min(axis=0), points.max(axis=0)
        return [Face(Box(*map(float, (*low, *high))), points, 0.9)]


def canonical() -> np.ndarray:
    """Landmarks, in sides of the picture, that stand where the alignment wants them."""
    right_eye, left_eye, right_mouth, left_mouth = canonical_landmarks(ALIGNMENT)
    return np.array([right_eye, left_eye, (0.5, 0.6), right_mouth, left_mouth])


def smooth_pictures(n: int) -> np.ndarray:
    y, x = np.mgrid[:48, :48]
    waves = [120 + 60 * np.sin(x / (4 + i)) + 50 * np.cos(y / (5 + i)) for i in range(n)]
    return np.stack(waves).astype(np.uint8)


def error(crop: np.ndarray, picture: np.ndarray) -> float:
    return float(np.abs(crop.astype(int) - picture).mean())


def test_a_face_in_its_place_stays_as_it_is(tmp_path: Path) -> None:
    pictures = smooth_pictures(3)
    result = align_faces(pictures, Scripted([canonical()]), ALIGNMENT, tmp_path)
    assert result.found.all()
    assert result.pixels.dtype == np.uint8
    assert error(result.pixels, pictures) < 2.0


def test_a_face_that_lies_elsewhere_is_moved(tmp_path: Path) -> None:
    pictures = smooth_pictures(1)
    moved = canonical() + np.array([4, -6]) / 48
    result = align_faces(pictures, Scripted([moved]), ALIGNMENT, tmp_path)
    assert error(result.pixels[0, 6:, :-4], pictures[0, :-6, 4:]) < 2.0


def test_a_picture_without_a_face_is_jittered_alike_wherever_it_stands(tmp_path: Path) -> None:
    pictures = smooth_pictures(3)[[0, 1, 0, 2]]
    result = align_faces(pictures, Scripted([None]), ALIGNMENT, tmp_path)
    assert not result.found.any()
    assert np.array_equal(result.pixels[0], result.pixels[2])
    for crop, picture in zip(result.pixels, pictures, strict=True):
        assert 0 < error(crop, picture) < 40


def test_a_face_far_behind_is_not_enlarged_into_a_blur(tmp_path: Path) -> None:
    pictures = smooth_pictures(2)
    far, near = 0.5 + (canonical() - 0.5) * 0.45, 0.5 + (canonical() - 0.5) * 0.55
    result = align_faces(pictures, Scripted([far, near]), ALIGNMENT, tmp_path)
    assert result.found.tolist() == [False, True]


def test_the_second_time_the_result_is_loaded(tmp_path: Path) -> None:
    pictures = smooth_pictures(3)
    detector = Scripted([canonical(), None, canonical()])
    first = align_faces(pictures, detector, ALIGNMENT, tmp_path / "cache")
    again = align_faces(pictures, detector, ALIGNMENT, tmp_path / "cache")
    assert detector.asked == 3
    assert np.array_equal(first.pixels, again.pixels)
    assert again.found.tolist() == [True, False, True]
    (kept,) = (tmp_path / "cache").iterdir()
    assert kept.name.startswith("aligned-")


def test_other_pictures_detectors_and_alignments_have_results_of_their_own(tmp_path: Path) -> None:
    pictures = smooth_pictures(2)
    detector = Scripted([canonical()])
    align_faces(pictures, detector, ALIGNMENT, tmp_path)
    align_faces(pictures[::-1], detector, ALIGNMENT, tmp_path)
    other = msgspec.structs.replace(ALIGNMENT, right_eye=(0.31, 0.4))
    align_faces(pictures, detector, other, tmp_path)
    align_faces(pictures, FaceDetector.load(), ALIGNMENT, tmp_path)
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize("left", [0, 100])
def test_a_damaged_result_is_made_again(
    tmp_path: Path, left: int, caplog: pytest.LogCaptureFixture
) -> None:
    pictures = smooth_pictures(2)
    detector = Scripted([canonical()])
    first = align_faces(pictures, detector, ALIGNMENT, tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes()[:left])
    again = align_faces(pictures, detector, ALIGNMENT, tmp_path)
    assert detector.asked == 4
    assert np.array_equal(first.pixels, again.pixels)
    assert "aligned again" in caplog.text


def test_a_killed_run_leaves_no_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    pictures = smooth_pictures(2)
    with monkeypatch.context() as patched:
        patched.setattr(aligned.np, "savez", fail)
        with pytest.raises(KeyboardInterrupt):
            align_faces(pictures, Scripted([canonical()]), ALIGNMENT, tmp_path)
    detector = Scripted([canonical()])
    align_faces(pictures, detector, ALIGNMENT, tmp_path)
    assert detector.asked == 2


def test_real_faces_are_found_and_framed_alike(shared_data: Path, tmp_path: Path) -> None:
    faces = read_mosaic(shared_data)
    training = faces.where(~faces.not_a_face()).of(Split.TRAINING)
    pictures = training.pixels[:: len(training) // 120][:120]
    detector = FaceDetector.load()
    alignment = measure_alignment(pictures, detector, LARGE)
    result = align_faces(pictures, detector, alignment, tmp_path)
    assert result.found.mean() > 0.9
    # Where all faces stand alike, their average keeps its features.
    assert result.pixels.mean(axis=0).std() > 1.1 * pictures.mean(axis=0).std()
