import argparse
import os
import re
from pathlib import Path

import pytest

from edge_app.cli import main
from quantize.classifier_command import _shares
from quantize.cli import run


def test_shares_are_read() -> None:
    assert _shares("fer2013=0.25, ferplus=0.75") == {"fer2013": 0.25, "ferplus": 0.75}


def test_shares_that_are_not_a_whole_are_refused() -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="sum to 1"):
        _shares("fer2013=0.5,ferplus=0.6")


@pytest.mark.parametrize(
    ("option", "given", "said"),
    [
        ("--shares", "fer2013", "'fer2013' is no HEAD=SHARE, as fer2013=0.5"),
        ("--shares", "ferplus=0.5,fer2013=half", "'fer2013=half' is no HEAD=SHARE, as fer2013=0.5"),
        ("--shares", "fer2013=2", "2: a share is from 0 to 1"),
        ("--shares", "fer2013=1.5,ferplus=-0.5", "1.5: a share is from 0 to 1"),
        ("--shares", "ferplus=-0.5,fer2013=1.5", "-0.5: a share is from 0 to 1"),
        ("--shares", "fer2013=nan", "nan: a share is from 0 to 1"),
        ("--shares", "fer2013=0.5,ferplus=0.6", "the shares do not sum to 1"),
        ("--shares", "fer2013=0.2, fer2013=1", "fer2013: named twice; name each head once"),
        ("--balance", "much", "'much' is no number; name a share from 0 to 1"),
        ("--balance", "1.01", "1.01: a share is from 0 to 1"),
    ],
)
def test_shares_that_make_no_sense_are_usage(
    option: str, given: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["quantize", "classifier", "runs/base", "--data", ".", option, given])
    assert caught.value.code == 2
    assert capsys.readouterr().err.endswith(f"error: argument {option}: {said}\n")


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("", "a folder; name the file to write, as .*emotion.tflite"),
        ("model.bin", "ends with .tflite"),
        ("model", "ends with .tflite"),
    ],
)
def test_an_output_that_is_no_models_file_is_refused_before_anything_is_read(
    output: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["classifier", "no-run", "--data", "no-data", "--output", str(tmp_path / output)]
    assert main(["quantize", *words]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert re.search(said, line)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("output", "lines"),
    [
        ("emotion.tflite", 0),
        ("emotion_small.tflite", 0),
        ("mine.tflite", 1),
        ("face_320.tflite", 1),
    ],
)
def test_a_name_that_devices_do_not_look_for_is_told_before_the_work(
    output: str, lines: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["classifier", "no-run", "--data", "no-data", "--output", str(tmp_path / output)]
    assert main(["quantize", *words]) == 1
    *warned, _ = capsys.readouterr().err.splitlines()
    expected = (
        f"{tmp_path / output}: mien run looks for no model so called, and refuses a folder that"
        " holds one; call it emotion.tflite or emotion_small.tflite there"
    )
    assert warned == [expected] * lines


def test_a_network_that_learned_with_pytorch_is_converted_by_tensorflow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "torch")

    def backend(_: argparse.Namespace) -> int:
        return os.environ["KERAS_BACKEND"] == "tensorflow"

    assert run(argparse.Namespace(make=backend))
