"""Training recipes: one dataclass a recipe, found by its name."""

from trainer.recipes.base import BASE
from trainer.recipes.fine import (
    BY_HEART,
    BY_HEART_2,
    BY_HEART_3,
    BY_HEART_4,
    BY_HEART_5,
    BY_HEART_6,
    BY_HEART_SMALL,
    BY_HEART_SMALL_2,
    FINE,
    FRESH,
    PATIENT,
    PATIENT_2,
    PATIENT_3,
    PATIENT_SMALL,
    PATIENT_SMALL_2,
    SECOND_TEACHER,
)
from trainer.recipes.recipe import Recipe
from trainer.recipes.robust import ROBUST, ROBUST_SMALL
from trainer.recipes.taught import TAUGHT, TAUGHT_SMALL
from trainer.recipes.teacher import FINE_TEACHER, TEACHER
from trainer.recipes.two_heads import TWO_HEADS

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        BASE,
        TWO_HEADS,
        ROBUST,
        ROBUST_SMALL,
        TEACHER,
        FINE_TEACHER,
        SECOND_TEACHER,
        TAUGHT,
        TAUGHT_SMALL,
        FINE,
        PATIENT,
        PATIENT_2,
        PATIENT_3,
        BY_HEART,
        BY_HEART_2,
        BY_HEART_3,
        BY_HEART_4,
        BY_HEART_5,
        BY_HEART_6,
        FRESH,
        PATIENT_SMALL,
        PATIENT_SMALL_2,
        BY_HEART_SMALL,
        BY_HEART_SMALL_2,
    )
}

__all__ = ["RECIPES", "Recipe"]
