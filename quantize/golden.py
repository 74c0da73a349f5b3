"""A model → its golden file: what devices check their own answers against."""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path

import msgspec

from edge_app.perception.card import ModelCard, read_card
from edge_app.perception.golden import (
    SCHEMA_VERSION,
    Golden,
    answers,
    differences,
    golden_input,
    golden_path,
)
from edge_app.perception.int8_model import Int8, Int8Model
from quantize.artefact import write_together

#: Of the largest difference between XNNPACK and the built-in kernels, measured on the same inputs.
#: XNNPACK gives the same bytes on every processor tried; the built-in kernels, which tflite-runtime
#: has, round in another way on each: docs/exactness.md.
SAFETY = 3

#: As many inputs as give this many bytes of output, so that the file stays smaller than the model.
OUTPUT_BYTES = 32_768
MOST_INPUTS = 8


def write_golden(path: Path) -> Path:
    """Let the model at `path` answer here, and write its golden file.

    Raises:
        ModelError: model and card do not fit, or no runtime takes the model.
        QuantizeError: the folder cannot be written.
    """
    card = read_card(path)
    xnnpack, built_in = (Int8Model(path, card, 1, xnnpack=asked) for asked in (True, False))
    answered = sum(map(len, answers(xnnpack, _inputs(card, 1)).values()))
    given = _inputs(card, max(1, min(MOST_INPUTS, OUTPUT_BYTES // answered)))
    expected = answers(xnnpack, given)
    off = differences(expected, answers(built_in, given))
    golden = Golden(
        schema_version=SCHEMA_VERSION,
        model_sha256=card.sha256,
        runtime=str(xnnpack.runtime),
        tolerance=min(SAFETY * max(1, int(off.max())), 255),
        inputs=tuple(hashlib.sha256(values.tobytes()).hexdigest() for values in given),
        answers={name: zlib.compress(values, 9) for name, values in expected.items()},
    )
    write_together([(golden_path(path), msgspec.json.encode(golden) + b"\n")])
    return golden_path(path)


def _inputs(card: ModelCard, number: int) -> list[Int8]:
    return [golden_input(card.input.shape, n) for n in range(number)]
