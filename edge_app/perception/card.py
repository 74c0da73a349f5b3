"""The card beside a model: what it takes, what it answers, where it comes from, how good it is."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec

from edge_app.errors import MienError

SCHEMA_VERSION = 1


class ModelError(MienError):
    """A model or its card that cannot be used."""


class Tensor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A border of the model. real value = (byte - zero_point) * scale."""

    shape: tuple[int, ...]
    dtype: str
    scale: float
    zero_point: int


class Alignment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where landmarks stand in the classifier's crop, as fractions (x, y) of its side.

    right and left are the person's own: the right eye stands left in the crop. `margin` says how
    much of the face's surroundings is seen: what the crop has beyond the larger side of the four
    points' box, on each side, as a fraction of it.
    """

    right_eye: tuple[float, float]
    left_eye: tuple[float, float]
    right_mouth: tuple[float, float]
    left_mouth: tuple[float, float]
    margin: float


class _Card(msgspec.Struct, frozen=True, kw_only=True, tag_field="task"):
    schema_version: int
    name: str
    sha256: str
    input: Tensor
    outputs: dict[str, Tensor]
    licence: str
    source: str
    training_data: str
    recipe: dict[str, Any]
    git_revision: str
    figures: dict[str, Any]


class DetectorCard(
    _Card, frozen=True, kw_only=True, tag="face-detection", forbid_unknown_fields=True
):
    """Card of a face detector; outputs are `cls_8` … `kps_32`, a level per stride."""

    strides: tuple[int, ...]
    score_threshold: float
    nms_iou: float


class ClassifierCard(
    _Card, frozen=True, kw_only=True, tag="emotion-classification", forbid_unknown_fields=True
):
    """Card of an emotion classifier; its one output, `logits`, is [N, len(labels)]."""

    labels: tuple[str, ...]
    alignment: Alignment
    temperature: float
    unsure_below: float


ModelCard = DetectorCard | ClassifierCard


_DECODER = msgspec.json.Decoder(ModelCard)


def read_card(model: Path) -> ModelCard:
    """Read the card beside `model` (`name.json` beside `name.tflite`).

    Raises:
        ModelError: the card is missing, is no card, or is of another schema version.
    """
    path = card_path(model)
    try:
        card: ModelCard = _DECODER.decode(path.read_bytes())
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}; a model needs its card beside it") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: not a model card: {error}") from error
    if card.schema_version != SCHEMA_VERSION:
        raise ModelError(
            f"{path}: schema version {card.schema_version}, this Mien reads {SCHEMA_VERSION}"
        )
    return card


def read_model(model: Path, card: ModelCard) -> bytes:
    """Read the bytes that `card` describes.

    Raises:
        ModelError: the file is missing, or its SHA-256 is not the card's.
    """
    try:
        content = model.read_bytes()
    except OSError as error:
        raise ModelError(f"{model}: {error.strerror}; name another model") from error
    found = hashlib.sha256(content).hexdigest()
    if found != card.sha256:
        raise ModelError(
            f"{model}: SHA-256 {found[:12]}… is not its card's {card.sha256[:12]}…;"
            " the file is damaged or the card is another model's: install both again"
        )
    return content


def card_path(model: Path) -> Path:
    """Where the card of `model` lies."""
    return model.with_suffix(".json")


def encode_card(card: ModelCard) -> bytes:
    """The card as JSON, readable by people."""
    return msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n"
