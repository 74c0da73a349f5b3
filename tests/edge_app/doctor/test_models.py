from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import msgspec
import pytest

from edge_app.doctor.finding import Finding
from edge_app.doctor.models import check_models
from edge_app.perception import golden
from edge_app.perception.model_folder import ModelFolder
from edge_app.perception.shipped import SHIPPED
from edge_app.settings import PerceptionSettings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "models"
    shutil.copytree(SHIPPED, copy)
    return copy


def check(
    folder: Path, perception: PerceptionSettings | None = None, run_s: float = 0.0
) -> dict[str, Finding]:
    ticks = itertools.count()
    found = check_models(
        perception or PerceptionSettings(), folder=folder, clock_s=lambda: next(ticks) * run_s
    )
    return {finding.name: finding for finding in found}


def test_the_shipped_models() -> None:
    found = check(SHIPPED)
    assert list(found) == ["signature", "emotion", "emotion_small", "face_160", "face_320"]
    assert {each.verdict for each in found.values()} == {"ok"}
    assert "files as signed" in found["signature"].text
    assert found["emotion"].text.startswith("golden check: ")


def test_a_damaged_model(folder: Path) -> None:
    model = folder / "emotion.tflite"
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(content)
    found = check(folder)
    assert {name: each.verdict for name, each in found.items()} == {
        "signature": "failure", "emotion": "failure", "emotion_small": "ok",
        "face_160": "ok", "face_320": "ok",
    }  # fmt: skip
    assert "install" in found["signature"].advice
    assert "install" in found["emotion"].advice


def test_a_forged_manifest(folder: Path) -> None:
    manifest = folder / "manifest.json"
    manifest.write_bytes(manifest.read_bytes() + b"\n")
    assert {each.verdict for each in check(folder).values()} == {"failure"}


def test_a_classifier_of_ones_own_that_the_settings_do_not_ask_for(folder: Path) -> None:
    for other in ("emotion_small", "face_160", "face_320"):
        (folder / f"{other}.tflite").unlink()
    own = ModelFolder(folder, key=None)
    for network, verdicts in (("full", {"ok"}), ("small", {"ok", "warning"})):
        found = [*check_models(PerceptionSettings(network=network), own)]
        assert {each.verdict for each in found} == verdicts
    (told,) = (each for each in found if each.verdict == "warning")
    assert "emotion.tflite is not used: network = 'small' reads emotion_small.tflite" in told.text


def test_a_missing_folder(tmp_path: Path) -> None:
    found = check(tmp_path)
    assert {name: each.verdict for name, each in found.items()} == {"signature": "failure"}


def test_a_model_that_answers_otherwise_here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = golden.read_golden

    def of_another_machine(model: Path) -> golden.Golden:
        read = given(model)
        wrong = {
            name: golden.zlib.compress(
                bytes(byte ^ 0x40 for byte in golden.zlib.decompress(packed))
            )
            for name, packed in read.answers.items()
        }
        return msgspec.structs.replace(read, answers=wrong)

    monkeypatch.setattr(golden, "read_golden", of_another_machine)
    found = check(folder)["emotion"]
    assert found.verdict == "failure"
    assert "quantization steps" in found.text
    assert "ai-edge-litert" in found.advice or "tflite-runtime" in found.advice


def test_a_detector_too_slow_for_the_settings() -> None:
    found = check(SHIPPED, PerceptionSettings(detections_per_second=5.0), run_s=0.25)
    assert (found["face_160"].verdict, found["emotion"].verdict) == ("warning", "ok")
    assert "250.0 ms a run, 1 thread" in found["face_160"].text
    assert "too slow for 5 detections a second" in found["face_160"].text
    assert "detections_per_second" in found["face_160"].advice


@pytest.mark.parametrize(("run_s", "verdict"), [(0.25, "ok"), (1.1, "warning")])
def test_the_large_detector_of_a_pair_searches_once_a_second(run_s: float, verdict: str) -> None:
    found = check(SHIPPED, PerceptionSettings(detections_per_second=5.0), run_s=run_s)
    assert found["face_320"].verdict == verdict
