"""A recipe and its faces → the figures of each epoch, and the weights that the recipe keeps."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import keras

from trainer import checkpoints
from trainer.data import Faces
from trainer.evaluation import fer2013_agreement
from trainer.heads import LabelHead
from trainer.networks import (
    four_block,
    kuchuk_a,
    kuchuk_b,
    kuchuk_c,
    kuchuk_landmarks,
    lenet,
    three_block,
)
from trainer.reproduction.inputs import batches, inputs
from trainer.reproduction.measuring import logits
from trainer.reproduction.recipe import PaperRecipe, best_epoch

#: A recipe's `network` → what builds it.
NETWORKS: dict[str, Callable[[], keras.Model]] = {
    "four_block": four_block.build,
    "three_block": three_block.build,
    "kuchuk_a": kuchuk_a.build,
    "kuchuk_b": kuchuk_b.build,
    "kuchuk_c": kuchuk_c.build,
    "kuchuk_landmarks": kuchuk_landmarks.build,
    "lenet": lenet.build,
}

Figures = dict[str, float]

#: Told of each epoch's figures as it ends: `epoch`, `loss`, `validation` (accuracy), `seconds`.
Progress = Callable[[Figures], None]


def fit(
    recipe: PaperRecipe,
    training: Faces,
    validation: Faces,
    run: Path,
    *,
    epochs: int,
    progress: Progress | None = None,
) -> list[Figures]:
    """Train up to `epochs` or the recipe's early stopping; give the figures of all epochs so far.

    The weights of the last epoch, and of the one that the recipe keeps, are left in `run`.
    """
    history = checkpoints.read_history(run)
    if len(history) >= epochs or stops(recipe, history):
        return history
    keras.utils.set_random_seed(recipe.seed)
    model = checkpoints.load(run, len(history)) if history else compiled(recipe)
    head = LabelHead(smoothing=0.0, name="logits")
    targets = {head.name: head.targets(training)}
    shown, validated = (inputs(recipe, faces, run.parent) for faces in (training, validation))
    while len(history) < epochs and not stops(recipe, history):
        epoch, began = len(history), time.monotonic()
        checkpoints.seed_layers(model, recipe.seed, epoch)
        fitted = model.fit(
            batches(recipe, training, shown, targets, epoch), initial_epoch=epoch,
            epochs=epoch + 1, shuffle=False, verbose=0,
        )  # fmt: skip
        figures = {
            "epoch": epoch + 1,
            "loss": float(fitted.history["loss"][0]),
            "validation": fer2013_agreement(logits(model, validated), validation),
            "seconds": time.monotonic() - began,
        }
        checkpoints.save(model, run, epoch + 1)
        history.append(figures)
        checkpoints.write_history(run, history)
        checkpoints.prune(run, {epoch + 1, kept_epoch(recipe, history)})
        if progress:
            progress(figures)
    return history


def compiled(recipe: PaperRecipe) -> keras.Model:
    """The recipe's network before its first epoch."""
    model = NETWORKS[recipe.network]()
    optimizer = {
        "class_name": recipe.optimizer,
        "config": {"learning_rate": recipe.learning_rate},
    }
    losses = {"logits": keras.losses.CategoricalCrossentropy(from_logits=True)}
    model.compile(keras.optimizers.get(optimizer), losses)
    return model


def stops(recipe: PaperRecipe, history: Sequence[Figures]) -> bool:
    """Whether the recipe's early stopping ends the run: the history alone decides, so that a
    resumed run stops where an uninterrupted one does.
    """
    stopping = recipe.early_stopping
    return stopping is not None and stopping.stops([line["validation"] for line in history])


def kept_epoch(recipe: PaperRecipe, history: Sequence[Figures]) -> int:
    """Whose weights the recipe keeps, counted from 1: the best if it stops early, else the last."""
    if recipe.early_stopping is None:
        return len(history)
    return best_epoch([line["validation"] for line in history])
