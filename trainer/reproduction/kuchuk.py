"""The recipes of Kuchuk and Saatsazov: three networks on few faces, the best of them on more."""

from dataclasses import replace

from trainer.reproduction.recipe import PaperRecipe, Published

KUCHUK_A = PaperRecipe(
    name="kuchuk-a",
    source="Kuchuk and Saatsazov, network A",
    network="kuchuk_a",
    published=Published(validation=0.63),
    epochs=60,
    training=9_000,
    validation=1_000,
    learning_rate=3e-4,
    chosen=(
        "Adam at 3e-4, batches of 64, no augmentation; all faces drawn at random from the Training"
        " split; the weights after the last epoch"
    ),
)

KUCHUK_B = replace(
    KUCHUK_A,
    name="kuchuk-b",
    source="Kuchuk and Saatsazov, network B",
    network="kuchuk_b",
    published=Published(validation=0.53),
)

KUCHUK_C = replace(
    KUCHUK_A,
    name="kuchuk-c",
    source="Kuchuk and Saatsazov, network C",
    network="kuchuk_c",
    published=Published(validation=0.63),
)

KUCHUK_C_FINAL = replace(
    KUCHUK_C,
    name="kuchuk-c-final",
    source="Kuchuk and Saatsazov, network C, final",
    published=Published(validation=0.66, test=0.63),
    training=20_000,
    validation=2_000,
    chosen=f"{KUCHUK_A.chosen}; 60 epochs again; PrivateTest is the test",
)

KUCHUK_LANDMARKS = replace(
    KUCHUK_A,
    name="kuchuk-landmarks",
    source="Kuchuk and Saatsazov, multilayer perceptron on landmarks",
    network="kuchuk_landmarks",
    reads="landmarks",
    published=Published(remark="failed"),
    chosen=(
        f"{KUCHUK_A.chosen}; dlib's landmarks, in the box that its detector finds or, in one"
        " picture of three, where faces of FER2013 are"
    ),
)
