"""The recipe of the LeNet-like CNN."""

from trainer.reproduction.recipe import PaperRecipe, Published

LENET = PaperRecipe(
    name="lenet",
    source="the LeNet-like CNN with 6 and 12 feature maps",
    network="lenet",
    published=Published(test=0.9281, data="CK+"),
    epochs=50,
    chosen="50 epochs, Adam at 1e-3, batches of 64, no augmentation; 92.81 % read as a test figure",
    missing="the data set CK+ (Lucey et al. 2010), posed faces; FER2013 cannot stand in for it",
)
