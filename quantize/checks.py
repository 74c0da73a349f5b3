"""A training run and a data set → refused, before minutes of work, if they make no classifier."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np

from edge_app.perception.labels import FER2013, FERPLUS
from quantize.errors import QuantizeError
from quantize.ranges import FEWEST_SAMPLES
from trainer.checkpoints import MODEL, read_recipe
from trainer.data import Faces, Split
from trainer.heads import taught_labels
from trainer.truth import measurable


def check_sources(
    run: Path, faces: Faces, *, other_data: bool = False, labels: Collection[str] = ()
) -> None:
    """Look whether `run` can be quantized with `faces`.

    other_data: `faces` need not be what the run has learned from. labels: that the model shall
    answer with; all that the run has learned where none is named.

    Raises:
        QuantizeError: the run is not finished, has learned from other data or one emotion alone, or
            not the labels, or Training has too few faces to calibrate on.
        RunError: it is no run.
        DataError: PublicTest has no labelled face to choose temperatures by.
    """
    if not (run / MODEL).is_file():
        raise QuantizeError(f"{run / MODEL}: no such file; finish the run with mien train first")
    learned, given = read_recipe(run)["data_sha256"], faces.sha256()
    if learned != given and not other_data:
        raise QuantizeError(
            f"{run}: has learned from other data than --data holds (SHA-256 {learned[:12]}… and"
            f" {given[:12]}…); name that, with the run's --crops, or add --other-data to"
            " calibrate and measure on this"
        )
    training = faces.of(Split.TRAINING)
    if len(training) < FEWEST_SAMPLES:
        counts = np.bincount(training.labels, minlength=len(FERPLUS))
        found = ", ".join(f"{n} {name}" for name, n in zip(FERPLUS, counts, strict=True) if n)
        raise QuantizeError(
            f"calibration: {len(training)} Training faces ({found or 'none'}), at least"
            f" {FEWEST_SAMPLES} are needed; add pictures"
        )
    learned_of_it = learned_labels(run, faces)
    if unknown := [label for label in labels if label not in learned_of_it]:
        raise QuantizeError(
            f"{run}: has not learned {', '.join(unknown)}; leave it out of --labels, or add"
            " Training pictures of it, and train again"
        )
    known = [label for label in FER2013 if label in learned_of_it]
    if len(known) < 2:
        raise QuantizeError(
            f"{run}: has learned {' '.join(known) or 'none'} of {', '.join(FER2013)}, and an answer"
            " needs two; add Training pictures of others, and train again"
        )
    measurable(faces, Split.PUBLIC_TEST)


def learned_labels(run: Path, faces: Faces) -> tuple[str, ...]:
    """Of `labels.FERPLUS` those that a run can tell, as far as `faces` say.

    All of them where it has learned from other faces, or from a teacher, too.

    Raises:
        RunError: it is no run.
    """
    stored = read_recipe(run)
    if stored["data_sha256"] != faces.sha256() or stored["recipe"].get("taught"):
        return FERPLUS
    return taught_labels(faces.of(Split.TRAINING))
