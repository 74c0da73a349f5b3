"""A recipe and faces → a trained float Keras model in a run's folder, resumable at any epoch."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import msgspec
import numpy as np
from numpy.typing import NDArray

from edge_app.perception.detector import FaceDetector
from trainer import checkpoints
from trainer.batches import as_input, resize
from trainer.data import DataError, Faces, Split
from trainer.data.aligned import align_faces
from trainer.data.defects import find_corrections
from trainer.data.known import EARLIER_DATA, same_pictures
from trainer.distillation import Teacher, TeacherError
from trainer.distribution import data_parallel
from trainer.evaluation import agreements
from trainer.framing import LARGE, measure_alignment, training_alignment
from trainer.kept_front import Front
from trainer.lessons import Lessons
from trainer.networks import mien
from trainer.recipes import Recipe
from trainer.schedule import WarmUpCosine
from trainer.truth import choosing, measurable

_LOG = logging.getLogger(__name__)

#: Told of each epoch's figures as it ends.
Progress = Callable[[dict[str, float]], None]


def train(
    recipe: Recipe,
    faces: Faces,
    run: Path,
    progress: Progress | None = None,
    *,
    teachers: Sequence[Path] = (),
    start: Path | None = None,
    devices: int = 1,
) -> Path:
    """Train `recipe` on the Training split and leave the model in `run`.

    A run that was killed goes on after its last whole epoch; a finished one is left as it is.
    PublicTest is measured after each epoch, at the epoch's own size, with and without pictures that
    were learned from too; PrivateTest is not looked at.
    teachers: `model.keras` of other runs, for recipes that are taught. start: `model.keras`
    whose weights the run begins with, such as a shipped network's. devices: how many to share each
    batch among.

    Returns the path of the model: float32 [N, 48, 48, 1] in 0…1 → logits by head.

    Raises:
        RunError: `run` holds another recipe's run or another data set's, or another process trains
            in it, or `start` is no network of the recipe's size and heads, or missing where the
            recipe keeps weights, or Training has too few faces for a batch.
        DataError: PublicTest has no face to measure on.
        DistributionError: there are not so many devices.
        TeacherError: the recipe wants a teacher and there is none, or none for it.
    """
    heads = {head.name: len(head.labels) for head in recipe.heads}
    taught_by = _teacher(recipe, teachers, heads)
    if recipe.kept_stages and start is None:
        raise checkpoints.RunError(
            f"recipe {recipe.name} keeps weights: add --start FOLDER/model.keras"
        )
    identity = (
        {
            "recipe": asdict(recipe),
            "data_sha256": faces.sha256(),
            "keras": keras.__version__,
            "backend": keras.backend.backend(),
        }
        | ({"teacher_sha256": taught_by.sha256} if taught_by else {})
        | ({"start_sha256": checkpoints.sha256(start)} if start else {})
    )
    model_path = run / checkpoints.MODEL
    if model_path.exists():
        checkpoints.claim(run, identity)
        return model_path

    shown = _Shown(_usable(faces, recipe), measurable(faces, Split.PUBLIC_TEST), taught_by)
    _refuse_less_than_a_batch(recipe, shown.training, faces)
    with data_parallel(devices):
        network = _begun(recipe, start, len(shown.training) // recipe.batch)
        with checkpoints.alone_in(run):
            # Once all is known to fit: a folder that is claimed takes no other data or start.
            begun = (start,) if start else ()
            checkpoints.claim(run, identity, lambda: _notes(faces, (*begun, *teachers)))
            model = _fitted(recipe, network, shown, run, progress)

    # At its own size and without the optimizer: what quantization and evaluation take.
    keras.config.set_dtype_policy("float32")
    final = _network(recipe, side=recipe.sides[-1][1])
    final.set_weights(model.get_weights())
    checkpoints.save_beside(final, model_path)
    return model_path


def _notes(faces: Faces, given: Sequence[Path]) -> dict[str, Any]:
    """What stays with a run when its data are gone: how those were framed, and what else counts.

    given: the networks that it begins with and is taught by.
    """
    notes: dict[str, Any] = {}
    try:
        notes[checkpoints.ALIGNMENT] = msgspec.to_builtins(training_alignment(faces))
    except DataError as error:
        _LOG.warning("%s", error)
    own = faces.sha256()
    behind = {sha256 for path in given for sha256 in checkpoints.data_behind(path)}
    earlier = sorted(sha256 for sha256 in behind if not same_pictures(sha256, own))
    return notes | ({EARLIER_DATA: earlier} if earlier else {})


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a run learns from, and what it is measured on."""

    training: Faces
    public: Faces
    teacher: Teacher | None


