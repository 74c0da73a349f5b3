"""A network too large for a device, which teaches those that are not."""

from dataclasses import replace

from trainer.augmentation import Augmentation
from trainer.recipes.robust import ROBUST

TEACHER = replace(
    ROBUST,
    name="teacher",
    size="wide",
    epochs=60,
    # Half of what `robust` changes: a teacher that hesitates because of a mask teaches hesitation.
    augmentation=Augmentation(
        rotation_deg=20.0,
        shear=0.1,
        dark=0.06,
        blur=0.08,
        jpeg=0.05,
        glasses=0.07,
        sunglasses=0.03,
        mask=0.05,
        erased=0.1,
    ),
    sides=((0.4, 32), (0.75, 40), (1.0, 48)),
)
