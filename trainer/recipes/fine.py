"""Networks that look at whole pictures, taught by one that does so too."""

from dataclasses import replace

from trainer.recipes.taught import TAUGHT, TAUGHT_SMALL

FINE = replace(
    TAUGHT,
    name="fine",
    size="fine",
    epochs=70,
    learning_rate=0.06,
    weight_decay=1e-3,
    taught=0.7,
    aligned=0.25,
    augmentation=replace(
        TAUGHT.augmentation,
        rotation_deg=15.0,
        shift=0.05,  # cutting moves a face by as much again
        shear=0.08,
        low_resolution=0.12,
        dark=0.1,
        blur=0.12,
        jpeg=0.06,
        glasses=0.1,
        sunglasses=0.05,
        mask=0.09,
        erased=0.1,
    ),
    sides=((0.6, 40), (1.0, 48)),
    cut=True,
)

# So small a network forgets what it can when pictures are changed too much.
FINE_SMALL = replace(
    FINE,
    name="fine-small",
    size="fine-small",
    epochs=80,
    learning_rate=0.1,
    weight_decay=2e-4,
    aligned=0.2,
    augmentation=replace(
        TAUGHT_SMALL.augmentation, rotation_deg=10.0, shift=0.02, erased=0.05, noise=0.02
    ),
)
