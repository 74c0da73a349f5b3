"""Tilted FER2013 faces in scenes → accuracy after detection and alignment, by roll.

Every face stands in the same place at every roll. What a roll costs is counted twice: on the faces
that are found both upright and tilted, and on all, where one that is not found is a wrong answer.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from benchmarks import labelled_faces, scenes
from benchmarks.as_command import exit_code
from edge_app.perception import Perception
from edge_app.perception.upright import roll_deg
from trainer.data import Faces

ROLLS_DEG = (0, 10, -10, 20, -20, 30, -30)

#: Of one face: whether it is read rightly upright, and on each side that it is found on.
_Answers = tuple[bool, Sequence[bool]]

#: "Once" is by the detector's own landmarks, "again" after looking again.
_COLUMNS = (
    "roll followed once", "with a second look", "again",
    "accuracy once", "points lost", "accuracy again", "points lost",
    "of all", "points lost of all",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """One face at one roll: by the detector's own landmarks, and after looking again.

    found_upright: without turning the frame.
    """

    found_upright: bool
    first_right: bool
    first_roll_deg: float
    second_roll_deg: float
    last_right: bool
    last_roll_deg: float


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    labelled_faces.add_arguments(parser, faces=300)
    parser.add_argument("--detector", type=Path, help="another detector than the shipped one")
    parser.add_argument("--classifier", type=Path, help="another classifier than the shipped one")
    arguments = parser.parse_args()
    faces = labelled_faces.draw(arguments)
    perception = Perception.load(detector=arguments.detector, classifier=arguments.classifier)
    readings = read_all(perception, faces, scenes.backgrounds(arguments.data / "no_faces"))
    sys.stdout.write("\n".join(table(readings, arguments.split)) + "\n")
    return 0


def read_all(
    perception: Perception, faces: Faces, backgrounds: Sequence[scenes.Gray], seed: int = 30
) -> dict[int, list[Reading | None]]:
    """Read every face at every roll; None where it is not found. By roll, in the faces' order."""
    rng = np.random.default_rng(seed)
    readings: dict[int, list[Reading | None]] = {roll: [] for roll in ROLLS_DEG}
    bar = tqdm(zip(faces.pixels, faces.labels, strict=True), total=len(faces), disable=None)
    for (face, label), place in zip(bar, scenes.places(rng), strict=False):
        background = backgrounds[int(rng.integers(len(backgrounds)))]
        for roll in ROLLS_DEG:
            scene = scenes.paste(background, face, place, roll)
            readings[roll].append(_read(perception, scene, place, int(label)))
    return readings


def table(readings: dict[int, list[Reading | None]], split: str) -> list[str]:
    """The figures as Markdown: a row for 0° and for each pair of a roll to the left and right."""
    upright = readings[0]
    lines = [
        f"{len(upright)} faces of {split}, {scenes.SMALLEST:.0f} to {scenes.LARGEST:.0f} pixels",
        "",
        f"| roll | found upright | found | {' | '.join(_COLUMNS)} |",
        f"|---:|---:|{'---:|' * len(_COLUMNS)}",
    ]
    for roll in sorted({abs(roll) for roll in readings}):
        sides = {roll, -roll}
        pairs = [
            (before, after, np.sign(side) or 1)
            for side in sorted(sides)
            for before, after in zip(upright, readings[side], strict=True)
            if before and after
        ]
        cells = [f"±{roll}°" if roll else "0°", *_found([readings[side] for side in sides])]
        for name in ("first_roll_deg", "second_roll_deg", "last_roll_deg"):
            turns = [side * (getattr(b, name) - getattr(a, name)) for a, b, side in pairs]
            cells.append(f"{np.mean(turns):.1f}° ± {np.std(turns):.1f}")
        tilted = list(zip(*(readings[side] for side in sorted(sides)), strict=True))
        for name in ("first_right", "last_right"):
            found = [
                (getattr(before, name), [getattr(after, name) for after in both if after])
                for before, both in zip(upright, tilted, strict=True)
                if before and any(both)
            ]
            cells += _accuracy(found, is_tilted=roll != 0)
        every = [
            (_is_right(before), [_is_right(after) for after in both])
            for before, both in zip(upright, tilted, strict=True)
        ]
        cells += _accuracy(every, is_tilted=roll != 0)
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _found(readings: Sequence[Sequence[Reading | None]]) -> tuple[str, str]:
    """Shares of all faces that are found upright, and at all."""
    every = [each for one in readings for each in one]
    upright = sum(each is not None and each.found_upright for each in every)
    found = sum(each is not None for each in every)
    return f"{upright / len(every):.1%}", f"{found / len(every):.1%}"


def _is_right(reading: Reading | None) -> bool:
    return reading is not None and reading.last_right


def _accuracy(answers: Sequence[_Answers], *, is_tilted: bool) -> tuple[str, str]:
    after = [right for _, tilted in answers for right in tilted]
    return f"{np.mean(after):.1%}", _lost(answers) if is_tilted else ""


def _lost(answers: Sequence[_Answers]) -> str:
    """Points lost by tilting, with one standard error.

    A face that is read on both sides is one difference, not two: both are to the same reading of it
    upright. It counts by its sides in the mean, and the error is a ratio's.
    """
    sides = np.array([len(tilted) for _, tilted in answers])
    lost = np.array(
        [sum(100.0 * (before - right) for right in tilted) for before, tilted in answers]
    )
    mean = lost.sum() / sides.sum()
    error = np.sqrt(((lost - mean * sides) ** 2).sum()) / sides.sum()
    return f"{mean:+.1f} ± {error:.1f}"


def _read(
    perception: Perception, scene: scenes.Gray, place: scenes.Place, label: int
) -> Reading | None:
    found = [face for face in perception.find(scene) if scenes.is_at(face, place)]
    if not found:
        return None
    upright = [face for face in perception.detector.detect(scene) if scenes.is_at(face, place)]
    face = max(found, key=lambda face: face.box.width * face.box.height)
    (first,) = perception.read(scene, [face], look_again=False)
    (last,) = perception.read(scene, [face])
    second = perception.upright.look(scene, face.box, 0.0)
    return Reading(
        found_upright=bool(upright),
        first_right=int(first.probabilities.argmax()) == label,
        first_roll_deg=roll_deg(face.landmarks),
        second_roll_deg=roll_deg(face.landmarks if second is None else second),
        last_right=int(last.probabilities.argmax()) == label,
        last_roll_deg=roll_deg(last.face.landmarks),
    )


if __name__ == "__main__":
    sys.exit(exit_code(main))
