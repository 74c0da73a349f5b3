"""Finished runs of one network → a network with the mean of their weights.

It helps where each run began with the weights of one before: these lie in one valley of the loss,
and their mean lies lower in it than any of them. It is no ensemble: one network is what comes out.
Source: Wortsman et al. 2022, "Model soups"; Izmailov et al. 2018, on averages along one run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from trainer import checkpoints
from trainer.checkpoints import RECIPE, RunError
from trainer.training import MODEL


@dataclass(frozen=True, slots=True)
class _Member:
    """A finished run; stored: whose it is, as its folder says."""

    path: Path
    stored: Mapping[str, Any]
    model: keras.Model

    @classmethod
    def load(cls, run: Path) -> _Member:
        path = run / MODEL
        if not path.is_file():
            raise RunError(f"{path}: no such file; finish the run first")
        stored = json.loads((run / RECIPE).read_text())
        return cls(path, stored, keras.saving.load_model(path, compile=False))

    def fits(self, other: _Member) -> bool:
        """Whether it has the same layers and heads, and learned from the same faces."""
        shapes = [[w.shape for w in each.model.get_weights()] for each in (self, other)]
        return (
            shapes[0] == shapes[1]
            and self.model.output_names == other.model.output_names
            and self.stored["data_sha256"] == other.stored["data_sha256"]
        )


def average(runs: Sequence[Path], run: Path) -> Path:
    """Leave the mean of the weights of `runs` in a folder of its own, as `train` leaves a model.

    Statistics of batch normalization are averaged as the weights are: so near to each other, their
    mean is close to what the mean network's own would be. The folder's `recipe.json` has the last
    run's recipe and the hashes of all.

    Returns the path of the model.

    Raises:
        RunError: there is one run only; one is not finished, or has another network or other data;
            or `run` holds something else.
    """
    if len(runs) < 2:
        raise RunError("a mean is of two runs at least; name another run's folder")
    first, *others = members = [_Member.load(each) for each in runs]
    for other in others:
        if not other.fits(first):
            raise RunError(
                f"{other.path.parent}: another network or other data than in {first.path.parent};"
                " name runs that began with one another's weights"
            )
    last = members[-1]
    checkpoints.claim(
        run,
        {
            "recipe": last.stored["recipe"],
            "data_sha256": last.stored["data_sha256"],
            "keras": keras.__version__,
            "backend": keras.backend.backend(),
            "averaged_sha256": [checkpoints.sha256(each.path) for each in members],
        },
    )
    together = zip(*(each.model.get_weights() for each in members), strict=True)
    last.model.set_weights([np.mean(weights, axis=0) for weights in together])
    checkpoints.save_beside(last.model, run / MODEL)
    return run / MODEL
