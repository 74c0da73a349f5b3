import numpy as np

from trainer.disguises import SHAPES, wardrobe, wear

GRAY = np.full((48, 48), 140, np.uint8)


def test_there_is_something_of_every_kind_and_it_is_the_same_each_time() -> None:
    there, again = wardrobe(1), wardrobe.__wrapped__(1)
    for kind in ("glasses", "sunglasses", "masks"):
        shapes = getattr(there, kind)
        assert len(shapes) == SHAPES
        for shape, same in zip(shapes, getattr(again, kind), strict=True):
            for layer, twin in zip(shape, same, strict=True):
                assert np.array_equal(layer.cover, twin.cover)
                assert layer.cover.min() >= 0
                assert layer.cover.max() <= 1


def test_masks_stay_below_the_eyes_and_sunglasses_above_the_mouth() -> None:
    rng = np.random.default_rng(1)
    for _ in range(100):
        masked = wear(GRAY, wardrobe().masks, rng)
        assert (masked[:18] == GRAY[:18]).all()
        assert (masked[44:] != GRAY[44:]).mean() > 0.3
        shaded = wear(GRAY, wardrobe().sunglasses, rng)
        assert (shaded[30:] == GRAY[30:]).all()
        assert shaded[14:22].min() < 110


def test_shapes_differ() -> None:
    rims = {shape[1].cover.tobytes() for shape in wardrobe().glasses}
    assert len(rims) == SHAPES
