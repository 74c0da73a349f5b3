"""The recipe of the LeNet-like CNN."""

from trainer.reproduction.recipe import PaperRecipe, Published

LENET = PaperRecipe(
    name="lenet",
    source="the LeNet-like CNN with 6 and 12 feature maps",
    network="lenet",
    published=Published(test=0.9281, data="CK+"),
    epochs=50,
    chosen=(
        "validation is PublicTest, of the splits that Mien deals people to; contempt is left out,"
        " which makes the classes FER2013's; 50 epochs, Adam at 1e-3, batches of 64, no"
        " augmentation; 92.81 % read as a test figure"
    ),
)
