from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.peers import mien_peer
from benchmarks.peers.run import (
    Measured,
    Questions,
    Scored,
    Worker,
    commands,
    main,
    run,
    scenes_of,
    table,
    versions,
)
from benchmarks.peers.worker import FOLLOWS
from edge_app.errors import MienError
from edge_app.perception import EmotionClassifier
from edge_app.perception.labels import UNSURE
from tests.edge_app.perception.test_upright import portrait
from tests.trainer.synthetic import all_splits
from trainer.data import Split


@pytest.mark.timeout(300)
def test_peers_that_are_not_installed_are_left_out_and_mien_is_measured(tmp_path: Path) -> None:
    faces = np.random.default_rng(0).integers(0, 256, (3, 48, 48), np.uint8)
    scenes = np.stack([np.zeros((480, 640, 3), np.uint8), portrait(0.0, shrink=1.0)])
    asked = Questions(faces, np.array([0, 3, 6]), scenes, np.array([3, 3]))
    measured = run(tmp_path, asked, rounds=1)
    assert list(measured) == [
        "mien, each frame searched",
        "mien, as it runs",
        "mien, as it runs, two threads",
        "mien, large faces, each frame searched",
        "mien, large faces, as it runs",
        "mien, answer fer2013",
        "mien, as it reads photos",
        "mien, as it reads photos, answer fer2013",
    ]
    searched = measured["mien, each frame searched"]
    assert searched.found == 10
    assert len(searched.rows[0]) == 10
    assert searched.frame_ms > 0
    assert searched.cpu_ms > 0
    assert 20 < searched.peak_mb < 2000
    assert searched.accuracy in {0.0, 1 / 3, 2 / 3, 1.0}
    # Nobody in the first, and a smile in the second.
    assert searched.in_scenes == Scored(found=0.5, right=0.5)
    for name in FOLLOWS:
        assert measured[name].found >= 8  # it takes a few looks to believe in a face
        assert measured[name].in_scenes is None


@pytest.mark.parametrize("options", [{}, {"photos": True}], ids=["frames", "photos"])
def test_of_a_face_that_mien_calls_unsure_the_likeliest_emotion_counts(
    options: dict[str, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EmotionClassifier, "emotion", lambda *_: UNSURE)
    peer = mien_peer.make(**options)
    assert peer.see(portrait(0.0, shrink=1.0)) == ["happy"]


def test_scenes_show_the_faces_whose_labels_they_have(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "empty.jpg"), np.full((480, 640), 10, np.uint8))
    levels = np.array([100, 150, 200, 250], np.uint8)
    pixels = np.broadcast_to(levels[:, None, None], (4, 48, 48)).copy()
    labels = np.array([0, 1, 2, 3])
    faces = all_splits(training=1, others=4).of(Split.PRIVATE_TEST)
    drawn, of = scenes_of(replace(faces, pixels=pixels, labels=labels), tmp_path, 3)
    assert drawn.shape == (3, 480, 640, 3)
    assert [int(scene.max()) for scene in drawn] == [int(levels[label]) for label in of]


def test_what_is_installed_is_started(tmp_path: Path) -> None:
    (tmp_path / "venv/bin").mkdir(parents=True)
    (tmp_path / "venv/bin/python").touch()
    names = [name for name, _ in commands(tmp_path, [Path("a"), Path("b"), Path("c")])]
    assert "fer, Haar, TFLite" in names
    assert "face-api, SSD" not in names


def test_versions_are_those_that_are_installed(tmp_path: Path) -> None:
    site = tmp_path / "venv/lib/python3.11/site-packages"
    for name, version in (("fer", "25.10.3"), ("other", "1.0")):
        described = site / f"{name}-{version}.dist-info"
        described.mkdir(parents=True)
        (described / "METADATA").write_text(f"Name: {name}\nVersion: {version}\n")
    package = tmp_path / "node/node_modules/@vladmandic/face-api/package.json"
    package.parent.mkdir(parents=True)
    package.write_text('{"version": "1.7.15"}')
    assert list(versions(tmp_path)) == ["fer 25.10.3", "@vladmandic/face-api 1.7.15"]
    assert list(versions(tmp_path / "none")) == []


def test_what_is_missing_is_said_below_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "no_faces").mkdir()
    cv2.imwrite(str(tmp_path / "no_faces/empty.jpg"), np.full((480, 640), 10, np.uint8))
    (tmp_path / "venv/bin").mkdir(parents=True)
    (tmp_path / "venv/bin/python").touch()
    faces = all_splits(training=1, others=4)
    started = {
        name: Measured(start_s=1.0, rows=[[1.0]])
        for name, _ in commands(tmp_path, [])
        if name != "fer, Haar, Keras"
    }
    monkeypatch.setattr("benchmarks.peers.run.read", lambda _: faces)
    monkeypatch.setattr("benchmarks.peers.run.run", lambda *_: started)
    monkeypatch.chdir(tmp_path)
    words = ["--data", str(tmp_path), "--peers", str(tmp_path), "--scenes", "1"]
    assert main(words) == 1
    said = capsys.readouterr().out
    assert "\n\nInstalled, but did not start: fer, Haar, Keras.\n" in said
    assert said.endswith("\n\nPackages installed for Mien: unknown, without .venv.\n")
    started["fer, Haar, Keras"] = Measured(start_s=1.0, rows=[[1.0]])
    assert main(words) == 0
    assert "did not start" not in capsys.readouterr().out


def test_a_peer_that_ends_is_told_by_name() -> None:
    with pytest.raises(MienError, match="other: ended with 3"):
        Worker("other", [sys.executable, "-c", "raise SystemExit(3)"])


def test_a_peer_s_peak_does_not_grow_with_the_frames_that_it_is_shown(tmp_path: Path) -> None:
    file, count = tmp_path / "frames.npy", 120
    np.save(file, np.zeros((count, 480, 640, 3), np.uint8))
    start = ["-m", "benchmarks.peers.worker", "mien, each frame searched", *[str(file)] * 3]
    with Worker("mien", [sys.executable, *start]) as worker:
        first, *_, last = (worker.ask("frames", row, 10)["peak_mb"] for row in range(0, count, 10))
    assert last - first < 20  # all of them take 111


def test_the_table_counts_in_mien_s_own_time() -> None:
    own = Measured(start_s=1.0, rows=[[2.0, 2.0]], cpu_ms=4.0, found=2, accuracy=0.75)
    other = Measured(
        9.0, [[10.0, 30.0, 56.0]], cpu_ms=80.0, found=1, accuracy=0.5, in_scenes=Scored(0.9, 0.6)
    )
    _, first, second = table({"mien": own, "other": other}, 2)
    assert first[:5] == ["mien", "2.00", "2.00", "1.0", "2.00"]
    assert first[-2:] == ["", ""]
    assert second == [
        "other", "32.00", "30.00", "16.0", "40.00", "50 %", "9.00", "0", "50.0 %",
        "90.0 %", "60.0 %",
    ]  # fmt: skip
