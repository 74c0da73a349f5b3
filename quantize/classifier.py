"""A training run → `emotion.tflite` and its card, with the figures of the int8 model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_app.perception.answers import Mixture
from edge_app.perception.card import (
    DEFAULT_ANSWER,
    SCHEMA_VERSION,
    Alignment,
    Answer,
    ClassifierCard,
    Head,
)
from edge_app.perception.int8_model import dequantize
from edge_app.perception.labels import FER2013
from edge_app.perception.patches import NetworkInput
from edge_app.perception.runtime import make_interpreter
from quantize.answers import make_answers
from quantize.artefact import borders, git_revision, sha256, write_artefact
from quantize.checks import check_sources, learned_labels
from quantize.fine_tuning import fine_tune
from quantize.footprint import Tell, footprint_figures, measure_footprint
from quantize.parity import ClassifierParity, classifier_parity
from quantize.ranges import Calibration
from quantize.runs import FOLDER
from quantize.static_int8 import quantize_int8
from quantize.tflite_converter import convert_int8
from quantize.trained import INPUT, INPUT_RANGE, TrainedClassifier
from trainer.balance import label_weights
from trainer.batches import as_input
from trainer.data import Faces, Split
from trainer.data.known import EARLIER_DATA, describe, same_pictures
from trainer.evaluation import evaluate
from trainer.networks.cost import macs
from trainer.truth import choosing, is_measurable

#: Of the weights in `runs.FOLDER`, and of somebody's of whom nothing is said: both as SPDX has it.
OWN_LICENCE = "Apache-2.0"
UNKNOWN_LICENCE = "LicenseRef-unknown"
#: Points of accuracy on PublicTest that int8 may cost; a model that loses more is fine-tuned.
MOST_POINTS_LOST = 0.3


@dataclass(frozen=True, slots=True)
class Options:
    """How a classifier is quantized.

    converter: `ai-edge-quantizer`, or `tflite` for TensorFlow Lite's own. fine_tune: teach the
    network to answer in int8 as before, where it loses more than `MOST_POINTS_LOST`; what comes of
    it is kept where it loses less than without.
    other_data: the faces need not be those that the run has learned from. labels: of those that
    the network has learned, the ones that it shall answer with; all of them where none is named.
    licence: of the weights, as an SPDX identifier; Mien's own for the runs in its repository, not
    known else.
    """

    converter: str = "ai-edge-quantizer"
    calibration: Calibration = Calibration.MIN_MAX
    fine_tune: bool = False
    other_data: bool = False
    labels: tuple[str, ...] = ()
    licence: str | None = None


@dataclass(frozen=True, slots=True)
class _Quantized:
    """An int8 model with what was chosen by its logits, which are those of PublicTest."""

    content: bytes
    logits: NDArray[np.float32]
    answers: dict[str, Answer]
    parity: ClassifierParity


def make_classifier(
    run: Path,
    faces: Faces,
    alignment: Alignment,
    output: Path,
    shares: Mapping[str, float] | None = None,
    *,
    balance: float = 0.0,
    options: Options | None = None,
    tell: Tell | None = None,
) -> ClassifierCard:
    """Quantize the model of `run`, measure it, and write `output` (.tflite) with its card.

    shares: of each head of the network in the default answer; all alike where nothing is said.
    balance: of how common emotions are in Training, what the default answer takes back, 0…1.
    Calibrates on Training, and leaves emotions that it does not teach out of the answers.
    Temperatures and thresholds are chosen on PublicTest without twins of training pictures;
    PrivateTest is only reported, and left out of the card where it has no labelled face.

    Raises:
        QuantizeError: the run is not finished or has learned from other data, Training has too few
            faces, or the model cannot be quantized or written.
        RunError: the run's files are damaged.
        DataError: PublicTest has no labelled face.
    """
    options = options or Options()
    check_sources(run, faces, other_data=options.other_data, labels=options.labels)
    trained = TrainedClassifier.load(run)
    samples = trained.calibration_inputs(faces)
    training, public, private = (faces.of(split) for split in Split)
    content = quantize(trained, samples, options)
    as_float = trained.logits(public.pixels)
    known = options.labels or learned_labels(run, faces)
    answered = [label for label in FER2013 if label in known]
    weights = label_weights(training.labels, answered, balance) if balance else ()
    # Of other data, which faces the run has learned from is not known.
    learned = training if same_pictures(trained.recipe["data_sha256"], faces.sha256()) else None
    rows = np.ones(len(public), np.bool_) if learned is None else choosing(public, learned)
    chosen_by = public.where(rows)
    # Of faces that its weights learned elsewhere, too, twins may be among these.
    all_learned = None if trained.recipe.get(EARLIER_DATA) else learned

    def measured_on_public(content: bytes) -> _Quantized:
        logits = int8_logits(content, public.pixels)
        answers = make_answers(
            trained.heads, logits[rows], chosen_by, shares, weights, taught=known
        )
        # The float network that was trained stays the measure of one that is tuned.
        parity = _parity(trained, answers, as_float, logits, public)
        return _Quantized(content, logits, answers, parity)

    made = measured_on_public(content)
    tuning: dict[str, Any] = {"fine_tuned": False}
    if options.fine_tune and made.parity.points_lost > MOST_POINTS_LOST:
        network = fine_tune(trained.model, as_input(training.pixels))
        tuned = measured_on_public(quantize(trained.with_model(network), samples, options))
        without, lost = made.parity.points_lost, tuned.parity.points_lost
        tuning = {
            "fine_tuned": lost < without,
            "fine_tuning": {"points_lost_without": without, "points_lost": lost},
        }
        made = tuned if lost < without else made

    measured = {"public_test": (made.logits, public)}
    if is_measurable(faces, Split.PRIVATE_TEST):
        measured["private_test"] = (int8_logits(made.content, private.pixels), private)
    multiplied = macs(trained.model)
    footprint = measure_footprint(trained.tflite, made.content, multiplied)
    quantization = {
        "converter": options.converter,
        "calibration": options.calibration.value,
        "calibration_faces": len(samples),
        **tuning,
        "output": "logits; softmax is left to the device, in real numbers",
        "balance": balance,
    }
    figures = {
        **_reports(trained.heads, made.answers, measured, all_learned),
        "int8_minus_float_public_test": made.parity.int8_accuracy - made.parity.float_accuracy,
        "parity_public_test": asdict(made.parity),
        "macs": multiplied,
        "parameters": trained.model.count_params(),
        "bytes": len(made.content),
        "footprint": footprint_figures(footprint),
    }
    data = training_data(trained.recipe, faces)
    recipe = trained.recipe | {"quantization": quantization}
    card = _card(
        output.stem,
        trained,
        made,
        alignment,
        licence=options.licence or _licence(run),
        data=data,
        recipe=recipe,
        figures=figures,
    )
    write_artefact(output, made.content, card)
    if tell:
        tell(footprint)
    return card


def quantize(
    trained: TrainedClassifier, samples: list[NDArray[np.float32]], options: Options
) -> bytes:
    """The int8 bytes of a trained network.

    Raises:
        QuantizeError: samples that do not fit, or an operation that int8 cannot express.
    """
    if options.converter == "tflite":
        return convert_int8(trained.converted, INPUT, samples, INPUT_RANGE)
    return quantize_int8(trained.tflite, INPUT, samples, INPUT_RANGE, method=options.calibration)


def training_data(recipe: Mapping[str, Any], faces: Faces) -> str:
    """What the weights have learned from, by its hash, and what else they were quantized with.

    recipe: a run's, as stored beside its model.
    """
    given, learned = faces.sha256(), recipe["data_sha256"]
    said = f"{describe(learned, faces)}; SHA-256 {learned}"
    for earlier in recipe.get(EARLIER_DATA, ()):
        said += (
            f"; begun with or taught by weights of {describe(earlier, faces)}; SHA-256 {earlier}"
        )
    if given == learned:
        return said
    return f"{said}; quantized with {describe(given, faces)}; SHA-256 {given}"


def made_by(recipe: Mapping[str, Any]) -> str:
    """The command that the weights come from; recipe: a run's, as stored beside its model."""
    if "averaged" in recipe:
        runs = ", ".join(f"{one['share']:g} of {one['recipe']}" for one in recipe["averaged"])
        return f"mien train average: {runs}"
    # Only a paper's recipe names the network itself.
    command = "reproduce" if "network" in recipe["recipe"] else "run --recipe"
    made = f"mien train {command} {recipe['recipe']['name']}"
    if "start_sha256" in recipe:
        return f"{made}, begun with another run's weights (SHA-256 {recipe['start_sha256']})"
    return f"{made}, begun with random weights"


