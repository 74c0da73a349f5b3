"""What reads the faces → the names under which its figures are told."""

from __future__ import annotations

from dataclasses import dataclass

#: Enough to tell one from another, in every event.
CARDS_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Maker:
    """What made a figure; another one makes another figure of the same faces.

    model: SHA-256 of the classifier. answer: which of its card's. reaction: how soon a changed face
    changes its emotion. cards: the first `CARDS_DIGITS` of what
    `edge_app.perception.card.deciding_sha256` says of all models in use.
    """

    model: str
    answer: str
    reaction: str
    cards: str
