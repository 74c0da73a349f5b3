"""The card beside a model: what it takes, what it answers, where it comes from, how good it is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from edge_app.errors import MienError
from edge_app.mistakes import UNREADABLE

SCHEMA_VERSION = 1


T = TypeVar("T")


class ModelError(MienError):
    """A model or its card that cannot be used."""


Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Positive = Annotated[float, Meta(gt=0.0)]
#: As `events.payloads.Fraction` is written: to Python, 0 and 0.0 make one type, whichever is first.
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Text = Annotated[str, Meta(min_length=1)]
#: Bounded, so that weighed probabilities, whatever they are, have a sum to be divided by.
Weight = Annotated[float, Meta(ge=1e-6, le=1e6)]


class Tensor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A border of the model. real value = (byte - zero_point) * scale."""

    shape: Annotated[tuple[Annotated[int, Meta(ge=1)], ...], Meta(min_length=1)]
    dtype: Text
    scale: Positive
    zero_point: Annotated[int, Meta(ge=-128, le=127)]


class Alignment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where landmarks stand in training pictures, as fractions (x, y) of their side.

    Devices show the network the middle of such a square, faces 1.1 times as large: where networks
    of our recipes read them best (`perception.alignment.NEARER`).

    right and left are the person's own: the right eye stands left in the crop. `margin` says how
    much of the face's surroundings a picture shows: what it has beyond the larger side of the four
    points' box, on each side, as a fraction of it.
    """

    right_eye: tuple[float, float]
    left_eye: tuple[float, float]
    right_mouth: tuple[float, float]
    left_mouth: tuple[float, float]
    margin: float


class _Card(msgspec.Struct, frozen=True, kw_only=True, tag_field="task"):
    schema_version: int
    name: Text
    sha256: Annotated[Sha256, Meta(description="Of the .tflite file.")]
    input: Tensor
    outputs: Annotated[dict[str, Tensor], Meta(min_length=1, description="By name.")]
    licence: Annotated[Text, Meta(description="Of the weights, as an SPDX identifier.")]
    source: Annotated[Text, Meta(description="Where the weights come from.")]
    training_data: Annotated[Text, Meta(description="What the weights were trained on.")]
    recipe: Annotated[dict[str, Any], Meta(description="How they were trained and quantized.")]
    git_revision: Annotated[
        str, Meta(description="Of the source tree; empty outside of a repository.")
    ]
    figures: Annotated[dict[str, Any], Meta(description="What was measured of this very file.")]


class DetectorCard(
    _Card, frozen=True, kw_only=True, tag="face-detection", forbid_unknown_fields=True
):
    """Card of a face detector; outputs are `cls_8` … `kps_32`, a level per stride."""

    strides: Annotated[tuple[Annotated[int, Meta(ge=1)], ...], Meta(min_length=1)]
    score_threshold: Share
    nms_iou: Annotated[Share, Meta(description="Overlap above which the weaker box is dropped.")]


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One opinion of a classifier: the kind of labels that it was taught."""

    name: Text
    labels: Annotated[tuple[Text, ...], Meta(min_length=2)]


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the heads' logits become one answer: `edge_app.perception.answers` does it."""

    labels: Annotated[tuple[Text, ...], Meta(min_length=2)]
    shares: Annotated[dict[str, Share], Meta(description="Of each head; they sum to 1.")]
    temperature: Annotated[Positive, Meta(description="Logits are divided by it, then softmax.")]
    unsure_below: Annotated[Share, Meta(description="A likelier label is needed for an answer.")]
    weights: Annotated[
        tuple[Weight, ...],
        Meta(description="What each label's probability counts; none: all alike."),
    ] = ()


#: The answer that is given where none is asked for by name; every classifier has it.
DEFAULT_ANSWER = "default"


class ClassifierCard(
    _Card, frozen=True, kw_only=True, tag="emotion-classification", forbid_unknown_fields=True
):
    """Card of an emotion classifier; its one output, `logits`, holds its heads side by side."""

    alignment: Alignment
    heads: Annotated[tuple[Head, ...], Meta(min_length=1, description="In the logits' order.")]
    answers: Annotated[dict[str, Answer], Meta(description="By name; `default` is one of them.")]


ModelCard = DetectorCard | ClassifierCard

_DECODER = msgspec.json.Decoder(ModelCard)


def read_card(model: Path) -> ModelCard:
    """Read the card beside `model` (`name.json` beside `name.tflite`).

    Raises:
        ModelError: the card is missing, is no card, or is of another schema version.
    """
    path = card_path(model)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}; a model needs its card beside it") from error
    return decode_card(content, str(path))


def decode_card(content: bytes, where: str) -> ModelCard:
    """Check JSON against the card's schema; `where` names it in errors.

    Raises:
        ModelError: it is no card, or is of another schema version.
    """
    card: ModelCard = decode_versioned(
        _DECODER, content, version=SCHEMA_VERSION, what="a model card", where=where
    )
    return card


class _Versioned(msgspec.Struct):
    schema_version: int


def decode_versioned(
    decoder: msgspec.json.Decoder[T], content: bytes, *, version: int, what: str, where: str
) -> T:
    """Check JSON that says its `schema_version` against the schema of `version`.

    what: it should be, as in "a model card". where: names it in errors.

    Raises:
        ModelError: it is none, or is of another schema version.
    """
    try:
        # First: another version has other fields, which the schema of this one refuses.
        found = msgspec.json.decode(content, type=_Versioned).schema_version
    except UNREADABLE:
        # The decoder below says what is wrong with it.
        found = version
    if found != version:
        raise ModelError(
            f"{where}: schema version {found}, this Mien reads {version}; upgrade Mien, or take"
            " the files that were made for this one"
        )
    try:
        return decoder.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"{where}: not {what}: {error}") from error
    except RecursionError as error:
        raise ModelError(f"{where}: not {what}: its JSON is nested too deeply") from error


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
            f"{model}: {len(content)} bytes of SHA-256 {found[:12]}…, its card says"
            f" {card.sha256[:12]}…; the file is damaged or the card is another model's: install"
            " both again"
        )
    return content


def card_path(model: Path) -> Path:
    """Where the card of `model` lies.

    Raises:
        ModelError: `model` has no name, as a folder's root or an empty path.
    """
    if not model.name:
        raise ModelError(f"{model}: names no file; name a model, such as emotion.tflite")
    return model.with_suffix(".json")


def encode_card(card: ModelCard) -> bytes:
    """The card as JSON, readable by people."""
    return msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n"


#: Where a model comes from and how good it is: nothing that decides an answer.
_PROVENANCE = (
    "name", "licence", "source", "training_data", "recipe", "git_revision", "figures",
)  # fmt: skip


def deciding_sha256(cards: Iterable[ModelCard]) -> str:
    """One hash over models and all in their cards that decides what is read of a picture.

    Where it is another, so are the answers; cards that differ in figures or origin have the same.
    """
    digest = hashlib.sha256()
    for card in cards:
        said: dict[str, Any] = msgspec.to_builtins(card)
        deciding = {key: value for key, value in said.items() if key not in _PROVENANCE}
        digest.update(msgspec.json.encode(deciding, order="deterministic"))
    return digest.hexdigest()
