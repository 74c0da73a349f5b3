from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from edge_app.daemon.asked_models import load_perception
from edge_app.daemon.assembly import closing_s
from edge_app.events.payloads import FaceLeft
from edge_app.perception.card import card_path
from edge_app.perception.model_folder import ModelFolder
from edge_app.perception.shipped import EMOTION, EMOTION_SMALL, FACE_160, FACE_320
from edge_app.perception.smoothing import REACTIONS
from edge_app.perception.tiling import TiledDetector
from edge_app.perception.watcher import Watcher, tracker_for
from edge_app.settings import CameraSettings, PerceptionSettings, Settings
from tests.edge_app.daemon.assemblies import assemble, sample
from tests.edge_app.events.recorder import Recorder


def folder_of(tmp_path: Path, *models: Path) -> ModelFolder:
    for model in models:
        shutil.copy(model, tmp_path)
        shutil.copy(card_path(model), tmp_path)
    return ModelFolder(tmp_path, key=None)


def test_the_shipped_detectors_are_a_pair() -> None:
    perception = load_perception(PerceptionSettings(), ModelFolder())
    assert perception.detector.model.path == FACE_320
    assert perception.small_detector.model.path == FACE_160


def test_the_daemon_searches_in_tiles_where_it_is_asked_to() -> None:
    plain = load_perception(PerceptionSettings(), ModelFolder())
    assert plain.search.detector is plain.detector
    tiled = load_perception(PerceptionSettings(tiles=2), ModelFolder())
    assert isinstance(tiled.search.detector, TiledDetector)
    watcher = Watcher(tiled, tracker_for(tiled.detector), REACTIONS["normal"])
    assert isinstance(watcher._detector, TiledDetector)


def test_for_large_faces_there_is_one_detector() -> None:
    perception = load_perception(PerceptionSettings(smallest_face=0.15), ModelFolder())
    assert perception.detector.model.path == FACE_160
    assert perception.small_detector is perception.detector


@pytest.mark.parametrize("model", [FACE_160, FACE_320])
def test_a_detector_of_one_s_own_is_no_pair_with_a_shipped_one(tmp_path: Path, model: Path) -> None:
    perception = load_perception(PerceptionSettings(), folder_of(tmp_path, model))
    assert perception.detector.side == 320
    assert perception.small_detector is perception.detector


def test_two_of_one_s_own_are_a_pair(tmp_path: Path) -> None:
    perception = load_perception(PerceptionSettings(), folder_of(tmp_path, FACE_160, FACE_320))
    assert perception.detector.model.path == tmp_path / FACE_320.name
    assert perception.small_detector.model.path == tmp_path / FACE_160.name


def test_a_classifier_that_is_not_the_one_asked_for_is_told_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    models = folder_of(tmp_path, EMOTION)
    assert load_perception(PerceptionSettings(), models).classifier.model.path.parent == tmp_path
    assert caplog.text == ""
    perception = load_perception(PerceptionSettings(network="small"), models)
    assert perception.classifier.model.path == EMOTION_SMALL
    assert "emotion.tflite is not used: network = 'small'" in caplog.text
    caplog.clear()
    load_perception(PerceptionSettings(network="small"), folder_of(tmp_path, EMOTION_SMALL))
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("stall_s", "waited_s"), [(0.5, 3.5), (5.0, 5.5), (7.2, 8.5), (11.0, 11.5), (60.0, 12.0)]
)
def test_a_pause_waits_until_the_driver_lets_go_by_itself_but_less_than_the_watchdog(
    stall_s: float, waited_s: float
) -> None:
    assert closing_s(stall_s) == waited_s


def test_a_recording_s_summary_says_what_its_visits_say(tmp_path: Path) -> None:
    told = Recorder()
    source = sample()
    assembly = assemble(Settings(camera=CameraSettings(pace="fast")), told, source, tmp_path)
    assert assembly.run() == 0
    (visit,) = (event for event in told.events if isinstance(event, FaceLeft))
    assert visit.emotions_s["happy"] > 9
    assert told.summaries[-1].emotions_s == visit.emotions_s
    assert told.summaries[-1].valence == visit.valence
    for made in (visit, told.summaries[-1]):
        sha256 = assembly._perception.classifier.card.sha256
        assert (made.model, made.answer, made.reaction) == (sha256, "default", "normal")
        assert made.cards == told.infos[-1].cards
    assert re.fullmatch("[0-9a-f]{12}", told.infos[-1].cards or "")
    assert told.infos[-1].settings["answer"] == "default"
    length = told.summaries[-1].end - told.summaries[-1].start
    assert 0.0 < (told.summaries[-1].watched_s or 0.0) <= length.total_seconds()
