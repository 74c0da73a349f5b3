"""What reads the faces → the names under which its figures are told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Maker:
    """What made a figure; another one makes another figure of the same faces.

    model: SHA-256 of the classifier. answer: which of its card's. reaction: how soon a changed face
    changes its emotion.
    """

    model: str
    answer: str
    reaction: str
