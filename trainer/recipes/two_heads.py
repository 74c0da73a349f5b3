"""One trunk, two opinions: FER2013's labels and FER+'s votes."""

from trainer.heads import LabelHead, VoteHead
from trainer.recipes.recipe import Recipe

TWO_HEADS = Recipe(name="two-heads", epochs=66, heads=(LabelHead(), VoteHead()))
