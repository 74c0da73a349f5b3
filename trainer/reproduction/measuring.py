"""A trained network and faces → the accuracies of a result, and the machine that they stem from."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import keras
import numpy as np

from trainer.batches import Floats
from trainer.data import Faces
from trainer.evaluation import fer2013_agreement
from trainer.reproduction.result import Accuracy, Machine

PROCESSORS = Path("/proc/cpuinfo")


def logits(model: keras.Model, shown: Floats) -> Floats:
    """What the network says of each face, given as `inputs` gives them: float32 [N, classes]."""
    said = model.predict(shown, batch_size=512, verbose=0)
    return np.asarray(said["logits"])


def accuracy(model: keras.Model, shown: Floats, faces: Faces, trained_on: Faces) -> Accuracy:
    """How often the network says FER2013's label, on all faces and on those not trained on.

    shown: what `inputs` gave for `faces`.
    """
    said, unseen = logits(model, shown), ~faces.twins_of(trained_on)
    rest = faces.where(unseen)
    return Accuracy(
        faces=len(faces),
        accuracy=fer2013_agreement(said, faces),
        without_twins=fer2013_agreement(said[unseen], rest) if len(rest) else None,
    )


def this_machine() -> Machine:
    """Processor, cores, device of the tensors, Keras and its backend."""
    return Machine(
        processor=processor(PROCESSORS),
        cores=os.cpu_count() or 1,
        device=str(keras.ops.zeros(1).device).rpartition("/")[2],
        keras=keras.__version__,
        backend=keras.backend.backend(),
    )


def processor(processors: Path) -> str:
    """The processor by its maker's name where the system tells, else by its architecture."""
    if processors.is_file():
        for line in processors.read_text().splitlines():
            key, _, value = line.partition(":")
            if key.strip() in {"model name", "Model"}:
                return value.strip()
    return platform.processor() or platform.machine()
