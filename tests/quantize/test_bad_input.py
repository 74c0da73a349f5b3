"""What cannot be quantized: one line, exit code 1, and the old model is as it was."""

from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers, ops

from edge_app.cli import main
from edge_app.perception.card import Alignment
from edge_app.perception.labels import FER2013
from quantize import cli
from quantize.classifier import make_classifier
from quantize.errors import QuantizeError
from tests.trainer.synthetic import all_splits
from trainer.checkpoints import MODEL, RECIPE

ALIGNMENT = Alignment((0.3, 0.4), (0.7, 0.4), (0.35, 0.8), (0.65, 0.8), 0.8)
OLD = b"the model that works"


def tiny(side: int = 48) -> keras.Model:
    shown = layers.Input((side, side, 1), name="faces")
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, strides=4)(shown))
    return keras.Model(shown, {"logits": layers.Dense(7, name="logits")(x)}, name="tiny")


def not_finite() -> keras.Model:
    model = tiny()
    kernel, bias = model.get_layer("logits").get_weights()
    kernel[2, 3] = np.nan
    model.get_layer("logits").set_weights([kernel, bias])
    return model


def unsupported() -> keras.Model:
    shown = layers.Input((48, 48, 1), name="faces")
    x = ops.erfinv(0.1 * layers.Conv2D(4, 3, strides=4)(shown))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(shown, {"logits": layers.Dense(7, name="logits")(x)}, name="odd")


RECIPE_OF_TINY = {"name": "tiny", "heads": [{"name": "logits", "labels": FER2013}]}


def a_run(folder: Path, model: keras.Model) -> Path:
    folder.mkdir()
    model.save(folder / MODEL)
    (folder / RECIPE).write_text(json.dumps({"recipe": RECIPE_OF_TINY, "data_sha256": "0"}))
    return folder


@pytest.fixture
def output(tmp_path: Path) -> Path:
    path = tmp_path / "models" / "emotion.tflite"
    path.parent.mkdir()
    path.write_bytes(OLD)
    path.with_suffix(".json").write_bytes(OLD)
    return path


@pytest.mark.parametrize(
    ("model", "faces", "said"),
    [
        (not_finite, 700, r"weight .*kernel is not finite"),
        (unsupported, 700, "TFLite has no operation for Erfinv"),
        (tiny, 70, "label 0 has 10 faces, 100 are needed"),
        (lambda: tiny(40), 700, r"picture 0 is \[1, 48, 48, 1\], the model takes \[1, 40, 40, 1\]"),
    ],
    ids=["not finite", "unsupported layer", "too few pictures", "another shape"],
)
def test_bad_input_leaves_the_old_model(
    model: object, faces: int, said: str, output: Path, tmp_path: Path
) -> None:
    run = a_run(tmp_path / "run", model())  # type: ignore[operator]
    with pytest.raises(QuantizeError, match=said) as caught:
        make_classifier(run, all_splits(faces, 14), ALIGNMENT, output)
    assert "\n" not in str(caught.value)
    assert sorted(path.name for path in output.parent.iterdir()) == [
        "emotion.json",
        "emotion.tflite",
    ]
    assert {path.read_bytes() for path in output.parent.iterdir()} == {OLD}


def test_a_folder_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    run = a_run(tmp_path / "run", tiny())
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(QuantizeError, match="file: cannot be written") as caught:
        make_classifier(run, all_splits(700, 14), ALIGNMENT, tmp_path / "file" / "emotion.tflite")
    assert "\n" not in str(caught.value)
    assert (tmp_path / "file").read_text() == "in the way"


def test_the_command_says_it_and_exits_with_one(
    output: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = a_run(tmp_path / "run", not_finite())
    monkeypatch.setattr(cli, "read", lambda _: all_splits(700, 14))
    monkeypatch.setattr(cli, "measure_alignment", lambda *_: ALIGNMENT)
    arguments = ["quantize", "classifier", str(run), "--data", ".", "--output", str(output)]
    assert main(arguments) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("mien: ")]
    assert "is not finite; train it again" in line
    assert output.read_bytes() == OLD


def test_a_good_run_prints_size_operations_and_speed(
    output: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = a_run(tmp_path / "run", tiny())
    monkeypatch.setattr(cli, "read", lambda _: all_splits(700, 70))
    monkeypatch.setattr(cli, "measure_alignment", lambda *_: ALIGNMENT)
    arguments = ["quantize", "classifier", str(run), "--data", ".", "--output", str(output)]
    assert main([*arguments, "--calibration", "percentile"]) == 0
    said = capsys.readouterr().out
    for part in ("operations: 1 CONV_2D, 1 MEAN, 1 FULLY_CONNECTED", "XNNPACK: 1 partition",
                 "float / int8"):  # fmt: skip
        assert part in said
    card = json.loads(output.with_suffix(".json").read_text())
    assert card["recipe"]["quantization"]["calibration"] == "percentile"
    assert card["figures"]["parity_public_test"]["same_answer"] > 0.8
    assert output.read_bytes() != OLD
