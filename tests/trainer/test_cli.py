import argparse
import sys
import types
from pathlib import Path

import pytest

from tests.trainer.data.test_mosaic import write_mosaic
from trainer import cli
from trainer.data.class_counts import class_lines
from trainer.data.mosaic import read_mosaic


def test_a_run_says_what_it_learns_from_before_it_trains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_mosaic(tmp_path, tiles=341, labels=300)
    said: list[str] = []

    def train(*_: object, **__: object) -> Path:
        said.extend(capsys.readouterr().out.splitlines())
        return tmp_path / "model.keras"

    training = types.ModuleType("trainer.training")
    training.train = train  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "trainer.training", training)
    parser = argparse.ArgumentParser()
    cli.add_arguments(parser)
    assert cli.run(parser.parse_args(["run", "--data", str(tmp_path)])) == 0
    table = class_lines(read_mosaic(tmp_path))
    assert "300 faces" in said
    first = said.index(table[0])
    assert said[first : first + len(table)] == table
