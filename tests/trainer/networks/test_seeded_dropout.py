from collections.abc import Callable

import keras
import numpy as np
import pytest
from keras import layers

from trainer.networks import four_block, kuchuk_a, kuchuk_b, kuchuk_c, kuchuk_landmarks, mien
from trainer.networks.seeded_dropout import seeded_dropout


@pytest.mark.parametrize(
    "build",
    [
        lambda: mien.build({"logits": 7}, size="small"),
        four_block.build,
        kuchuk_a.build,
        kuchuk_b.build,
        kuchuk_c.build,
        kuchuk_landmarks.build,
    ],
    ids=["mien", "four_block", "kuchuk_a", "kuchuk_b", "kuchuk_c", "kuchuk_landmarks"],
)
def test_what_a_network_drops_is_drawn_by_the_state_that_each_epoch_sets(
    build: Callable[[], keras.Model],
) -> None:
    """PyTorch draws by its global generator where a layer has no seed of its own."""
    dropping = [each for each in build().layers if isinstance(each, layers.Dropout)]
    assert dropping
    assert None not in [layer.seed for layer in dropping]
    assert len({layer.seed for layer in dropping}) == len(dropping)


def test_weights_begin_as_with_keras_own_layer() -> None:
    def begun(dropout: Callable[[float], layers.Layer], rate: float) -> list[np.ndarray]:
        keras.utils.set_random_seed(3)
        shown = layers.Input((4,))
        model = keras.Model(shown, layers.Dense(3)(dropout(rate)(layers.Dense(5)(shown))))
        return [np.asarray(weight) for weight in model.get_weights()]

    for rate in (0.0, 0.3):
        for ours, keras_own in zip(
            begun(seeded_dropout, rate), begun(layers.Dropout, rate), strict=True
        ):
            np.testing.assert_array_equal(ours, keras_own)
