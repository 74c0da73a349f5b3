import cv2
import numpy as np
from skimage import data

from benchmarks.tight_crops import Counts, accompanied, count, likeliest, trimmed
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
    nobody = np.full((48, 48), 128, np.uint8)
    count(perception, portrait, "happy", counts, nobody)
    # Between the eyes and the mouth there is no face; what that shows is the classifier's guess.
    nose = crop[18:34, 14:34]
    guess = likeliest(perception.read_crop(nose))
    assert guess is not None
    count(perception, nose, guess, counts, nobody)
    assert (counts.faces, counts.found_alone, counts.found) == (2, 1, 1)
    assert (counts.right_if_found, counts.right) == (1, 2)
    assert counts.shares()[:2] == ["50.0%", "50.0%"]
    assert counts.shares()[4] == "100.0%"


def test_a_picture_of_which_nothing_can_be_read_shows_what_it_is_taken_for() -> None:
    perception = Perception.load()
    gray, counts = np.full((96, 96), 128, np.uint8), Counts()
    assert perception.read_crop(gray).quality == 0.0
    for truth in perception.classifier.labels:
        count(perception, gray, truth, counts, gray)
    assert (counts.right, counts.right_if_found, counts.right_by_emotion) == (1, 0, 0)


def test_somebody_else_stands_in_the_corner() -> None:
    perception = Perception.load()
    portrait = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2GRAY)
    (face,) = perception.find(portrait)
    crop = perception.crop(portrait, face)
    picture = accompanied(np.full((192, 192), 90, np.uint8), crop)
    assert picture[:6].tolist() == picture[-6:].tolist() == [[90] * 192] * 6
    (other,) = perception.find(picture)
    assert max(other.box.right, other.box.bottom) < 60
    counts = Counts()
    count(perception, picture[:, ::-1], "happy", counts, crop)
    assert (counts.faces, counts.found, counts.other_read) == (1, 1, 0)
