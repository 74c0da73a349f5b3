"""Everything that decides how a run ends, in one value that is stored beside its result."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from trainer.augmentation import MIRRORED, Augmentation
from trainer.disguises import Shares
from trainer.heads import LabelHead, MixedHead, VoteHead


@dataclass(frozen=True, slots=True)
class Recipe:
    """A training run; two runs of one recipe on one machine and backend end alike."""

    name: str
    epochs: int
    heads: tuple[MixedHead | LabelHead | VoteHead, ...]
    size: str = "base"  # of the network: `trainer.networks.mien.SIZES`
    #: What the network computes in while it learns; weights are kept in float32. `mixed_bfloat16`
    #: halves an epoch on processors that multiply in it, with the PyTorch backend.
    precision: str = "float32"
    corrected: bool = True  # identical Training pictures with conflicting labels, by majority
    seed: int = 1
    batch: int = 128
    learning_rate: float = 0.1
    warm_up_epochs: float = 2.0
    momentum: float = 0.9
    weight_decay: float = 5e-4
    dropout: float = 0.3  # of what the heads see
    mix_up: float = 0.0  # parameter of the Beta distribution; 0: none
    taught: float = 0.0  # share of a teacher's opinion in the targets; 0: there is no teacher
    #: The picture as the student is shown it costs a forward pass of the teacher at each step,
    #: unless there are `views`; the one in the data set is looked at once. `both`, half of each, is
    #: for views: of a face behind a mask, the picture without it says more.
    teacher_sees: Literal["shown", "original", "both"] = "shown"
    #: Changed copies of each face that are drawn once and shown in turn, an epoch each; 0: new ones
    #: in each epoch. The teacher looks at each copy once.
    views: int = 0
    #: What the student sees faces of a view wear where its teachers see them without: a mouth that
    #: a mask hides from the student is in what they say.
    student_sees: Shares = field(default_factory=Shares)
    #: Share of a view's faces that are changed by `mild`: what is only ever shown changed is not
    #: learned by heart.
    mild_share: float = 0.0
    mild: Augmentation = MIRRORED
    #: So many of the network's stages, counted from the picture, keep the weights that the run
    #: begins with. What they make of each view is computed once and lies in the run's folder, 14 KB
    #: a face behind two stages of `fine`; an epoch costs what the layers behind them cost.
    kept_stages: int = 0
    aligned: float = 0.0  # share of the pictures that are shown cut by landmarks
    augmentation: Augmentation = field(default_factory=Augmentation)
    #: Share of the epochs up to which pictures of this side, in pixels, are shown: small ones cost
    #: less (progressive resizing, as in Tan and Le 2021). The last side is the network's own.
    sides: tuple[tuple[float, int], ...] = ((1.0, 48),)
    #: Small pictures are cut out of the faces at random places, and faces keep their size, where
    #: they would be shrunk. PublicTest is then measured on whole faces.
    cut: bool = False

    def __post_init__(self) -> None:
        if self.teacher_sees == "both" and not self.views:
            raise ValueError(f"recipe {self.name}: a teacher sees both only where there are views")
        if self.student_sees != Shares() and not self.views:
            raise ValueError(f"recipe {self.name}: student_sees is for views; it has none")
        if self.mild_share and not self.views:
            raise ValueError(f"recipe {self.name}: mild_share is for views; it has none")
        if self.kept_stages and (not self.views or self.cut or len(self.sides) > 1):
            raise ValueError(f"recipe {self.name}: kept_stages goes with views of a single size")

    def side_at(self, epoch: int) -> int:
        """Side of the pictures of an epoch, counted from 0."""
        return next(side for share, side in self.sides if epoch < share * self.epochs)

    def measured_side_at(self, epoch: int) -> int:
        """Side of PublicTest's pictures after an epoch, counted from 0."""
        return self.sides[-1][1] if self.cut else self.side_at(epoch)
