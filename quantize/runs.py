"""Where the runs lie that models are made of, and which of them a model was made of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from edge_app.perception.card import ClassifierCard
from quantize.errors import QuantizeError

#: Runs whose networks ship, in a clone.
FOLDER = Path(__file__).parents[1] / "trainer" / "weights"
#: The shipped detectors'.
GRAY_YUNET = FOLDER / "gray-yunet" / "model.keras"


def find_run(card: ClassifierCard, named: Sequence[Path] = ()) -> Path:
    """The run that a classifier was made of, as its card says.

    named: runs to look among; none: those in `FOLDER`.

    Raises:
        QuantizeError: it is none of these.
    """
    from trainer.checkpoints import RECIPE  # noqa: PLC0415 - loads Keras

    for run in named or sorted(FOLDER.iterdir()):
        path = run / RECIPE
        stored = json.loads(path.read_text()) if path.is_file() else {}
        if stored and all(card.recipe.get(key) == value for key, value in stored.items()):
            return run
    looked = ", ".join(map(str, named)) or str(FOLDER)
    raise QuantizeError(
        f"{card.name}: made of no run in {looked}; name the folder of its run, or quantize this one"
    )
