import cv2
import numpy as np
from skimage import data

from benchmarks.tight_crops import Counts, count, likeliest, trimmed
from edge_app.perception import Perception


def test_what_is_cut_off() -> None:
    face = np.zeros((48, 48), np.uint8)
    face[12:36, 12:36] = 200
    assert trimmed(face, 0.0).shape == (192, 192)
    assert trimmed(face, 0.25).shape == (96, 96)
    assert trimmed(face, 0.25)[8:-8, 8:-8].min() > 150


def test_faces_that_are_not_found_count_as_read_where_they_are_taken_for_crops() -> None:
    perception = Perception.load()
    portrait = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2GRAY)
    (face,) = perception.find(portrait)
    crop = perception.crop(portrait, face)
    counts = Counts()
    count(perception, portrait, "happy", counts)
    # Between the eyes and the mouth there is no face; what that shows is the classifier's guess.
    nose = crop[18:34, 14:34]
    guess = likeliest(perception.read_crop(nose))
    assert guess is not None
    count(perception, nose, guess, counts)
    assert (counts.faces, counts.found_alone, counts.found) == (2, 1, 1)
    assert (counts.right_if_found, counts.right) == (1, 2)
    assert counts.shares()[:2] == ["50.0%", "50.0%"]
    assert counts.shares()[4] == "100.0%"


def test_a_picture_of_which_nothing_can_be_read_is_read_wrongly_whatever_it_shows() -> None:
    perception = Perception.load()
    gray, counts = np.full((96, 96), 128, np.uint8), Counts()
    assert perception.read_crop(gray).quality == 0.0
    for truth in perception.classifier.labels:
        count(perception, gray, truth, counts)
    assert (counts.right, counts.right_if_found, counts.right_by_emotion) == (0, 0, 0)
