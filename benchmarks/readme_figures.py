"""The cards of the shipped models → the table of figures in the README."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from edge_app.perception.card import read_card
from edge_app.perception.shipped import CLASSIFIERS, FACE_160, FACE_320

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- figures: made by `make docs` from the models' cards -->\n", "<!-- end -->\n"


def section() -> str:
    """The table as Markdown; a test holds the README to it."""
    return "\n".join(_lines()) + "\n"


def main() -> None:
    """Put the table into the README, in the place of the old one."""
    before, _, rest = README.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    beside = README.with_name("new-README.md")
    beside.write_text(before + BEGIN + section() + END + after)
    beside.replace(README)


def _row(what: str, networks: Sequence[Mapping[str, Any]], name: str) -> str:
    cells = (
        f"{100 * figures[split][name]:.1f} %"
        for figures in networks
        for split in ("private_test", "public_test")
    )
    return f"| {what} | {' | '.join(cells)} |"


def _lines() -> Iterator[str]:
    networks = [read_card(path).figures for path in CLASSIFIERS]
    yield "| emotion network, int8 | PrivateTest | PublicTest | small, PrivateTest | … PublicTest |"
    yield "|---|---:|---:|---:|---:|"
    for name, what in (
        ("accuracy", "accuracy on FER2013, 7 classes, all 3,589 faces"),
        ("without_twins", "… without faces that stand in Training too"),
        ("balanced_accuracy", "mean recall of the classes"),
        ("ferplus_majority", "agreement with FER+'s majority of 8 emotions"),
        ("calibration_error", "expected calibration error"),
    ):
        yield _row(what, networks, name)
    for answer, name, what in (
        ("fer2013", "accuracy", "accuracy of the answer `fer2013`, 7 classes, all faces"),
        ("ferplus", "ferplus_majority", "agreement of the answer `ferplus`, 8 emotions"),
    ):
        yield _row(what, [figures["answers"][answer] for figures in networks], name)
    yield ""
    for which, figures in zip(("The network", "The small one"), networks, strict=True):
        yield (
            f"{which}: {figures['parameters'] / 1e3:.0f} K parameters,"
            f" {figures['macs'] / 1e6:.1f} M multiply-accumulates, {figures['bytes'] / 1e3:.0f} KB;"
            " int8 minus float on PublicTest:"
            f" {100 * figures['int8_minus_float_public_test']:+.2f} points."
        )
    yield ""
    yield "| face detector, int8 | faces found | false alarms | size |"
    yield "|---|---:|---:|---:|"
    for path in (FACE_320, FACE_160):
        card = read_card(path)
        side = 2 * card.input.shape[1]
        int8, of_float = card.figures["int8"], card.figures["float"]
        yield (
            f"| YuNet for gray pictures, {side}x{side} |"
            f" {100 * int8['recall']:.1f} % of {card.figures['faces']}"
            f" (float {100 * of_float['recall']:.1f} %) | {int8['false_alarms']} in"
            f" {card.figures['pictures_without_faces']} pictures |"
            f" {card.figures['bytes'] / 1e3:.0f} KB |"
        )
    yield ""
    yield "Accuracies are printed by `make evaluate DATA=folder`, the small network's by"
    yield "`.venv-dev/bin/mien train evaluate edge_app/models/emotion_small.tflite --data folder`,"
    yield "the detector's figures by `make detector DATA=folder`, sizes and int8 minus float by"
    yield "`make models DATA=folder RUN=… RUN_SMALL=…` ([docs/training.md](docs/training.md));"
    yield "the cards in `edge_app/models/` hold them all, class by class."


if __name__ == "__main__":
    main()
