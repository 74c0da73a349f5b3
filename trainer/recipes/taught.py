"""Networks that go on from `robust` and `robust-small`, taught by larger ones."""

from dataclasses import replace

from trainer.recipes.teacher import TEACHER

TAUGHT = replace(
    TEACHER,
    name="taught",
    size="large",
    epochs=50,
    # From weights that have learned already: a third of the rate that begins from none.
    learning_rate=0.03,
    warm_up_epochs=1.0,
    # Its loss never came down far: a small network needs less to hold it back. The opinions of its
    # teachers are soft already.
    weight_decay=2e-4,
    mix_up=0.0,
    taught=0.6,
    teacher_sees="original",
    aligned=0.3,
    sides=((0.3, 40), (1.0, 48)),
)

# So small a network forgets what it can when pictures are changed too much: `robust-small` ended at
# 61 %.
TAUGHT_SMALL = replace(
    TAUGHT,
    name="taught-small",
    size="small",
    epochs=110,
    learning_rate=0.05,
    weight_decay=1e-4,
    taught=0.7,
    aligned=0.2,
    augmentation=replace(
        TEACHER.augmentation,
        rotation_deg=12.0,
        scale=0.1,
        shift=0.06,
        shear=0.05,
        low_resolution=0.08,
        dark=0.03,
        blur=0.04,
        jpeg=0.03,
        glasses=0.04,
        sunglasses=0.0,
        mask=0.02,
        erased=0.05,
    ),
    sides=((1.0, 48),),
)
