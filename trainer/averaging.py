"""Finished runs → one network whose weights are the mean of theirs.

Runs that began with the same weights, or with each other's, stay in one valley, and between them
the loss is often lower than in any of them. The mean of runs says nearly what they say together, at
the cost of one (Wortsman et al. 2022, "Model soups"); the mean of a run with what it began with
keeps what that had learned of hard conditions (the same authors, "Robust fine-tuning of zero-shot
models").
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np

from edge_app.errors import UsageError
from trainer import checkpoints


def average(shares: Mapping[Path, float], run: Path) -> Path:
    """Leave the mean of finished runs in `run`, with the recipe of the one with the largest share.

    shares: of each run's folder in the mean; they add up to 1. Of equal ones the first counts.

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
    checkpoints.claim(
        run,
        stored[leading]
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


def _shape(model: keras.Model) -> tuple[list[str], list[tuple[int, ...]]]:
    return list(model.output_names), [tuple(each.shape) for each in model.get_weights()]
