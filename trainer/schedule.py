"""Step → learning rate: a linear warm-up, then half a cosine down to zero."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="mien")
class WarmUpCosine(keras.optimizers.schedules.LearningRateSchedule):
    """Rises to `peak` over `warm_up_steps`, then falls to zero at `steps`.

    Source: SGDR without restarts (Loshchilov and Hutter 2017).
    """

    def __init__(self, peak: float, warm_up_steps: int, steps: int) -> None:
        self.peak, self.warm_up_steps, self.steps = peak, warm_up_steps, steps

    def __call__(self, step: Any) -> Any:
        """The learning rate at `step`, a tensor of the backend's."""
        step = ops.cast(step, "float32")
        rising = (step + 1.0) / max(self.warm_up_steps, 1)
        done = (step - self.warm_up_steps) / max(self.steps - self.warm_up_steps, 1)
        falling = 0.5 * (1.0 + ops.cos(math.pi * ops.clip(done, 0.0, 1.0)))
        return self.peak * ops.minimum(rising, falling)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, for the checkpoint."""
        return {"peak": self.peak, "warm_up_steps": self.warm_up_steps, "steps": self.steps}
