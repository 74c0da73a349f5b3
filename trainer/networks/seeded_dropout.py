"""A rate → a dropout layer whose draws a resumed run makes again, on every backend."""

from __future__ import annotations

import random

from keras import layers


def seeded_dropout(rate: float) -> layers.Dropout:
    """Keras' layer, with a seed that is drawn as Keras draws one: all that is drawn after it stays.

    Without a seed PyTorch drops by its global generator, whose state no checkpoint holds and
    `checkpoints.seed_layers` does not set.
    """
    if not rate:  # nothing is drawn
        return layers.Dropout(rate)
    return layers.Dropout(rate, seed=random.randint(1, 1_000_000_000))  # noqa: S311 - no secret
