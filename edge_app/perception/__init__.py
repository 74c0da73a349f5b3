"""A picture → faces with emotions. What is named here is Mien's stable Python API."""

from edge_app.perception.card import ModelError
from edge_app.perception.classifier import EmotionClassifier
from edge_app.perception.detector import FaceDetector
from edge_app.perception.faces import Box, Face, FrameError, SeenFace
from edge_app.perception.perception import Perception, View
from edge_app.perception.shipped import EMOTION_SMALL

__all__ = [
    "EMOTION_SMALL",
    "Box",
    "EmotionClassifier",
    "Face",
    "FaceDetector",
    "FrameError",
    "ModelError",
    "Perception",
    "SeenFace",
    "View",
]
