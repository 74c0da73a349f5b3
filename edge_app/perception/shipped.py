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
