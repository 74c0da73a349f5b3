import argparse
import dataclasses
import hashlib
import json
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.trainer.synthetic import all_splits, write_mosaic
from trainer import average_command
from trainer.averaging import average
from trainer.checkpoints import RunError
from trainer.data import Faces
from trainer.heads import MixedHead, VoteHead
from trainer.recipes import Recipe
from trainer.training import train

# Keras traces each network anew, which takes a minute on a slow machine.
pytestmark = pytest.mark.timeout(600)

#: Its weights are the random ones that its seed gives.
UNTAUGHT = Recipe(name="test", epochs=0, heads=(MixedHead(1.0), VoteHead()), batch=32, size="small")


@pytest.fixture(scope="module")
def faces() -> Faces:
    return all_splits(training=32, others=28)


@pytest.fixture(scope="module")
def runs(faces: Faces, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("runs")
    return [
        train(dataclasses.replace(UNTAUGHT, seed=seed), faces, folder / str(seed)).parent
        for seed in (1, 2)
    ]


def weights(run: Path) -> list[np.ndarray]:
    return keras.saving.load_model(run / "model.keras", compile=False).get_weights()


def test_every_weight_is_the_mean_of_the_runs(runs: list[Path], tmp_path: Path) -> None:
    made = average(runs, tmp_path / "mean")
    assert made == tmp_path / "mean" / "model.keras"
    both = zip(*map(weights, runs), strict=True)
    for (one, other), mean in zip(both, weights(made.parent), strict=True):
        np.testing.assert_array_equal(mean, (one + other) / 2)
    assert any(not np.array_equal(a, b) for a, b in zip(*map(weights, runs), strict=True))


def test_the_folder_says_what_it_was_made_of(runs: list[Path], tmp_path: Path) -> None:
    average(runs, tmp_path / "mean")
    stored = json.loads((tmp_path / "mean" / "recipe.json").read_text())
    models = [(run / "model.keras").read_bytes() for run in runs]
    assert stored["averaged_sha256"] == [hashlib.sha256(each).hexdigest() for each in models]
    assert stored["recipe"]["seed"] == 2
    assert sorted(each.name for each in (tmp_path / "mean").iterdir()) == [
        "model.keras", "recipe.json",
    ]  # fmt: skip


def test_a_run_alone_or_of_another_network_is_refused(
    runs: list[Path], faces: Faces, tmp_path: Path
) -> None:
    with pytest.raises(RunError, match="two runs at least"):
        average(runs[:1], tmp_path / "mean")
    with pytest.raises(RunError, match="finish the run first"):
        average([*runs, tmp_path], tmp_path / "mean")
    medium = train(dataclasses.replace(UNTAUGHT, size="medium"), faces, tmp_path / "medium")
    with pytest.raises(RunError, match="another network or other data"):
        average([*runs, medium.parent], tmp_path / "mean")
    fewer = faces.where(np.arange(len(faces)) % 2 == 0)
    other_data = train(UNTAUGHT, fewer, tmp_path / "fewer")
    with pytest.raises(RunError, match="another network or other data"):
        average([*runs, other_data.parent], tmp_path / "mean")
    assert not (tmp_path / "mean").exists()


def test_a_folder_of_another_run_is_left_alone(runs: list[Path], tmp_path: Path) -> None:
    average(runs, tmp_path)
    with pytest.raises(RunError, match="another recipe"):
        average(runs[::-1], tmp_path)


def test_the_command_sets_the_mean_beside_the_runs(
    runs: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_mosaic(all_splits(training=271, others=35), tmp_path)
    parser = argparse.ArgumentParser()
    average_command.add_arguments(parser)
    words = [*runs, "--data", tmp_path, "--run", tmp_path / "mean"]
    assert average_command.run(parser.parse_args([str(word) for word in words])) == 0
    *figures, last = capsys.readouterr().out.splitlines()
    models = [each / "model.keras" for each in (*runs, tmp_path / "mean")]
    assert [line.split(": PublicTest ")[0] for line in figures] == [str(each) for each in models]
    assert all(line.count("%") == 4 for line in figures)
    assert last.startswith(f"written: {models[-1]}; next: mien quantize classifier")
