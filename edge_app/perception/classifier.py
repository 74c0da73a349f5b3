"""Gray face crops → calibrated probabilities of the emotions."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.perception.alignment import TO_READ, canonical_landmarks
from edge_app.perception.answers import Mixture
from edge_app.perception.card import (
    DEFAULT_ANSWER,
    Alignment,
    Answer,
    ClassifierCard,
    ModelCard,
    ModelError,
)
from edge_app.perception.faces import FrameError, Picture
from edge_app.perception.int8_model import EVERY_BYTE, Int8Model, by_byte, dequantize
from edge_app.perception.labels import UNSURE
from edge_app.perception.patches import WINDOW, NetworkInput
from edge_app.perception.shipped import EMOTION

#: How far eyes stand from each other and from the mouth at least, as a fraction of the crop's side:
#: the shipped models have 0.35 and 0.43. Of a smaller face a crop of 48 pixels shows nothing.
CLOSEST = 0.1

#: Side of a crop from which there may be a face in it. A picture in colour, [H, W, 3], would
#: otherwise be taken for H crops of W by 3.
NARROWEST = 8


def check_classifier(path: Path, card: ModelCard, answer: str) -> tuple[ClassifierCard, Mixture]:
    """Whether a card is a classifier's; with what makes the answer of the name `answer`.

    path: of its model, for messages.

    Raises:
        ModelError: it is not, or has no such answer, or its alignment makes no crops of faces.
    """
    if not isinstance(card, ClassifierCard):
        raise ModelError(f"{path}: its card is no emotion classifier's")
    # Empty where there is no second number: such a shape fits as little as any other.
    side, channels = card.input.shape[1:2], card.input.shape[-1]
    border = (card.input.shape, card.input.dtype, card.input.zero_point)
    if (
        border != ((1, *side, *side, channels), "int8", -128)
        or channels not in {1, WINDOW}
        or not math.isclose(card.input.scale, 1 / 255, rel_tol=1e-5)
    ):
        raise ModelError(
            f"{path}: takes {card.input.dtype} {list(card.input.shape)}, scale"
            f" {card.input.scale}, zero point {card.input.zero_point}; a classifier takes int8"
            f" [1, S, S, 1] or [1, S, S, {WINDOW}], scale 1/255, zero point -128: quantize it again"
            " with this Mien, or remove it from the folder"
        )
    outputs = {
        name: f"{tensor.dtype} {list(tensor.shape)}" for name, tensor in card.outputs.items()
    }
    width = sum(len(head.labels) for head in card.heads)
    if outputs != {"logits": f"int8 [1, {width}]"}:
        raise ModelError(
            f"{path}: its card has {width} labels for the outputs {outputs};"
            f" name a classifier with one output, logits, int8 [1, {width}]"
        )
    if any(UNSURE in head.labels for head in card.heads):
        raise ModelError(
            f"{path}: its card has the label {UNSURE!r}, which is Mien's word for a face that no"
            " label is likely enough for; call it otherwise in the card"
        )
    _check_alignment(path, card.alignment)
    if answer not in card.answers:
        raise ModelError(f"{path}: it has no answer {answer!r}; ask for {', '.join(card.answers)}")
    try:
        return card, Mixture(card.heads, card.answers[answer])
    except ValueError as error:
        raise ModelError(f"{path}: answer {answer!r} of its card: {error}") from error


def _check_alignment(path: Path, alignment: Alignment) -> None:
    """Raises ModelError for places that no face's eyes and mouth have in a crop.

    A network is shown what they cut out: of pixels taken for fractions that is never a face, and
    nothing but its answers would tell.
    """
    placed = canonical_landmarks(alignment)
    right_eye, left_eye, right_mouth, left_mouth = placed
    if (
        placed.min() < 0.0
        or placed.max() > 1.0
        or left_eye[0] - right_eye[0] < CLOSEST
        or left_mouth[0] <= right_mouth[0]
        or placed[2:, 1].min() - placed[:2, 1].max() < CLOSEST
    ):
        raise ModelError(
            f"{path}: its card's alignment is no face's, {placed.tolist()}; right eye, left eye,"
            " and the mouth's corners likewise are x and y as fractions of the crop's side: the"
            f" right ones left of the left ones, the eyes {CLOSEST} apart and as much above the"
            " mouth"
        )


class EmotionClassifier:
    """The int8 emotion network with what its card says of its answers.

    Threads that share it are answered crop by crop, one after the other.
    """

    def __init__(self, model: Int8Model, answer: str = DEFAULT_ANSWER) -> None:
        card, self._mixture = check_classifier(model.path, model.card, answer)
        self._width = sum(len(head.labels) for head in card.heads)
        side, channels = card.input.shape[1], card.input.shape[-1]
        self.model = model
        self.card: ClassifierCard = card
        self.answer: Answer = card.answers[answer]
        self.labels: tuple[str, ...] = self.answer.labels
        self.side: int = side
        self._input = NetworkInput(side, side, channels)
        self._logit = by_byte(dequantize(EVERY_BYTE, card.outputs["logits"]))

    @classmethod
    def load(
        cls, path: Path | str | None = None, *, threads: int = 1, answer: str = DEFAULT_ANSWER
    ) -> Self:
        """Load the shipped model, or the one at `path` with its card beside it.

        The small shipped one is at `edge_app.perception.EMOTION_SMALL`.

        answer: of the card's answers. The shipped model has `default`, which generalizes best,
        `fer2013`, in the manner of FER2013's labels, and `ferplus`, of FER+'s voters, which has
        contempt, too.

        Raises:
            ModelError: model and card do not fit, the card has no such answer, or no runtime takes
                the model.
        """
        return cls(Int8Model.load(EMOTION if path is None else Path(path), threads), answer)

    @property
    def alignment(self) -> Alignment:
        """Where faces stand in training pictures; devices show them `alignment.NEARER`."""
        return self.card.alignment

    def predict(self, crops: Picture) -> NDArray[np.float32]:
        """Probabilities of the emotions in each crop.

        crops: uint8 [N, h, w], gray, any size from `NARROWEST` on, which is stretched; best is
        `side` squared, as `Perception.crop` cuts them. They are shown as they are:
        `Perception.read_crop` finds the face, spreads flat ones, and shows mirror images, too.

        Returns float32 [N, len(labels)]; rows sum to 1.

        Raises:
            FrameError: crops of another dtype or shape, such as one colour picture, or no array.
        """
        rows = [self._mixture.of_face(logits) for logits in self._logits(crops)]
        return np.array(rows, np.float32).reshape(len(rows), len(self.labels))

    def logits(self, crops: Picture) -> NDArray[np.float32]:
        """What the network says of each crop, the card's heads side by side.

        crops: as `predict` takes them. Returns float32 [N, all heads' labels].

        Raises:
            FrameError: crops of another dtype or shape, or no array.
        """
        rows = list(self._logits(crops))
        return np.array(rows, np.float32).reshape(len(rows), self._width)

    def emotion(self, probabilities: NDArray[np.float32]) -> str:
        """The likeliest label of one row, or `labels.UNSURE` below the card's threshold."""
        best = int(probabilities.argmax())
        return self.labels[best] if probabilities[best] >= self.answer.unsure_below else UNSURE

    def _logits(self, crops: Picture) -> Iterator[list[float]]:
        """What the network says of one crop after the other, in plain numbers."""
        if not isinstance(crops, np.ndarray):
            raise FrameError(
                f"crops are {type(crops).__name__}, no NumPy array; uint8 [N, height, width] is"
                " needed"
            )
        if crops.ndim != 3 or crops.dtype != np.uint8 or 0 in crops.shape[1:]:
            raise FrameError(
                f"crops are {crops.dtype} {list(crops.shape)}; uint8 [N, height, width] is needed"
            )
        if min(crops.shape[1:]) < NARROWEST:
            raise FrameError(
                f"crops are uint8 {list(crops.shape)}, {crops.shape[0]} of {crops.shape[1]} by"
                f" {crops.shape[2]} pixels, which show no face; uint8 [N, height, width] is needed,"
                f" from {NARROWEST} by {NARROWEST} on: of one picture in colour"
                " cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)[None]"
            )
        for crop in crops:
            fitted = self._fitted(crop)
            with self.model.lock:
                answer = self.model.run_laid_out(partial(self._input.lay_out, fitted))
                logits = answer["logits"].tobytes()
            yield [self._logit[byte] for byte in logits]

    def _fitted(self, crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The crop in the network's size."""
        height, width = crop.shape
        if (height, width) == (self.side, self.side):
            return crop
        shrinks = max(height, width) > self.side
        return np.asarray(
            cv2.resize(
                crop,
                (self.side, self.side),
                interpolation=cv2.INTER_AREA if shrinks else TO_READ,
            ),
            dtype=np.uint8,
        )
