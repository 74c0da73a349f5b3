"""What a paper did with its network, and what it says came out: one value a published run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from edge_app.errors import MienError
from trainer.augmentation import Augmentation
from trainer.reproduction.landmarks import find_predictor


class ReproductionError(MienError):
    """A published recipe that cannot be run here, or a run that cannot go on."""


@dataclass(frozen=True, slots=True)
class Published:
    """The paper's accuracies, 0…1, and the data set that they are of.

    None where it gives none, `remark` for what is no figure.
    """

    validation: float | None = None
    test: float | None = None
    data: Literal["FER2013", "CK+"] = "FER2013"
    remark: str = ""


@dataclass(frozen=True, slots=True)
class EarlyStopping:
    """Stop after `patience` epochs without a better validation accuracy; the best weights stay."""

    patience: int

    def stops(self, accuracies: Sequence[float]) -> bool:
        """Whether a run ends after epochs with these validation accuracies."""
        return bool(accuracies) and len(accuracies) - best_epoch(accuracies) >= self.patience


def best_epoch(accuracies: Sequence[float]) -> int:
    """The first epoch with the highest accuracy, counted from 1."""
    return 1 + max(range(len(accuracies)), key=lambda epoch: (accuracies[epoch], -epoch))


@dataclass(frozen=True, slots=True)
class PaperRecipe:
    """A published training run.

    network: module of `trainer.networks`. reads: pictures of faces, or 68 landmarks that dlib finds
    in them. training, validation: faces of each, drawn from the Training split; where both are
    None, the whole split and PublicTest. chosen: what the paper leaves open, as decided here.
    """

    name: str
    source: str
    network: str
    published: Published
    epochs: int
    chosen: str
    reads: Literal["pictures", "landmarks"] = "pictures"
    batch: int = 64
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    training: int | None = None
    validation: int | None = None
    early_stopping: EarlyStopping | None = None
    augmentation: Augmentation | None = None
    seed: int = 1

    def refuse_what_cannot_be_run(self, epochs: int | None = None) -> None:
        """Speak up before any data is read.

        Raises:
            ReproductionError: the recipe has fewer epochs.
            LandmarksError: it reads landmarks, and what finds them is not installed.
        """
        if epochs is not None and not 1 <= epochs <= self.epochs:
            raise ReproductionError(f"{self.name}: {epochs} epochs; the recipe has {self.epochs}")
        if self.reads == "landmarks":
            find_predictor()


def command_line(name: str, epochs: int | None = None, backend: str = "tensorflow") -> str:
    """What to type for a full run of a recipe, or for one cut short after `epochs`.

    backend: Keras', which it takes from the environment.
    """
    cut_short = "" if epochs is None else f" --epochs {epochs}"
    with_backend = "" if backend == "tensorflow" else f"KERAS_BACKEND={backend} "
    return f"{with_backend}mien train reproduce {name} --data DIR{cut_short}"
