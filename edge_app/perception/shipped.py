"""Where the models that come with Mien lie, each with its card beside it."""

from pathlib import Path

SHIPPED = Path(__file__).parent.parent / "models"

#: The public key that their manifest is signed with. It lies outside of their folder: whoever
#: replaces the folder cannot bring a key of their own.
RELEASE_KEY = SHIPPED.parent / "release_key.pem"

EMOTION = SHIPPED / "emotion.tflite"
EMOTION_SMALL = SHIPPED / "emotion_small.tflite"
FACE_320 = SHIPPED / "face_320.tflite"
FACE_160 = SHIPPED / "face_160.tflite"

CLASSIFIERS = (EMOTION, EMOTION_SMALL)
DETECTORS = (FACE_160, FACE_320)
MODELS = CLASSIFIERS + DETECTORS

#: The classifiers, by the setting that asks for them.
NETWORKS = {"full": EMOTION, "small": EMOTION_SMALL}

#: Height of a face, as a share of the frame's larger side, from which on the small network misses
#: none of the measured ones; docs/tracking.md has the table.
_SMALL_NETWORK_FROM = 0.15


def model_for(smallest_face: float) -> Path:
    """The cheapest shipped model that finds faces of such a height.

    smallest_face: as a share of the frame's larger side.
    """
    return FACE_160 if smallest_face >= _SMALL_NETWORK_FROM else FACE_320
