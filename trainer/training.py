"""A recipe and faces → a trained float Keras model in a run's folder, resumable at any epoch."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from edge_app.errors import MienError
from trainer.batches import Batches, as_input
from trainer.data import Faces, Split
from trainer.evaluation import fer2013_agreement, ferplus_agreement
from trainer.networks import mien
from trainer.recipes import Recipe
from trainer.schedule import WarmUpCosine

RECIPE = "recipe.json"
CHECKPOINT = "checkpoint.keras"
HISTORY = "history.jsonl"
MODEL = "model.keras"

#: Told of each epoch's figures as it ends.
Progress = Callable[[dict[str, float]], None]


class TrainingError(MienError):
    """A run that cannot start or go on."""


def train(recipe: Recipe, faces: Faces, run: Path, progress: Progress | None = None) -> Path:
    """Train `recipe` on the Training split and leave the model in `run`.

    A run that was killed goes on after its last whole epoch; a finished one is left as it is.
    PublicTest is measured after each epoch; PrivateTest is not looked at.

    Returns the path of the model: float32 [N, 48, 48, 1] in 0…1 → logits by head.

    Raises:
        TrainingError: `run` holds another recipe's run or another data set's.
    """
    run.mkdir(parents=True, exist_ok=True)
    _claim(run, recipe, faces)
    model_path = run / MODEL
    if model_path.exists():
        return model_path

    training = faces.of(Split.TRAINING)
    training = training.where(~training.not_a_face())
    targets = {head.name: head.targets(training) for head in recipe.heads}
    public = faces.of(Split.PUBLIC_TEST)
    public_input = as_input(public.pixels)

    keras.utils.set_random_seed(recipe.seed)
    history = _read_history(run)
    checkpoint = run / CHECKPOINT
    if checkpoint.exists():
        model = keras.saving.load_model(checkpoint)
        # A kill between the checkpoint and its line in the history leaves one epoch untold.
        start = int(model.optimizer.iterations) // (len(training) // recipe.batch)
    else:
        model, start = _compiled(recipe, len(training) // recipe.batch), 0
    history = history[:start]

    for epoch in range(start, recipe.epochs):
        began = time.monotonic()
        _seed_layers(model, recipe.seed, epoch)
        batches = Batches(
            training.pixels, targets, batch=recipe.batch, augmentation=recipe.augmentation,
            seed=recipe.seed, epoch=epoch, side=recipe.side_at(epoch), workers=1, max_queue_size=16,
        )  # fmt: skip
        fitted = model.fit(
            batches, initial_epoch=epoch, epochs=epoch + 1, shuffle=False,
            verbose=1 if sys.stderr.isatty() else 0,
        )  # fmt: skip
        logits = model.predict(public_input, batch_size=512, verbose=0)
        figures = {
            "epoch": epoch + 1,
            "loss": float(fitted.history["loss"][0]),
            **_agreements(logits, public),
            "seconds": time.monotonic() - began,
        }
        history.append(figures)
        _save_beside(model, checkpoint)
        _write_beside(run / HISTORY, "".join(json.dumps(line) + "\n" for line in history))
        if progress:
            progress(figures)

    # At its own size and without the optimizer: what quantization and evaluation take.
    final = _network(recipe, side=recipe.sides[-1][1])
    final.set_weights(model.get_weights())
    _save_beside(final, model_path)
    return model_path


def _network(recipe: Recipe, side: int | None) -> keras.Model:
    return mien.build({head.name: len(head.labels) for head in recipe.heads}, side)


def _compiled(recipe: Recipe, steps_an_epoch: int) -> keras.Model:
    model = _network(recipe, side=None)
    schedule = WarmUpCosine(
        recipe.learning_rate,
        warm_up_steps=int(recipe.warm_up_epochs * steps_an_epoch),
        steps=recipe.epochs * steps_an_epoch,
    )
    optimizer = keras.optimizers.SGD(
        schedule, momentum=recipe.momentum, nesterov=True, weight_decay=recipe.weight_decay
    )
    losses = {
        head.name: keras.losses.CategoricalCrossentropy(from_logits=True) for head in recipe.heads
    }
    model.compile(optimizer, losses)
    return model


def _agreements(logits: Mapping[str, NDArray[np.float32]], faces: Faces) -> dict[str, float]:
    """How often each head says what FER2013's labels and FER+'s majorities say, on PublicTest."""
    figures = {}
    for name, answers in logits.items():
        figures[f"{name}_fer2013"] = fer2013_agreement(answers, faces)
        figures[f"{name}_ferplus"] = ferplus_agreement(answers, faces) or 0.0
    return figures


def _seed_layers(model: keras.Model, seed: int, epoch: int) -> None:
    """Start the random layers anew each epoch: a checkpoint does not hold their state."""
    for index, layer in enumerate(model.layers):
        generator = getattr(layer, "seed_generator", None)
        if generator is not None:
            state = np.random.default_rng((seed, epoch, index)).integers(1 << 32, size=2)
            generator.state.assign(state.astype(np.uint32))


def _claim(run: Path, recipe: Recipe, faces: Faces) -> None:
    """Write down whose folder this is; refuse a folder that is somebody else's."""
    stored = {
        "recipe": json.loads(json.dumps(asdict(recipe))),
        "data_sha256": faces.sha256(),
        "keras": keras.__version__,
        "backend": keras.backend.backend(),
    }
    path = run / RECIPE
    if path.exists():
        if json.loads(path.read_text()) != stored:
            raise TrainingError(
                f"{run}: holds a run of another recipe, data set or Keras;"
                " name another folder with --run"
            )
    else:
        _write_beside(path, json.dumps(stored, indent=2) + "\n")


def _read_history(run: Path) -> list[dict[str, Any]]:
    path = run / HISTORY
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def _save_beside(model: keras.Model, path: Path) -> None:
    beside = path.with_name("new-" + path.name)
    model.save(beside)
    beside.replace(path)


def _write_beside(path: Path, text: str) -> None:
    beside = path.with_name("new-" + path.name)
    beside.write_text(text)
    beside.replace(path)
