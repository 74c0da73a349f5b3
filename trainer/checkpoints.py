"""A run's folder: its epochs, each with a line of figures and, while they are needed, weights.

An epoch counts once its line stands in the history; weights are written before it. So a kill at any
moment loses the epoch that was under way, and nothing else.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any

import keras
import msgspec
import numpy as np

import trainer.networks.normalization  # noqa: F401 - Keras reads these layers once they are there
from edge_app.errors import MienError
from edge_app.perception.card import Alignment
from trainer.data.known import EARLIER_DATA, UNKNOWN, learned_sets
from trainer.replacing import WriteError, remove_left, replaced

HISTORY = "history.jsonl"
RECIPE = "recipe.json"
#: In `RECIPE`: where landmarks stand in the faces that the run has learned from.
ALIGNMENT = "alignment"
#: Keys of `RECIPE` that follow from the others, so that an older run's, without, is the same run's.
NOTED = frozenset({ALIGNMENT, EARLIER_DATA})
#: The network of a finished run, without its optimizer.
MODEL = "model.keras"


class RunError(MienError):
    """A run's folder that cannot be used: which, why, and what to do."""


@contextlib.contextmanager
def replaced_in_run(path: Path) -> Iterator[Path]:
    """As `replacing.replaced`, for what a run writes.

    Raises:
        RunError: it cannot be written.
    """
    try:
        with replaced(path) as beside:
            yield beside
    except WriteError as error:
        raise RunError(f"{error}; a run goes on after its last whole epoch") from error


