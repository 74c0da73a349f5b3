"""Published networks trained again by their papers' recipes, found by name."""

from trainer.reproduction.four_block import FOUR_BLOCK
from trainer.reproduction.kuchuk import (
    KUCHUK_A,
    KUCHUK_B,
    KUCHUK_C,
    KUCHUK_C_FINAL,
    KUCHUK_LANDMARKS,
)
from trainer.reproduction.lenet import LENET
from trainer.reproduction.recipe import PaperRecipe
from trainer.reproduction.three_block import THREE_BLOCK

RECIPES: dict[str, PaperRecipe] = {
    recipe.name: recipe
    for recipe in (
        FOUR_BLOCK, THREE_BLOCK, KUCHUK_A, KUCHUK_B, KUCHUK_C, KUCHUK_C_FINAL, KUCHUK_LANDMARKS,
        LENET,
    )
}  # fmt: skip

__all__ = ["RECIPES", "PaperRecipe"]
