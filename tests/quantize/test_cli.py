import argparse
import os

import pytest

from edge_app.cli import main
from quantize.cli import _shares, run


def test_shares_are_read() -> None:
    assert _shares("fer2013=0.25, ferplus=0.75") == {"fer2013": 0.25, "ferplus": 0.75}


def test_shares_that_are_not_a_whole_are_refused() -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="sum to 1"):
        _shares("fer2013=0.5,ferplus=0.6")


@pytest.mark.parametrize("shares", ["fer2013", "fer2013=half", "fer2013=2"])
def test_shares_that_make_no_sense_are_usage(
    shares: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["quantize", "classifier", "runs/base", "--data", ".", "--shares", shares])
    assert caught.value.code == 2
    assert "--shares" in capsys.readouterr().err


def test_a_network_that_learned_with_pytorch_is_converted_by_tensorflow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "torch")

    def backend(_: argparse.Namespace) -> int:
        return os.environ["KERAS_BACKEND"] == "tensorflow"

    assert run(argparse.Namespace(make=backend))
