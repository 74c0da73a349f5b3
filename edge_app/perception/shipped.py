"""Where the models that come with Mien lie, each with its card beside it."""

from pathlib import Path

SHIPPED = Path(__file__).parent.parent / "models"

EMOTION = SHIPPED / "emotion.tflite"
FACE_320 = SHIPPED / "face_320.tflite"
FACE_160 = SHIPPED / "face_160.tflite"
