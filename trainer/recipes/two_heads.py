"""One trunk, two opinions: FER2013's labels and FER+'s votes."""

from trainer.heads import LabelHead, VoteHead
from trainer.recipes.recipe import Recipe

TWO_HEADS = Recipe(
    name="two-heads",
    epochs=50,
    heads=(LabelHead(), VoteHead()),
    corrected=False,
    sides=((0.4, 32), (0.7, 40), (1.0, 48)),
)
