"""The first shipped network: sixty epochs, under an hour on two cores."""

from trainer.recipes.recipe import Recipe

BASE = Recipe(name="base", epochs=60, hard_share=0.6)
