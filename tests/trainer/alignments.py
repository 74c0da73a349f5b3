"""Where eyes and mouths stand in pictures that tests draw on."""

from edge_app.perception.card import Alignment

UPRIGHT = Alignment(
    right_eye=(0.32, 0.39),
    left_eye=(0.68, 0.39),
    right_mouth=(0.34, 0.75),
    left_mouth=(0.66, 0.75),
    margin=0.9,
)