@contextlib.contextmanager
def alone_in(run: Path) -> Iterator[None]:
    """Keep other processes out of a run's folder, which is made where it is missing.

    Removes the epochs that a killed one left half written.

    Raises:
        RunError: another process trains in it, or it cannot be made.
    """
    try:
        run.mkdir(parents=True, exist_ok=True)
        folder = os.open(run, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise RunError(f"{run}: {error.strerror}; name another folder with --run") from error
    try:
        _lock(folder, run)
        remove_left(run, "epoch-*.keras")
        yield
    finally:
        os.close(folder)


def _lock(folder: int, run: Path) -> None:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise RunError(
            f"{run}: another process trains in it; wait for it, or name another folder with --run"
        ) from error
    except OSError:
        # Some network file systems lock no folders; there a run is as alone as its user sees to.
        return


def read_history(run: Path) -> list[dict[str, float]]:
    """The figures of each whole epoch.

    Raises:
        RunError: the file is damaged.
    """
    path = run / HISTORY
    try:
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    except ValueError as error:
        raise RunError(f"{path}: damaged: {error}; remove {run} and start the run again") from error


def write_history(run: Path, history: list[dict[str, float]]) -> None:
    """Make the history's last epoch count.

    Raises:
        RunError: it cannot be written.
    """
    with replaced_in_run(run / HISTORY) as beside:
        beside.write_text("".join(json.dumps(line) + "\n" for line in history))


def claim(
    run: Path, identity: dict[str, Any], notes: Callable[[], Mapping[str, Any]] = dict
) -> None:
    """Write down whose folder this is.

    notes: asked for what to write beside it, where nothing is written yet, by keys of `NOTED`.

    Raises:
        RunError: it is another run's already, says damaged things of whose it is, holds a network
            of no run, or cannot be written to.
    """
    stored = json.loads(json.dumps(identity))
    path = run / RECIPE
    if not path.exists():
        if (run / MODEL).exists():
            raise RunError(
                f"{run}: holds a {MODEL} and no {RECIPE} that says what it has learned;"
                " name another folder with --run"
            )
        noted = stored | dict(notes())
        with replaced_in_run(path) as beside:
            beside.write_text(json.dumps(noted, indent=2) + "\n")
        return
    try:
        held = json.loads(path.read_text())
    except ValueError as error:
        raise RunError(f"{path}: not JSON: {error}; name another folder with --run") from error
    differing = _differing(held, stored)
    if differing:
        raise RunError(
            f"{run}: holds a run of another {', another '.join(differing)};"
            " name another folder with --run"
        )


#: What is told where a key of `RECIPE` differs from what is asked for.
_TOLD = {
    "recipe": "recipe",
    "data_sha256": "data set",
    "keras": "Keras",
    "backend": "KERAS_BACKEND",
    "start_sha256": "start",
    "teacher_sha256": "teacher",
    "averaged": "mean",
}


def _differing(held: Any, asked: Mapping[str, Any]) -> list[str]:
    """In words, what a folder's run has otherwise than the one that is asked for."""
    if not isinstance(held, dict):
        return ["kind"]
    keys = {key: None for key in (*_TOLD, *asked, *held) if key not in NOTED}
    return [_TOLD.get(key, key) for key in keys if held.get(key) != asked.get(key)]


def load(run: Path, epoch: int) -> keras.Model:
    """The network, compiled, as it was after an epoch, counted from 1.

    Raises:
        RunError: its file is gone.
    """
    path = _weights(run, epoch)
    if not path.exists():
        raise RunError(f"{path}: no such file; remove {run} and start the run again")
    return keras.saving.load_model(path)


def save(model: keras.Model, run: Path, epoch: int) -> None:
    """Keep the network, optimizer and all, as it is after an epoch, counted from 1.

    Raises:
        RunError: it cannot be written.
    """
    save_beside(model, _weights(run, epoch))


def start_from(model: keras.Model, path: Path, *, whole: bool = False) -> None:
    """Give `model` the weights of another run's finished network.

    The first convolutions may differ, as `large` and `fine` do; those of `model` stay as they are.
    whole: they may not, because nobody would train them.

    Raises:
        RunError: it cannot be read, or has other layers behind them, or other heads; or, with
            `whole`, other first convolutions.
    """
    other = read_network(path)
    own, given = model.get_weights(), other.get_weights()
    # Counted from the end, where the heads are: the first weights of all are a convolution's.
    pairs = zip(reversed(own), reversed(given), strict=False)
    alike = sum(1 for _ in takewhile(lambda pair: pair[0].shape == pair[1].shape, pairs))
    if alike < len(given) - 1 or model.output_names != other.output_names:
        raise RunError(f"{path}: a network of another size or with other heads; name one that fits")
    if whole and not alike == len(own) == len(given):
        raise RunError(
            f"{path}: has other first convolutions, and this recipe would keep its own as they"
            " begin, untrained; name a network of the recipe's own size"
        )
    model.set_weights(own[: len(own) - alike] + given[len(given) - alike :])


def read_network(path: Path) -> keras.Model:
    """Another run's network, without its optimizer.

    Raises:
        RunError: there is no such file, or it is no Keras model.
    """
    if not path.is_file():
        raise RunError(f"{path}: no such file; finish the run first, or name another")
    try:
        return keras.saving.load_model(path, compile=False)
    except Exception as error:  # Keras passes on what its readers of archives and weights raise
        raise RunError(
            f"{path}: not a Keras model, or a damaged one; name a finished run's {MODEL}"
        ) from error


def read_recipe(run: Path) -> dict[str, Any]:
    """What `claim` wrote down in a run's folder.

    Raises:
        RunError: there is nothing, or something else.
    """
    path = run / RECIPE
    try:
        stored = json.loads(path.read_text())
    except OSError as error:
        raise RunError(f"{path}: {error.strerror}; name the folder of a finished run") from error
    except ValueError as error:
        raise RunError(f"{path}: not JSON: {error}; name the folder of a finished run") from error
    if not isinstance(stored, dict) or not {"recipe", "data_sha256"} <= stored.keys():
        raise RunError(f"{path}: no run's; name the folder of a finished run")
    return stored


def read_alignment(run: Path) -> Alignment | None:
    """Where landmarks stand in the faces that a run has learned from; None where it is not noted.

    Raises:
        RunError: the recipe is damaged, or says something else.
    """
    noted = read_recipe(run).get(ALIGNMENT)
    if noted is None:
        return None
    try:
        return msgspec.convert(noted, Alignment)
    except msgspec.ValidationError as error:
        raise RunError(
            f"{run / RECIPE}: {ALIGNMENT}: {error}; remove it there, or train the run again"
        ) from error


def data_behind(model: Path) -> tuple[str, ...]:
    """SHA-256 of the data sets that a run's network has learned from, as the recipe beside it says.

    `UNKNOWN` where there is none.
    """
    try:
        return learned_sets(read_recipe(model.parent))
    except RunError:
        return (UNKNOWN,)


def sha256(path: Path) -> str:
    """Of a model's file.

    Raises:
        RunError: it cannot be read.
    """
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise RunError(f"{path}: {error.strerror}; name a finished run's model.keras") from error


def prune(run: Path, keep: Collection[int]) -> None:
    """Remove the weights of all epochs but these."""
    kept = {_weights(run, epoch) for epoch in keep}
    for path in run.glob("epoch-*.keras"):
        if path not in kept:
            path.unlink()


def save_beside(model: keras.Model, path: Path) -> None:
    """Replace a model's file in one step.

    Raises:
        RunError: it cannot be written; then an old one stays.
    """
    with replaced_in_run(path) as beside:
        model.save(beside)


def seed_layers(model: keras.Model, seed: int, epoch: int) -> None:
    """Start the random layers anew each epoch: a checkpoint does not hold their state."""
    for index, layer in enumerate(model.layers):
        generator = getattr(layer, "seed_generator", None)
        if generator is not None:
            state = np.random.default_rng((seed, epoch, index)).integers(1 << 32, size=2)
            generator.state.assign(state.astype(np.uint32))


def _weights(run: Path, epoch: int) -> Path:
    return run / f"epoch-{epoch:04}.keras"
