"""A paper's name and faces → its recipe, run, with a result that sets ours against the paper's."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import keras

from trainer import checkpoints
from trainer.data import Faces, Split
from trainer.networks.cost import macs
from trainer.reproduction import RECIPES, PaperRecipe
from trainer.reproduction.faces import split, taken
from trainer.reproduction.fitting import NETWORKS, Figures, Progress, fit, kept_epoch, stops
from trainer.reproduction.inputs import inputs
from trainer.reproduction.measuring import accuracy, this_machine
from trainer.reproduction.recipe import ReproductionError, command_line
from trainer.reproduction.result import RESULT, Accuracy, Result, read_result, write_result

#: Fields of a recipe that change nothing in a run: better words do not make it another one.
PROSE = {"source", "published", "chosen"}


def reproduce(
    name: str,
    faces: Faces,
    run: Path,
    *,
    epochs: int | None = None,
    progress: Progress | None = None,
) -> Result:
    """Run the recipe `name` on its paper's data set in the folder `run`.

    epochs: stop after so many; the result is marked as cut short, and a later call goes on from
    there. A run that was killed goes on after its last whole epoch and ends as if it had not been.

    Leaves `result.json`, and `model.keras`: float32 [N, 48, 48, 1] in 0…1 → {"logits": [N, 7]}.

    Raises:
        ReproductionError: no such recipe; it has fewer epochs; or the data set is another one, or
            too small.
        RunError: `run` is another run's, or another process trains in it.
    """
    if name not in RECIPES:
        raise ReproductionError(f"{name}: no such recipe; there are {', '.join(RECIPES)}")
    return run_recipe(RECIPES[name], faces, run, epochs=epochs, progress=progress)


def run_recipe(
    recipe: PaperRecipe,
    faces: Faces,
    run: Path,
    *,
    epochs: int | None = None,
    progress: Progress | None = None,
) -> Result:
    """As `reproduce`, with the recipe itself."""
    recipe.refuse_what_cannot_be_run(epochs)
    faces = taken(recipe, faces)
    training, validation = split(recipe, faces)
    identity = {
        "recipe": {key: value for key, value in asdict(recipe).items() if key not in PROSE},
        "data_sha256": faces.sha256(),
        "keras": keras.__version__,
        "backend": keras.backend.backend(),
    }
    with checkpoints.alone_in(run):
        checkpoints.claim(run, identity)
        history = fit(
            recipe, training, validation, run, epochs=epochs or recipe.epochs, progress=progress
        )
    path = run / RESULT
    if path.exists() and (stored := read_result(path)).epochs_run == len(history):
        return stored
    result = _conclude(recipe, faces, history, run)
    write_result(result, path)
    return result


def _conclude(recipe: PaperRecipe, faces: Faces, history: list[Figures], run: Path) -> Result:
    """Keep the network without its optimizer, as quantization takes it, and measure it.

    Networks of landmarks and with local response normalization are none that it can quantize.
    """
    kept = kept_epoch(recipe, history)
    model = NETWORKS[recipe.network]()
    model.set_weights(checkpoints.load(run, kept).get_weights())
    checkpoints.save_beside(model, run / checkpoints.MODEL)
    training, validation = split(recipe, faces)

    def measured(measured_on: Faces) -> Accuracy:
        shown = inputs(recipe, measured_on, run.parent)
        return accuracy(model, shown, measured_on, training)

    stopped_early = len(history) < recipe.epochs and stops(recipe, history)
    cut_short = len(history) < recipe.epochs and not stopped_early
    machine = this_machine()
    return Result(
        name=recipe.name,
        published=recipe.published,
        validation=measured(validation),
        public_test=measured(faces.of(Split.PUBLIC_TEST)),
        private_test=measured(faces.of(Split.PRIVATE_TEST)),
        training_faces=len(training),
        epochs_run=len(history),
        epochs_planned=recipe.epochs,
        epoch_kept=kept,
        stopped_early=stopped_early,
        parameters=model.count_params(),
        macs=macs(model),
        command=command_line(recipe.name, len(history) if cut_short else None, machine.backend),
        machine=machine,
        seconds=round(sum(line["seconds"] for line in history), 1),
        data_sha256=faces.sha256(),
    )
