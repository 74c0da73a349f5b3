"""A training run → its float network with one output, ready to be quantized."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from edge_app.perception.card import Head
from edge_app.perception.labels import FER2013
from edge_app.perception.patches import NetworkInput
from quantize.average_pooling import pool_by_convolution
from quantize.calibration import choose
from quantize.errors import QuantizeError
from quantize.patches import look_at_patches
from quantize.static_int8 import to_float_tflite
from trainer.batches import as_input
from trainer.checkpoints import ALIGNMENT, MODEL, read_network, read_recipe
from trainer.data import Faces, Split
from trainer.networks.joining import JOINED, join_heads

INPUT = "faces"
INPUT_RANGE = (0.0, 1.0)
CALIBRATION_FACES_A_CLASS = 100


@dataclass(frozen=True, slots=True)
class TrainedClassifier:
    """The network in Keras and as a float .tflite.

    recipe: as the run's folder has it, but for the alignment, which has a field in the card.
    model: of gray faces, float32 [N, 48, 48, 1]. converted: the same as the device feeds it, which
    the .tflite is made of. heads: in the order of the logits.
    """

    model: keras.Model
    converted: keras.Model
    tflite: bytes
    recipe: dict[str, Any]
    heads: tuple[Head, ...]

    @classmethod
    def of(
        cls, model: keras.Model, recipe: dict[str, Any], heads: tuple[Head, ...]
    ) -> TrainedClassifier:
        """Make what is converted, and the float .tflite, of a network of gray faces.

        Raises:
            QuantizeError: it cannot become TFLite.
        """
        converted = look_at_patches(model)
        return cls(model, converted, to_float_tflite(converted, INPUT), recipe, heads)

    @classmethod
    def load(cls, run: Path) -> TrainedClassifier:
        """Load the model of `run` and put its heads side by side.

        Raises:
            RunError: the run is not finished, or its files are damaged.
            QuantizeError: its network takes no pictures, has other heads than its recipe, or cannot
                become TFLite.
        """
        path = run / MODEL
        trained, stored = read_network(path), read_recipe(run)
        stored.pop(ALIGNMENT, None)
        shape = trained.inputs[0].shape[1:]
        if len(shape) != 3 or shape[-1] != 1:
            raise QuantizeError(
                f"{path}: takes {' x '.join(map(str, shape))} numbers, and the device gray pictures"
                " of faces; name another run"
            )
        heads = _heads(trained.output_names, stored["recipe"], path)
        model = pool_by_convolution(join_heads(trained))
        return cls.of(model, stored, heads)

    def with_model(self, model: keras.Model) -> TrainedClassifier:
        """The same run with a network of other weights."""
        return TrainedClassifier.of(model, self.recipe, self.heads)

    def logits(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Float answers: uint8 [N, 48, 48] → float32 [N, all heads' classes]."""
        if not len(pixels):  # Keras takes no empty batch
            return np.empty((0, sum(len(head.labels) for head in self.heads)), np.float32)
        answers = self.model.predict(as_input(pixels), batch_size=512, verbose=0)[JOINED]
        return np.asarray(answers, np.float32)

    def calibration_inputs(self, faces: Faces) -> list[NDArray[np.float32]]:
        """Training faces of every class and light: float32 of the .tflite's input shape each."""
        chosen = choose(faces.of(Split.TRAINING), CALIBRATION_FACES_A_CLASS)
        laid_out = NetworkInput(*self.converted.inputs[0].shape[1:])
        shown = [laid_out.of(face) / np.float32(255) for face in chosen]
        return [np.asarray(face, np.float32) for face in shown]


def _heads(outputs: Sequence[str], recipe: Mapping[str, Any], path: Path) -> tuple[Head, ...]:
    """In the order of the network's outputs."""
    # A recipe of `mien train reproduce` names none: all of its networks have one.
    named = recipe.get("heads", [{"name": JOINED, "labels": FER2013}])
    labels = {head["name"]: tuple(head["labels"]) for head in named}
    if set(outputs) != set(labels):
        raise QuantizeError(
            f"{path}: has the heads {', '.join(outputs)}, its recipe {', '.join(labels)}; the files"
            " are of two runs"
        )
    return tuple(Head(name, labels[name]) for name in outputs)
