"""The first shipped network: sixty epochs, under an hour on two cores."""

from trainer.heads import MixedHead
from trainer.recipes.recipe import Recipe

BASE = Recipe(name="base", epochs=60, heads=(MixedHead(hard_share=0.6),), corrected=False)
