"""A model's answers here against the shipped golden files, and against spoilt ones."""

from __future__ import annotations

import hashlib
import json
import shutil
import zlib
from base64 import b64decode, b64encode
from pathlib import Path

import numpy as np
import pytest

from edge_app.perception import ModelError
from edge_app.perception.card import card_path, read_card
from edge_app.perception.golden import Verdict, check, golden_input, golden_path
from edge_app.perception.int8_model import Int8Model
from edge_app.perception.shipped import EMOTION, FACE_160, FACE_320

SHIPPED = pytest.mark.parametrize("path", [EMOTION, FACE_160, FACE_320], ids=lambda p: p.stem)


@pytest.fixture
def model(tmp_path: Path) -> Int8Model:
    """A copy of the shipped classifier with its card and golden file."""
    for path in (EMOTION, card_path(EMOTION), golden_path(EMOTION)):
        shutil.copy(path, tmp_path)
    return Int8Model.load(tmp_path / EMOTION.name)


def change(model: Int8Model, **changed: object) -> None:
    path = golden_path(model.path)
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))


def stored(model: Int8Model) -> np.ndarray:
    packed = json.loads(golden_path(model.path).read_text())["answers"]["logits"]
    return np.frombuffer(zlib.decompress(b64decode(packed)), np.int8)


def store(model: Int8Model, values: np.ndarray) -> None:
    packed = b64encode(zlib.compress(values.astype(np.int8).tobytes())).decode()
    change(model, answers={"logits": packed})


def refusal(model: Int8Model) -> str:
    with pytest.raises(ModelError) as caught:
        check(model)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(golden_path(model.path)))
    return message


@SHIPPED
def test_the_shipped_models_answer_as_where_they_were_made(path: Path) -> None:
    model = Int8Model.load(path)
    result = check(model)
    if model.runtime.name == "ai-edge-litert":
        assert result.verdict is Verdict.EXACT, result
    else:
        assert result.verdict is Verdict.WITHIN_TOLERANCE, result


@SHIPPED
def test_the_built_in_kernels_are_within_tolerance(path: Path) -> None:
    result = check(Int8Model(path, read_card(path), 1, xnnpack=False))
    assert result.verdict is Verdict.WITHIN_TOLERANCE
    assert 0 < result.differing < 1
    assert str(result).startswith("within tolerance: ")


def test_inputs_are_the_same_bytes_on_every_machine() -> None:
    """The hash was taken once; NumPy, Python or processor must not matter."""
    given = golden_input((1, 21, 34, 3), 1)
    assert given.shape == (1, 21, 34, 3)
    assert given.dtype == np.int8
    assert hashlib.sha256(given.tobytes()).hexdigest() == (
        "bbec46be774c29b4d79c6a2556d4778e6815a7be4a786ac1ac810f4a55ed15c4"
    )


def test_inputs_differ_and_use_the_whole_range() -> None:
    some, other = (golden_input((1, 160, 160, 3), n) for n in (0, 1))
    assert not np.array_equal(some, other)
    assert some.min() < -120
    assert some.max() > 110


def test_the_largest_difference_decides(model: Int8Model) -> None:
    change(model, tolerance=5)
    off = stored(model).astype(int)
    store(model, np.where(off > 0, off - 5, off + 5))
    result = check(model)
    assert (result.verdict, result.largest_difference) == (Verdict.WITHIN_TOLERANCE, 5)
    assert result.differing == 1
    off[3] += 6 if off[3] < 100 else -6
    store(model, off)
    result = check(model)
    assert (result.verdict, result.largest_difference) == (Verdict.FAILED, 6)
    assert result.differing == pytest.approx(1 / len(off))
    assert "by up to 6 quantization steps; 5 are allowed" in str(result)


def test_the_largest_difference_there_can_be_is_counted(model: Int8Model) -> None:
    off = stored(model)
    store(model, np.where(off < 0, 127, -128))
    assert check(model).largest_difference > 127


def test_a_model_without_a_golden_file_is_told_how_to_get_one(model: Int8Model) -> None:
    golden_path(model.path).unlink()
    assert "mien quantize golden" in refusal(model)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"schema_version": 7}, "schema version 7"),
        ({"schema_version": 2, "seed": "mien", "inputs": 3}, "schema version 2, this Mien"),
        ({"tolerance": -1}, "not a golden file"),
        ({"inputs": []}, "not a golden file"),
        ({"answers": {}}, "not a golden file"),
        ({"answers": {"logits": "?"}}, "not a golden file"),
        ({"answers": {"logits": b64encode(b"raw").decode()}}, "damaged"),
        ({"answers": {"scores": b64encode(zlib.compress(b"1")).decode()}}, "outputs are not"),
        ({"answers": {"logits": b64encode(zlib.compress(b"1")).decode()}}, "outputs are not"),
        ({"model_sha256": "0" * 64}, "another model"),
        ({"inputs": ["0" * 64]}, "inputs are not this Mien's"),
    ],
)
def test_a_golden_file_that_is_none_is_refused(
    model: Int8Model, changed: dict[str, object], said: str
) -> None:
    change(model, **changed)
    assert said in refusal(model)


def test_bytes_that_are_no_json_are_refused(model: Int8Model) -> None:
    golden_path(model.path).write_bytes(b"\xff{")
    assert "not a golden file" in refusal(model)
