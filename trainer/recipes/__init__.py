"""Training recipes: one dataclass a recipe, found by its name."""

from trainer.recipes.base import BASE
from trainer.recipes.recipe import Recipe

RECIPES: dict[str, Recipe] = {recipe.name: recipe for recipe in (BASE,)}

__all__ = ["RECIPES", "Recipe"]
