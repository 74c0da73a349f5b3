"""Faces of the paper's data set → those that a recipe trains on, and those that it validates on."""

from __future__ import annotations

import numpy as np

from edge_app.perception.labels import FER2013
from trainer.data import Faces, Split
from trainer.reproduction.recipe import PaperRecipe, ReproductionError

TESTS = (Split.PUBLIC_TEST, Split.PRIVATE_TEST)


def taken(recipe: PaperRecipe, faces: Faces) -> Faces:
    """The faces with one of FER2013's seven emotions; CK+ has contempt, too.

    Raises:
        ReproductionError: they are not of the data set that the paper's figures are of.
    """
    seven = faces.labels < len(FER2013)
    if recipe.published.data == "FER2013" and not seven.all():
        raise ReproductionError(f"{recipe.name}: needs FER2013; these faces know other emotions")
    if recipe.published.data == "CK+" and seven.all():
        raise ReproductionError(f"{recipe.name}: needs CK+; these faces know no contempt")
    return faces.where(seven)


def split(recipe: PaperRecipe, faces: Faces) -> tuple[Faces, Faces]:
    """The recipe's training and validation faces, the same ones each time.

    As the papers did, rows that are no face and twins stay in.

    Raises:
        ReproductionError: there are fewer faces than the recipe takes, or none to test on.
    """
    training = faces.of(Split.TRAINING)
    if recipe.training is None or recipe.validation is None:
        validation = faces.of(Split.PUBLIC_TEST)
    else:
        wanted = recipe.training + recipe.validation
        if len(training) < wanted:
            raise ReproductionError(
                f"{recipe.name}: takes {recipe.training} + {recipe.validation} faces of the"
                f" Training split; the data set has {len(training)}"
            )
        drawn = np.random.default_rng(recipe.seed).permutation(len(training))[:wanted]
        training, validation = (
            _rows(training, drawn[: recipe.training]),
            _rows(training, drawn[recipe.training :]),
        )
    counts = (len(training), *(len(faces.of(test)) for test in TESTS))
    if counts[0] < recipe.batch or 0 in counts:
        raise ReproductionError(
            f"{recipe.name}: {counts[0]} faces to train on in batches of {recipe.batch},"
            f" {counts[1]} of PublicTest and {counts[2]} of PrivateTest are too few"
        )
    return training, validation


def _rows(faces: Faces, rows: np.ndarray) -> Faces:
    chosen = np.zeros(len(faces), dtype=bool)
    chosen[rows] = True
    return faces.where(chosen)
