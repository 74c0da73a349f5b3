"""Finished runs → one network whose weights are the mean of theirs.

Runs that began with the same weights, or with each other's, stay in one valley, and between them
the loss is often lower than in any of them. The mean of runs says nearly what they say together, at
the cost of one (Wortsman et al. 2022, "Model soups"); the mean of a run with what it began with
keeps what that had learned of hard conditions (the same authors, "Robust fine-tuning of zero-shot
models").
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from edge_app.errors import UsageError
from trainer import checkpoints
from trainer.data.known import EARLIER_DATA

_LOG = logging.getLogger(__name__)

#: Runs that went on from each other stay above 0.87, even over several further ones; networks that
#: learned apart, or have the same channels in another order, are near 0.
_AKIN = 0.5


def average(shares: Mapping[Path, float], run: Path) -> Path:
    """Leave the mean of finished runs in `run`, with the recipe of the one with the largest share.

    shares: of each run's folder in the mean; they add up to 1. Of equal ones the first counts.

    A warning names the runs that did not begin as that one did: such a mean may know nothing.

    Returns the path of the model.

    Raises:
        UsageError: the shares do not add up to 1, or one is not above 0.
        RunError: a run is not finished or damaged, has another size, other heads or other data than
            the first, or `run` holds something else already.
    """
    whole = np.isclose(sum(shares.values()), 1.0, atol=1e-6)
    if not whole or not all(share > 0 for share in shares.values()):
        raise UsageError(
            f"shares of {' + '.join(f'{share:g}' for share in shares.values())}: "
            "name ones above 0 that add up to 1"
        )
    stored = {folder: checkpoints.read_recipe(folder) for folder in shares}
    first = next(iter(shares))
    models = [checkpoints.read_network(folder / checkpoints.MODEL) for folder in shares]
    for folder, model in zip(shares, models, strict=True):
        if stored[folder]["data_sha256"] != stored[first]["data_sha256"]:
            raise checkpoints.RunError(f"{folder}: has learned from other data than {first}")
        if _shape(model) != _shape(models[0]):
            raise checkpoints.RunError(f"{folder}: a network of another size or with other heads")
    leading = max(shares, key=lambda folder: shares[folder])
    _warn_of_strangers(dict(zip(shares, models, strict=True)), leading)
    earlier = sorted({sha256 for each in stored.values() for sha256 in each.get(EARLIER_DATA, ())})
    checkpoints.claim(
        run,
        stored[leading]
        | ({EARLIER_DATA: earlier} if earlier else {})
        | {
            "averaged": [
                {
                    "recipe": stored[folder]["recipe"]["name"],
                    "model_sha256": checkpoints.sha256(folder / checkpoints.MODEL),
                    "share": share,
                }
                for folder, share in shares.items()
            ]
        },
    )
    # In double precision, so that the order of the runs hardly counts.
    means = [
        sum(
            share * each.astype(np.float64) for share, each in zip(shares.values(), of, strict=True)
        )
        for of in zip(*(model.get_weights() for model in models), strict=True)
    ]
    averaged = models[0]
    averaged.set_weights([np.asarray(mean, np.float32) for mean in means])
    checkpoints.save_beside(averaged, run / checkpoints.MODEL)
    return run / checkpoints.MODEL


def _warn_of_strangers(models: Mapping[Path, keras.Model], leading: Path) -> None:
    # By the weights themselves: what a run began with may be gone, and its hash says nothing then.
    directions = {folder: _direction(model) for folder, model in models.items()}
    for folder, direction in directions.items():
        cosine = float(direction @ directions[leading])
        if cosine < _AKIN:
            _LOG.warning(
                "%s: its weights have little in common with those of %s (cosine %.2f), as if"
                " neither had begun with the other's: their mean may know nothing; average runs"
                " that began with the same weights or with each other's, and measure the mean",
                folder,
                leading,
                cosine,
            )


def _direction(model: keras.Model) -> NDArray[np.float64]:
    """All kernels in one row, of length 1: float64 [K]."""
    kernels = [each.ravel() for each in model.get_weights() if each.ndim > 1]
    row = np.concatenate(kernels).astype(np.float64)
    return np.asarray(row / np.linalg.norm(row))


def _shape(model: keras.Model) -> tuple[list[str], list[tuple[int, ...]]]:
    return list(model.output_names), [tuple(each.shape) for each in model.get_weights()]
