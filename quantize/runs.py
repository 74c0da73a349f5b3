"""Where the runs lie that models are made of, and which of them a model was made of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edge_app.perception.card import ClassifierCard
from quantize.errors import QuantizeError

#: Runs whose networks ship, in a clone.
FOLDER = Path(__file__).parents[1] / "trainer" / "weights"
#: The shipped detectors'.
GRAY_YUNET = FOLDER / "gray-yunet" / "model.keras"


def find_runs(cards: Sequence[ClassifierCard], named: Sequence[Path] = ()) -> list[Path]:
    """The runs that classifiers were made of, as their cards say.

    named: runs to look among before those in `FOLDER`.

    Raises:
        QuantizeError: one's run is not there, or a named run is none of theirs.
        RunError: what a run says of itself is damaged.
    """
    for run in named:
        if not any(_made_of(card, run) for card in cards):
            names = " or ".join(card.name for card in cards)
            raise QuantizeError(
                f"{run}: not the run of {names}; leave it out, or name the folder of the models"
                " that were made of it with --models"
            )
    return [_find_run(card, named) for card in cards]


def _find_run(card: ClassifierCard, named: Sequence[Path]) -> Path:
    for run in (*named, *sorted(FOLDER.iterdir())):
        if _made_of(card, run):
            return run
    raise QuantizeError(
        f"{card.name}: made of no run in {FOLDER}; name the folder of its run, or quantize this one"
    )


def _made_of(card: ClassifierCard, run: Path) -> bool:
    from trainer.checkpoints import ALIGNMENT, RECIPE, read_recipe  # noqa: PLC0415 - loads Keras

    if not (run / RECIPE).is_file():
        return False
    # Which the card has in a field of its own.
    stored = {key: value for key, value in read_recipe(run).items() if key != ALIGNMENT}
    return all(card.recipe.get(key) == value for key, value in stored.items())
