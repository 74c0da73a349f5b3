"""`mien train run` as typed."""

import argparse
import re
import shlex
import signal
import sys
from pathlib import Path
from typing import TextIO

import pytest

from edge_app.cli import main
from tests.trainer.data.test_mosaic import write_mosaic
from trainer import cli
from trainer.augmentation import MIRRORED
from trainer.checkpoints import read_history, read_network, read_recipe
from trainer.data.class_counts import class_lines
from trainer.data.mosaic import read_mosaic
from trainer.heads import MixedHead
from trainer.networks import mien
from trainer.recipes import RECIPES, Recipe

# Keras traces each network anew, which takes a minute on a slow machine.
pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """To train a tiny network for two epochs."""
    monkeypatch.setitem(mien.SIZES, "tiny", mien.Size(8, (mien.Stage(8, 1),)))
    recipe = Recipe(
        name="quick", epochs=2, size="tiny", heads=(MixedHead(1.0),), batch=32,
        learning_rate=0.05, warm_up_epochs=0.5, augmentation=MIRRORED,
    )  # fmt: skip
    monkeypatch.setitem(RECIPES, recipe.name, recipe)
    data = tmp_path / "my data"
    data.mkdir()
    write_mosaic(data, tiles=341, labels=300)
    run = str(tmp_path / "a run")
    return ["train", "run", "--recipe", "quick", "--data", str(data), "--run", run]


def test_a_run_says_what_it_learns_from_trains_and_leaves_a_network(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "a run"
    assert main(words) == 0
    said = capsys.readouterr().out.splitlines()

    table = class_lines(read_mosaic(tmp_path / "my data"))
    assert "300 faces" in said
    first = said.index(table[0])
    assert said[first : first + len(table)] == table
    *epochs, last = said[-3:]
    assert first + len(table) <= len(said) - 3
    for number, line in enumerate(epochs, 1):
        share = r"[\d.]+% \([\d.]+% without twins\)"
        figures = rf"loss [\d.]+, PublicTest logits_fer2013 {share}, \d+ s"
        assert re.fullmatch(rf"epoch {number}/2: {figures}", line)
    model = run / "model.keras"
    written, _, following = last.partition("; next: ")
    assert written == f"written: {model}"
    typed = ["mien", "quantize", "classifier", str(run), "--data", str(tmp_path / "my data")]
    assert shlex.split(following) == typed
    first, _ = read_history(run)
    assert first["logits_fer2013_without_twins"] == first["logits_fer2013"]
    assert read_recipe(run)["recipe"]["name"] == "quick"
    assert read_network(model).output_names == ["logits"]

    # Rows of a mosaic are faces; what is quantized of a run is read as the run was.
    assert main([*words, "--crops", "find"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line for line in said if "epoch" in line] == []
    assert said[-1] == f"{last} --crops find"


def test_an_interrupted_run_says_what_is_kept_and_goes_on(
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = tmp_path / "a run"

    def interrupted(said: str, file: TextIO | None = None, **_: object) -> None:
        (file or sys.stdout).write(f"{said}\n")
        if said.startswith("epoch 1/"):
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr("trainer.cli.print", interrupted, raising=False)
        assert main(words) == 130
    *_, last = capsys.readouterr().err.splitlines()
    assert last == f"{run}: 1 of 2 epochs are kept; the same command goes on behind them"
    assert main(words) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line[:9] for line in said if line.startswith("epoch")] == ["epoch 2/2"]


def test_unasked_it_trains_what_make_train_does() -> None:
    parser = argparse.ArgumentParser()
    cli.add_arguments(parser)
    assert parser.parse_args(["run", "--data", "."]).recipe == "robust"
    makefile = (Path(__file__).parents[2] / "Makefile").read_text()
    assert "mien train run --recipe robust " in makefile
