"""The recipe of the three-block CNN."""

from trainer.reproduction.recipe import PaperRecipe, Published

THREE_BLOCK = PaperRecipe(
    name="three-block",
    source="the CNN of three blocks with a dense layer of 132",
    network="three_block",
    published=Published(remark="no figure given"),
    epochs=20,
    chosen="validation is PublicTest; no augmentation",
)
