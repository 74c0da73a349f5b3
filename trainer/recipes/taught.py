"""The shipped size goes on from `robust`, taught by a network of six times its parameters."""

from dataclasses import replace

from trainer.recipes.teacher import TEACHER

TAUGHT = replace(
    TEACHER,
    name="taught",
    size="large",
    epochs=45,
    # From weights that have learned already: a third of the rate that begins from none.
    learning_rate=0.03,
    warm_up_epochs=1.0,
    taught=0.6,
    teacher_sees="original",
    aligned=0.3,
    sides=((0.4, 40), (1.0, 48)),
)
