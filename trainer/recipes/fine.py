"""Networks that look at whole pictures, taught by ones that do so too."""

from dataclasses import replace

from trainer.augmentation import Augmentation
from trainer.disguises import Shares
from trainer.recipes.taught import TAUGHT
from trainer.recipes.teacher import FINE_TEACHER

# From other weights, and taught by the first ones: labels are noisier than opinions.
SECOND_TEACHER = replace(
    FINE_TEACHER, name="second-teacher", seed=2, taught=0.5, teacher_sees="original"
)

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

# Sees what its teachers think of each changed picture, not of the original alone.
PATIENT = replace(
    FINE,
    name="patient",
    epochs=60,
    learning_rate=0.04,
    weight_decay=5e-4,
    taught=0.85,
    teacher_sees="both",
    views=12,
    augmentation=replace(FINE.augmentation, glasses=0.13, mask=0.13),
    sides=((0.5, 40), (1.0, 48)),
)
# On from there, with a third teacher.
PATIENT_2 = replace(PATIENT, name="patient-2", epochs=28)
# Once more, without dropout (see `PATIENT_SMALL_2`), and with masks and glasses that its teachers
# do not see.
PATIENT_3 = replace(
    PATIENT_2,
    name="patient-3",
    epochs=84,
    weight_decay=2.5e-4,
    dropout=0.0,
    student_sees=Shares(glasses=0.1, sunglasses=0.03, mask=0.11),
)
# On from there, to learn faces by heart: labels count for more than opinions, most faces are
# changed little. Only the last stage learns, with four weights of five.
BY_HEART = replace(
    PATIENT_3,
    name="by-heart",
    epochs=32,
    precision="float32",
    learning_rate=0.03,
    warm_up_epochs=1.0,
    weight_decay=1e-4,
    taught=0.3,
    teacher_sees="original",
    student_sees=Shares(),
    views=12,
    mild_share=0.6,
    mild=Augmentation(
        rotation_deg=8.0,
        scale=0.08,
        shift=0.04,
        shear=0.04,
        gamma=0.3,
        contrast=0.2,
        brightness=0.1,
        noise=0.02,
        low_resolution=0.05,
        erased=0.05,
        dark=0.03,
        blur=0.05,
        jpeg=0.03,
        glasses=0.04,
        sunglasses=0.02,
        mask=0.04,
    ),
    augmentation=replace(
        PATIENT_3.augmentation, dark=0.15, blur=0.18, glasses=0.15, sunglasses=0.08, mask=0.25
    ),
    kept_stages=2,
    sides=((1.0, 48),),
    cut=False,
)
# On from there, one stage more, on new views; more of what hides faces and darkens them.
BY_HEART_2 = replace(
    BY_HEART,
    name="by-heart-2",
    seed=2,
    epochs=30,
    taught=0.2,
    augmentation=replace(
        BY_HEART.augmentation, dark=0.25, blur=0.25, glasses=0.2, sunglasses=0.1, mask=0.35
    ),
    kept_stages=1,
)
# On from its mean with `patient-3`, which hard blur, masks and glasses cost too much: two faces of
# three are changed strongly.
BY_HEART_3 = replace(
    BY_HEART_2,
    name="by-heart-3",
    seed=3,
    epochs=28,
    mild_share=0.35,
    augmentation=replace(BY_HEART_2.augmentation, blur=0.35, glasses=0.25, mask=0.4),
)
# On from its mean with `by-heart-2`, to be a third in that mean: other views, and teachers of which
# one knows the faces by heart.
BY_HEART_4 = replace(
    BY_HEART_2,
    name="by-heart-4",
    seed=4,
    epochs=28,
    taught=0.35,
    mild_share=0.5,
)
# On from the mean of the three before, the whole of it, for longer and on more views: what a
# processor with bfloat16 computes in an hour. More of what specialists show to be within reach.
BY_HEART_5 = replace(
    BY_HEART_4,
    name="by-heart-5",
    seed=5,
    epochs=64,
    precision="mixed_bfloat16",
    views=16,
    augmentation=replace(BY_HEART_4.augmentation, blur=0.35, glasses=0.3),
    kept_stages=0,
)
# On from the mean of the two before, further off from them: a higher rate, new views, and teachers
# that both know the faces by heart. More masks, which alone still cost more than they should.
BY_HEART_6 = replace(
    BY_HEART_5,
    name="by-heart-6",
    seed=6,
    learning_rate=0.04,
    taught=0.45,
    views=20,
    augmentation=replace(BY_HEART_5.augmentation, mask=0.45),
)
# From nothing, by heart from the first epoch on: all runs above go back to one beginning, and what
# they say together is no more than what each says.
FRESH = replace(
    BY_HEART_5,
    name="fresh",
    seed=7,
    epochs=72,
    learning_rate=0.1,
    warm_up_epochs=2.0,
    weight_decay=5e-4,
    taught=0.3,
    views=24,
    mild_share=0.7,
)
PATIENT_SMALL = replace(
    PATIENT,
    name="patient-small",
    size="fine-small",
    learning_rate=0.1,
    weight_decay=2e-4,
    sides=((1.0, 48),),  # it halves a side four times, and 40 pixels go thrice
)
# On from there. Dropout is for networks that learn by heart; `patient-2`, five times as large, was
# measured to fit the faces that it learns from hardly better than others.
PATIENT_SMALL_2 = replace(
    PATIENT_SMALL,
    name="patient-small-2",
    epochs=110,
    learning_rate=0.06,
    weight_decay=1e-4,
    dropout=0.0,
)
# The small one learns by heart as well, all but its first stage; its teachers are the large one
# that knows the faces by heart and the one before, which does not.
BY_HEART_SMALL = replace(
    PATIENT_SMALL_2,
    name="by-heart-small",
    epochs=40,
    precision="float32",
    learning_rate=0.03,
    warm_up_epochs=1.0,
    taught=0.5,
    teacher_sees="original",
    mild_share=0.6,
    mild=BY_HEART.mild,
    augmentation=BY_HEART.augmentation,
    kept_stages=1,
    cut=False,
)
# On from there on new views; labels count for more.
BY_HEART_SMALL_2 = replace(BY_HEART_SMALL, name="by-heart-small-2", seed=2, taught=0.35)
