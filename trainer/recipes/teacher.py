"""Networks too large for a device, which teach those that are not."""

from dataclasses import replace

from trainer.augmentation import Augmentation
from trainer.recipes.robust import ROBUST

TEACHER = replace(
    ROBUST,
    name="teacher",
    size="wide",
    epochs=60,
    # Half of what `robust` changes: a teacher that hesitates because of a mask teaches hesitation.
    augmentation=replace(
        ROBUST.augmentation,
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

# Looks at all 48 x 48 pixels before it halves them, at faces that are changed little.
FINE_TEACHER = replace(
    TEACHER,
    name="fine-teacher",
    size="fine-wide",
    epochs=40,
    weight_decay=2e-3,
    mix_up=0.0,
    augmentation=Augmentation(
        rotation_deg=12.0,
        shift=0.04,  # cutting moves a face by as much again
        shear=0.05,
        gamma=0.4,
        contrast=0.25,
        brightness=0.12,
        noise=0.02,
        low_resolution=0.08,
        erased=0.25,
        dark=0.03,
        blur=0.03,
        glasses=0.04,
        sunglasses=0.02,
        mask=0.03,
    ),
    sides=((0.85, 40), (1.0, 48)),
    cut=True,
)