def _begun(recipe: Recipe, start: Path | None, steps_an_epoch: int) -> keras.Model:
    """The network before its first step."""
    keras.utils.set_random_seed(recipe.seed)
    keras.config.set_dtype_policy(recipe.precision)
    network = _network(
        recipe,
        side=None,
        fused=keras.backend.backend() == "torch",
        momentum=_momentum(recipe.epochs * steps_an_epoch),
    )
    if start:
        checkpoints.start_from(network, start, whole=recipe.kept_stages > 0)
    return network


def _momentum(steps: int) -> float:
    """Of batch normalization's running statistics: a short run leaves little of their first values.

    With Keras' 0.99 that would be half of them after 70 steps, of which a small data set has few.
    """
    return float(np.clip(1.0 - 10.0 / max(steps, 1), 0.5, 0.99))


def _fitted(
    recipe: Recipe, network: keras.Model, shown: _Shown, run: Path, progress: Progress | None
) -> keras.Model:
    """Train until the recipe's last epoch, from the run's last whole one on."""
    training, public = shown.training, shown.public
    history = checkpoints.read_history(run)
    front = Front(network, recipe.kept_stages, run / "maps") if recipe.kept_stages else None
    learner = front.rest if front else network
    if history:
        model = checkpoints.load(run, len(history))
    else:
        model = _compiled(learner, recipe, len(training) // recipe.batch)

    lessons = Lessons(
        recipe,
        training,
        aligned=_aligned(training.pixels, run.parent / "aligned") if recipe.aligned else None,
        teacher=shown.teacher,
        opinions=run.parent / "opinions",
        front=front,
    )
    maps = front.maps(public.pixels) if front else None
    unseen = choosing(public, training)
    for epoch in range(len(history), recipe.epochs):
        began = time.monotonic()
        checkpoints.seed_layers(model, recipe.seed, epoch)
        fitted = model.fit(
            lessons.batches(epoch), initial_epoch=epoch, epochs=epoch + 1, shuffle=False,
            verbose=1 if sys.stderr.isatty() else 0,
        )  # fmt: skip
        side = recipe.measured_side_at(epoch)
        pictures = resize(as_input(public.pixels), side) if maps is None else maps
        logits = model.predict(pictures, batch_size=512, verbose=0)
        figures = {
            "epoch": epoch + 1,
            "loss": float(fitted.history["loss"][0]),
            **_measured(logits, public, unseen),
            "seconds": time.monotonic() - began,
        }
        checkpoints.save(model, run, epoch + 1)
        history.append(figures)
        checkpoints.write_history(run, history)
        checkpoints.prune(run, {epoch + 1})
        if progress:
            progress(figures)
    learner.set_weights(model.get_weights())
    if front:
        front.remove_views()
    return network


def _measured(
    logits: Mapping[str, NDArray[np.float32]], public: Faces, unseen: NDArray[np.bool_]
) -> dict[str, float]:
    """Of all of PublicTest, to set beside older runs, and of the faces that may choose."""
    rest = agreements({name: said[unseen] for name, said in logits.items()}, public.where(unseen))
    return agreements(logits, public) | {
        f"{name}_without_twins": share for name, share in rest.items()
    }


def _teacher(recipe: Recipe, paths: Sequence[Path], heads: Mapping[str, int]) -> Teacher | None:
    if bool(recipe.taught) != bool(paths):
        wrong = "needs a teacher: add" if recipe.taught else "takes no teacher: leave out"
        raise TeacherError(f"recipe {recipe.name} {wrong} --teacher FOLDER/model.keras")
    return Teacher(paths, heads, recipe.precision) if paths else None


def _aligned(pixels: NDArray[np.uint8], cache: Path) -> NDArray[np.uint8]:
    """The pictures as the device cuts faces: uint8 [N, 48, 48]."""
    detector = FaceDetector.load()
    alignment = measure_alignment(pixels, detector, LARGE)
    return align_faces(pixels, detector, alignment, cache).pixels


def _usable(faces: Faces, recipe: Recipe) -> Faces:
    """Training without what is not a face, and corrected where the recipe says so."""
    if recipe.corrected:
        faces = find_corrections(faces).apply(faces)
    training = faces.of(Split.TRAINING)
    return training.where(~training.not_a_face())


def _refuse_less_than_a_batch(recipe: Recipe, training: Faces, faces: Faces) -> None:
    """training: those of `faces` that `_usable` leaves."""
    if len(training) < recipe.batch:
        raise checkpoints.RunError(
            f"recipe {recipe.name} learns from {recipe.batch} faces at a time, and of"
            f" {len(faces.of(Split.TRAINING))} Training faces {len(training)} can be learned from;"
            " add pictures"
        )


def _network(
    recipe: Recipe, side: int | None, *, fused: bool = False, momentum: float = 0.99
) -> keras.Model:
    heads = {head.name: len(head.labels) for head in recipe.heads}
    return mien.build(heads, side, recipe.size, recipe.dropout, fused=fused, momentum=momentum)


def _compiled(model: keras.Model, recipe: Recipe, steps_an_epoch: int) -> keras.Model:
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
