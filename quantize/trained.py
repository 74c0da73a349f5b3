"""A training run → its float network with one output, ready to be quantized."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from edge_app.perception.card import Head
from quantize.average_pooling import pool_by_convolution
from quantize.calibration import choose
from quantize.errors import QuantizeError
from quantize.static_int8 import to_float_tflite
from trainer.batches import as_input
from trainer.checkpoints import RECIPE
from trainer.data import Faces, Split
from trainer.networks.joining import JOINED, join_heads
from trainer.training import MODEL

INPUT = "faces"
INPUT_RANGE = (0.0, 1.0)
CALIBRATION_FACES_A_CLASS = 100


@dataclass(frozen=True, slots=True)
class TrainedClassifier:
    """The network in Keras and as a float .tflite; recipe: as the run's folder has it.

    heads: in the order of the logits.
    """

    model: keras.Model
    tflite: bytes
    recipe: dict[str, Any]
    heads: tuple[Head, ...]

    @classmethod
    def load(cls, run: Path) -> TrainedClassifier:
        """Load the model of `run` and put its heads side by side.

        Raises:
            QuantizeError: the run is not finished, or cannot become TFLite.
        """
        path = run / MODEL
        if not path.is_file():
            raise QuantizeError(f"{path}: no such file; finish the run with mien train first")
        trained = keras.saving.load_model(path, compile=False)
        stored = json.loads((run / RECIPE).read_text())
        labels = {head["name"]: tuple(head["labels"]) for head in stored["recipe"]["heads"]}
        heads = tuple(Head(name, labels[name]) for name in trained.output_names)
        model = pool_by_convolution(join_heads(trained))
        return cls(model, to_float_tflite(model, INPUT), stored, heads)

    def with_model(self, model: keras.Model) -> TrainedClassifier:
        """The same run with a network of other weights."""
        return TrainedClassifier(model, to_float_tflite(model, INPUT), self.recipe, self.heads)

    def logits(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Float answers: uint8 [N, 48, 48] → float32 [N, all heads' classes]."""
        answers = self.model.predict(as_input(pixels), batch_size=512, verbose=0)[JOINED]
        return np.asarray(answers, np.float32)


def calibration_inputs(faces: Faces) -> list[NDArray[np.float32]]:
    """Training faces of every class and light: float32 [1, 48, 48, 1] each.

    Raises:
        QuantizeError: a class has too few faces.
    """
    chosen = choose(faces.of(Split.TRAINING), CALIBRATION_FACES_A_CLASS)
    return list(as_input(chosen)[:, np.newaxis])
