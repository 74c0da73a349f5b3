import argparse

import pytest

from edge_app.cli import main
from quantize.cli import _shares


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