def _licence(run: Path) -> str:
    return OWN_LICENCE if run.resolve().parent == FOLDER.resolve() else UNKNOWN_LICENCE


def _card(
    name: str,
    trained: TrainedClassifier,
    made: _Quantized,
    alignment: Alignment,
    *,
    licence: str,
    data: str,
    recipe: dict[str, Any],
    figures: dict[str, Any],
) -> ClassifierCard:
    tensor, outputs = borders(made.content)
    return ClassifierCard(
        schema_version=SCHEMA_VERSION,
        name=name,
        sha256=sha256(made.content),
        input=tensor,
        outputs=outputs,
        alignment=alignment,
        heads=trained.heads,
        answers=made.answers,
        licence=licence,
        source=made_by(trained.recipe),
        training_data=data,
        recipe=recipe,
        git_revision=git_revision(),
        figures=figures,
    )


def _reports(
    heads: tuple[Head, ...],
    answers: Mapping[str, Answer],
    measured: Mapping[str, tuple[NDArray[np.float32], Faces]],
    learned: Faces | None,
) -> dict[str, Any]:
    """The figures of each answer as a card has them, the default one's first.

    measured: the logits of each split, and its faces. learned: those that the network has learned
    from; None where they are not known.
    """
    reports: dict[str, dict[str, Any]] = {}
    for name, answer in answers.items():
        mixture = Mixture(heads, answer)
        reports[name] = {
            split: asdict(
                evaluate(
                    mixture.probabilities(logits),
                    seen,
                    None if learned is None else seen.twins_of(learned),
                    answer.labels,
                )
            )
            for split, (logits, seen) in measured.items()
        }
    return {**reports.pop(DEFAULT_ANSWER), "answers": reports}


def _parity(
    trained: TrainedClassifier,
    answers: Mapping[str, Answer],
    as_float: NDArray[np.float32],
    as_int8: NDArray[np.float32],
    faces: Faces,
) -> ClassifierParity:
    default = Mixture(trained.heads, answers[DEFAULT_ANSWER])
    by_float, by_int8 = default.probabilities(as_float), default.probabilities(as_int8)
    return classifier_parity(by_float, by_int8, faces, default.answer.labels)


def int8_logits(content: bytes, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Run int8 TFLite bytes on gray faces: uint8 [N, 48, 48] → float32 [N, classes]."""
    interpreter, _ = make_interpreter(content, threads=1)
    given = interpreter.get_input_details()[0]
    answer = interpreter.get_output_details()[0]["index"]
    laid_out = NetworkInput(*map(int, given["shape"][1:]))
    (border,) = borders(content)[1].values()
    rows = [np.empty((0, border.shape[-1]), np.int8)]
    for face in pixels:
        interpreter.set_tensor(given["index"], (laid_out.of(face) ^ 0x80).view(np.int8))
        interpreter.invoke()
        rows.append(interpreter.get_tensor(answer))
    return dequantize(np.concatenate(rows), border)
