"""Everything that decides how a run ends, in one value that is stored beside its result."""

from __future__ import annotations

from dataclasses import dataclass, field

from trainer.augmentation import Augmentation
from trainer.heads import LabelHead, MixedHead, VoteHead


@dataclass(frozen=True, slots=True)
class Recipe:
    """A training run; two runs of one recipe on one machine and backend end alike."""

    name: str
    epochs: int
    heads: tuple[MixedHead | LabelHead | VoteHead, ...]
    seed: int = 1
    batch: int = 128
    learning_rate: float = 0.1
    warm_up_epochs: float = 2.0
    momentum: float = 0.9
    weight_decay: float = 5e-4
    augmentation: Augmentation = field(default_factory=Augmentation)
