"""What the settings ask of perception → the models for it, loaded or looked at."""

from __future__ import annotations

import logging
from pathlib import Path

from edge_app.perception import Perception
from edge_app.perception.classifier import EmotionClassifier, check_classifier
from edge_app.perception.detector import FaceDetector, check_detector
from edge_app.perception.model_folder import ModelFolder
from edge_app.perception.shipped import FACE_160, NETWORKS, model_for
from edge_app.settings import PerceptionSettings

_LOG = logging.getLogger(__name__)


def load_perception(asked: PerceptionSettings, models: ModelFolder) -> Perception:
    """Load the models that the settings ask for.

    Raises:
        ModelError: a model is not signed as it must be, does not fit its card, or no runtime takes
            it.
    """
    network = NETWORKS[asked.network]
    detector, *small = (
        FaceDetector(models.load(each, asked.threads)) for each in _detectors(asked, models)
    )
    if (unused := models.passed_over(network)) is not None:
        _LOG.warning(
            "%s is not used: network = %r in [perception] reads %s, Mien's own here",
            unused,
            asked.network,
            network.name,
        )
    return Perception(
        detector,
        EmotionClassifier(models.load(network, asked.threads), asked.answer),
        small[0] if small else None,
        tiles=asked.tiles,
    )


def check_perception(asked: PerceptionSettings, models: ModelFolder) -> None:
    """Look at the models that `load_perception` would load, beside those that are in use.

    They are held to their signature and their cards, and the cards to the settings. No runtime sees
    them: it would take the memory of a second set, and the time of the frames that wait.

    Raises:
        ModelError: a model is not signed as it must be, or does not fit its card, or the card does
            not fit what is asked.
    """
    for each in _detectors(asked, models):
        check_detector(*models.examine(each))
    check_classifier(*models.examine(NETWORKS[asked.network]), asked.answer)


def _detectors(asked: PerceptionSettings, models: ModelFolder) -> list[Path]:
    """The one that is asked for, and one that finds the same large faces with less work."""
    first = model_for(asked.smallest_face)
    if first == FACE_160 or not models.has_a_pair_of_detectors():
        return [first]
    return [first, FACE_160]
