"""Figures → lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

#: Of the faces that are measured: their name in figures → in reports.
TITLES = {"public_test": "PublicTest", "private_test": "PrivateTest", "all": "All faces"}


def lines(figures: Mapping[str, Any]) -> Iterator[str]:
    """The figures of a card or a report, in a form that people read."""
    for name, split in TITLES.items():
        if name in figures:
            yield from _split_lines(split, figures[name])
    if "int8_minus_float_public_test" in figures:
        points = 100 * figures["int8_minus_float_public_test"]
        yield f"int8 - float, PublicTest: {points:+.2f} points"
    if "macs" in figures:
        yield (
            f"{figures['macs'] / 1e6:.1f} M multiply-accumulates,"
            f" {figures['parameters'] / 1e3:.0f} K parameters, {figures['bytes'] / 1e3:.0f} KB"
        )


def percent(share: float | None) -> str:
    """A share 0…1 for people; None is one that does not exist."""
    return "-" if share is None else f"{share:.1%}"


def counted(faces: Mapping[str, int]) -> str:
    """Numbers of faces by label, for people."""
    return ", ".join(f"{number} labelled {label}" for label, number in faces.items())


def _split_lines(split: str, report: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"{split}: {report['accuracy']:.1%} of {report['faces']} faces,"
        f" {percent(report['without_twins'])} without twins of training pictures,"
        f" balanced {report['balanced_accuracy']:.1%}"
    )
    # Older cards do not say.
    if left_out := report.get("left_out"):
        yield f"  left out: {counted(left_out)}; the answer has no such label"
    yield f"  calibration error {report['calibration_error']:.1%}{_by_chance(report)}"
    if report["ferplus_majority"] is not None:
        yield (
            f"  agrees with FER+'s majority of eight emotions: {report['ferplus_majority']:.1%}"
            f" of {report['ferplus_majority_faces']} faces"
        )
    if report["ferplus_authors"] is not None:
        yield (
            "  as FER+'s authors count, single votes taken out first:"
            f" {report['ferplus_authors']:.1%} of {report['ferplus_authors_faces']} faces"
        )
    for label, recall in report["recall"].items():
        precision = percent(report["precision"][label])
        yield f"  {label:<9} recall {percent(recall):>6}  precision {precision:>6}"
    if report.get("conditions"):
        yield f"  {'condition':<11} {'mild':<24} accuracy (lost)   {'hard':<24} accuracy (lost)"
    for condition in report.get("conditions", ()):
        mild, hard = (_strength(condition[name]) for name in ("mild", "hard"))
        yield f"  {condition['title']:<11} {mild}   {hard}"


def _by_chance(report: Mapping[str, Any]) -> str:
    """How much of it so few faces show in any case; older cards do not say."""
    share = report.get("calibration_error_by_chance")
    return "" if share is None else f" ({share:.1%} by chance alone)"


def _strength(figures: Mapping[str, Any]) -> str:
    lost = f"({figures['points_lost']:.1f})"
    return f"{figures['in_words']:<24} {figures['accuracy']:8.1%} {lost:>6}"
