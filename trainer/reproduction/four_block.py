"""The recipe of the four-block CNN."""

from trainer.augmentation import Augmentation
from trainer.reproduction.recipe import EarlyStopping, PaperRecipe, Published

#: ±10° of rotation, 10 % of shift, 10 % of zoom, and the mirror image every other time.
MOVED = Augmentation(
    rotation_deg=10.0, shift=0.1, scale=0.1,
    shear=0.0, gamma=0.0, contrast=0.0, brightness=0.0, noise=0.0, low_resolution=0.0, erased=0.0,
)  # fmt: skip

FOUR_BLOCK = PaperRecipe(
    name="four-block",
    source="the CNN of four blocks of two convolutions",
    network="four_block",
    published=Published(validation=0.66),
    epochs=50,
    early_stopping=EarlyStopping(patience=10),
    augmentation=MOVED,
    chosen="validation is PublicTest; patience of 10 epochs; zoom of 10 %",
)
