"""A training run → `emotion.tflite` and its card, with the figures of the int8 model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from edge_app.perception.card import SCHEMA_VERSION, Alignment, ClassifierCard
from edge_app.perception.classifier import softmax
from edge_app.perception.int8_model import dequantize
from edge_app.perception.labels import FER2013
from edge_app.perception.runtime import make_interpreter
from quantize.artefact import borders, git_revision, sha256, write_artefact
from quantize.calibration import choose
from quantize.errors import QuantizeError
from quantize.static_int8 import quantize_int8, to_float_tflite
from trainer.batches import as_input
from trainer.checkpoints import RECIPE
from trainer.data import Faces, Split
from trainer.evaluation import evaluate, fer2013_agreement, fit_temperature, unsure_threshold
from trainer.networks.cost import macs
from trainer.networks.merging import MERGED, merge_heads
from trainer.training import MODEL

INPUT = "faces"
CALIBRATION_FACES_A_CLASS = 100


def make_classifier(
    run: Path,
    faces: Faces,
    alignment: Alignment,
    output: Path,
    shares: Mapping[str, float] | None = None,
) -> ClassifierCard:
    """Quantize the model of `run`, measure it, and write `output` (.tflite) with its card.

    shares: of each head of the network in the answer; all alike where nothing is said.
    Calibrates on Training. Temperature and threshold are chosen on PublicTest; PrivateTest is
    only reported.

    Raises:
        QuantizeError: the run is not finished, or its model cannot be quantized or written.
    """
    path = run / MODEL
    if not path.is_file():
        raise QuantizeError(f"{path}: no such file; finish the run with mien train first")
    trained = keras.saving.load_model(path, compile=False)
    heads = trained.output_names
    shares = shares or {name: 1.0 / len(heads) for name in heads}
    if set(shares) - set(heads):
        raise QuantizeError(f"{path}: its heads are {', '.join(heads)}, not {', '.join(shares)}")
    model = merge_heads(trained, shares, len(FER2013))
    chosen = choose(faces.of(Split.TRAINING), CALIBRATION_FACES_A_CLASS)
    float_model = to_float_tflite(model, INPUT)
    content = quantize_int8(
        float_model, INPUT, list(as_input(chosen)[:, np.newaxis]), input_range=(0.0, 1.0)
    )

    training = faces.of(Split.TRAINING)
    public, private = faces.of(Split.PUBLIC_TEST), faces.of(Split.PRIVATE_TEST)
    public_logits = int8_logits(content, public.pixels)
    temperature = fit_temperature(public_logits, public.labels)
    public_probabilities = softmax(public_logits / np.float32(temperature))
    private_probabilities = softmax(int8_logits(content, private.pixels) / np.float32(temperature))
    public_report = evaluate(public_probabilities, public, public.twins_of(training))
    private_report = evaluate(private_probabilities, private, private.twins_of(training))
    as_float = model.predict(as_input(public.pixels), batch_size=512, verbose=0)[MERGED]
    stored = json.loads((run / RECIPE).read_text())
    tensor, outputs = borders(content)
    card = ClassifierCard(
        schema_version=SCHEMA_VERSION,
        name=output.stem,
        sha256=sha256(content),
        input=tensor,
        outputs=outputs,
        labels=FER2013,
        alignment=alignment,
        temperature=round(temperature, 4),
        unsure_below=round(unsure_threshold(public_probabilities), 4),
        licence="Apache-2.0",
        source=f"trained from nothing by mien train --recipe {stored['recipe']['name']}",
        training_data="FER2013 Training (Goodfellow et al. 2013) with FER+ votes"
        f" (Barsoum et al. 2016); SHA-256 {stored['data_sha256']}",
        recipe=stored | {"head_shares": dict(shares)},
        git_revision=git_revision(),
        figures={
            "public_test": asdict(public_report),
            "private_test": asdict(private_report),
            "int8_minus_float_public_test": round(
                public_report.accuracy - fer2013_agreement(as_float, public), 5
            ),
            "macs": macs(model),
            "parameters": model.count_params(),
            "bytes": len(content),
        },
    )
    write_artefact(output, content, card)
    return card


def int8_logits(content: bytes, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Run int8 TFLite bytes on gray faces: uint8 [N, 48, 48] → float32 [N, classes]."""
    interpreter, _ = make_interpreter(content, threads=1)
    tensor = interpreter.get_input_details()[0]["index"]
    answer = interpreter.get_output_details()[0]["index"]
    rows = []
    for face in pixels:
        interpreter.set_tensor(tensor, (face ^ 0x80).view(np.int8)[np.newaxis, ..., np.newaxis])
        interpreter.invoke()
        rows.append(interpreter.get_tensor(answer)[0])
    (border,) = borders(content)[1].values()
    return dequantize(np.stack(rows), border)
