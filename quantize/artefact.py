"""int8 TFLite bytes with their card → two files side by side, both whole before one is replaced.

A kill between the two renames leaves a new model beside an old card, which devices refuse.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edge_app.perception.card import ModelCard, Tensor, card_path, decode_card, encode_card
from edge_app.perception.runtime import make_interpreter
from edge_app.version import revision
from quantize.errors import QuantizeError

_ROOT = Path(__file__).parents[1]


def borders(content: bytes) -> tuple[Tensor, dict[str, Tensor]]:
    """Input and outputs of a model, as its card states them."""
    interpreter, _ = make_interpreter(content, threads=1)
    runner = interpreter.get_signature_runner()
    outputs = {name: _tensor(details) for name, details in runner.get_output_details().items()}
    return _tensor(interpreter.get_input_details()[0]), outputs


def sha256(content: bytes) -> str:
    """The hash that the card names the model by."""
    return hashlib.sha256(content).hexdigest()


def write_artefact(model: Path, content: bytes, card: ModelCard) -> None:
    """Write `model` and the card beside it: both are complete before one is replaced.

    Raises:
        ModelError: the card holds what its schema forbids; nothing is written.
        QuantizeError: the folder cannot be written; what was there is untouched.
    """
    encoded = encode_card(card)
    decode_card(encoded, str(card_path(model)))
    write_together([(model, content), (card_path(model), encoded)])


def write_together(pairs: Sequence[tuple[Path, bytes]]) -> None:
    """Write files of one folder: all are complete before the first is replaced.

    Raises:
        QuantizeError: the folder cannot be written; what was there is untouched.
    """
    folder = pairs[0][0].parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as new:
            for path, written in pairs:
                (Path(new) / path.name).write_bytes(written)
            for path, _ in pairs:
                (Path(new) / path.name).replace(path)
    except OSError as error:
        raise QuantizeError(
            f"{folder}: cannot be written: {error.strerror}; name a folder that is yours"
        ) from error


def git_revision() -> str:
    """The commit that this source tree is at; empty outside of a checkout, or without git."""
    found = revision(_ROOT)
    return "" if found is None else found.commit


def _tensor(details: dict[str, Any]) -> Tensor:
    scale, zero_point = details["quantization"]
    return Tensor(
        shape=tuple(int(n) for n in details["shape"]),
        dtype=np.dtype(details["dtype"]).name,
        scale=float(scale),
        zero_point=int(zero_point),
    )
