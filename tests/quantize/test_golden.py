"""Golden files of models that are not Mien's."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from edge_app.cli import main
from edge_app.perception.card import card_path
from edge_app.perception.golden import Verdict, check, golden_path, read_golden
from edge_app.perception.int8_model import Int8Model
from edge_app.perception.shipped import FACE_160, MODELS
from quantize.golden import write_golden


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model with its card and no golden file."""
    for path in (FACE_160, card_path(FACE_160)):
        shutil.copy(path, tmp_path)
    return tmp_path / FACE_160.name


def test_a_model_answers_as_its_golden_file_says(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["quantize", "golden", str(model)]) == 0
    assert str(golden_path(model)) in capsys.readouterr().out
    assert check(Int8Model.load(model)).verdict is Verdict.EXACT


def test_the_file_is_the_same_each_time_and_smaller_than_the_model(model: Path) -> None:
    first = write_golden(model).read_bytes()
    assert write_golden(model).read_bytes() == first
    assert len(first) < model.stat().st_size / 2


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_tolerances_leave_room_for_rounding_and_not_for_nonsense(path: Path) -> None:
    assert 0 < read_golden(path).tolerance < 64


def test_a_model_without_a_card_gets_none(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    card_path(model).unlink()
    assert main(["quantize", "golden", str(model)]) == 1
    assert "needs its card" in capsys.readouterr().err
    assert not golden_path(model).exists()
