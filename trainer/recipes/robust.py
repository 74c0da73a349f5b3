"""Two heads, long, on faces in bad light, behind glasses and masks."""

from dataclasses import replace

from trainer.augmentation import Augmentation
from trainer.heads import LabelHead, VoteHead
from trainer.recipes.recipe import Recipe

ROBUST = Recipe(
    name="robust",
    epochs=120,
    heads=(LabelHead(), VoteHead()),
    size="large",
    precision="mixed_bfloat16",
    mix_up=0.2,
    augmentation=Augmentation(
        rotation_deg=20.0,
        shear=0.1,
        dark=0.12,
        blur=0.15,
        jpeg=0.1,
        glasses=0.14,
        sunglasses=0.06,
        mask=0.1,
        erased=0.2,
    ),
    sides=((0.35, 32), (0.65, 40), (1.0, 48)),
)
ROBUST_SMALL = replace(
    ROBUST, name="robust-small", size="small", epochs=70, taught=0.7, teacher_sees="original"
)
