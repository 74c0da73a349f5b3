import dataclasses
from pathlib import Path

import keras
import numpy as np
import pytest

from edge_app.cli import main
from tests.trainer.synthetic import all_splits, write_mosaic
from trainer.batches import as_input
from trainer.checkpoints import save_beside
from trainer.data import Split, read
from trainer.networks import mien
from trainer.opinions import opinions

# Keras traces each network anew, which takes a minute on a slow machine.
pytestmark = pytest.mark.timeout(600)

HEADS = {"fer2013": 7, "ferplus": 8}


def finished(folder: Path, seed: int, heads: dict[str, int] = HEADS) -> Path:
    """A run whose network knows nothing, but does not say the same of all faces."""
    model = mien.build(heads, size="tiny")
    rng = np.random.default_rng(seed)
    model.set_weights([rng.normal(size=w.shape) if w.ndim > 1 else w for w in model.get_weights()])
    folder.mkdir()
    save_beside(model, folder / "model.keras")
    return folder


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(mien.SIZES, "tiny", mien.Size(8, (mien.Stage(8, 1),)))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A row of a mosaic, 28 faces of each test split, whose voters say what the labels say."""
    faces = all_splits(285, 28)
    votes = np.zeros_like(faces.votes)
    votes[np.arange(len(faces)), np.array([4, 5, 6, 1, 3, 2, 0])[faces.labels]] = 10
    folder = tmp_path / "data"
    folder.mkdir()
    write_mosaic(dataclasses.replace(faces, votes=votes), folder)
    return folder


def figures(printed: str, table: str, row: str) -> list[float]:
    """Of the row that begins so, in the table whose first column is called so."""
    lines = printed.split(f"| {table} |", 1)[1].splitlines()
    (found,) = [line for line in lines if line.startswith(f"| {row} |")][:1]
    return [float(cell) for cell in found.split("|")[2:-1]]


def test_heads_alone_shares_balance_and_conditions_are_printed(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = finished(tmp_path / "run", 1)
    assert main(["train", "mixtures", str(run), "--data", str(data), "--conditions"]) == 0
    printed = capsys.readouterr().out
    model = keras.saving.load_model(run / "model.keras", compile=False)
    public = all_splits(285, 28).pixels[285:313]
    said = opinions([model], as_input(public), mirrored=False)
    right = np.mean(said["fer2013"].argmax(axis=1) == np.arange(28) % 7)
    assert f"each head alone is right on: fer2013 {100 * right:.1f} %, ferplus " in printed
    # All of the first head, and no emotion weighed: its accuracy stands in the second column.
    assert figures(printed, "share", "1.0")[1] == pytest.approx(100 * right, abs=0.05)
    assert printed.count("<- chosen") == 2
    assert len(figures(printed, "points lost", "Low light")) == 2


def test_twins_of_training_pictures_choose_no_mixture(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = finished(tmp_path / "run", 1)
    faces = read(data)
    rows = np.flatnonzero(faces.split == Split.PUBLIC_TEST)
    faces.pixels[rows[7:]] = faces.pixels[:21]
    write_mosaic(faces, data)
    assert main(["train", "mixtures", str(run), "--data", str(data), "--share", "1"]) == 0
    first, second, *_ = (printed := capsys.readouterr().out).splitlines()
    assert first.endswith("; of 28 all faces")
    assert second.endswith("; of 7 faces without twins of training pictures")
    model = keras.saving.load_model(run / "model.keras", compile=False)
    said = opinions([model], as_input(faces.pixels[rows[:7]]), mirrored=False)
    right = 100 * np.mean(said["fer2013"].argmax(axis=1) == faces.labels[rows[:7]])
    assert f"fer2013 {right:.1f} %" in second
    assert figures(printed, "balance", "0.0")[1] == pytest.approx(right, abs=0.05)


def test_several_runs_are_asked_together_and_mirrored(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [finished(tmp_path / name, seed) for seed, name in enumerate("ab")]
    asked = ["train", "mixtures", *map(str, runs), "--data", str(data), "--share", "1"]
    assert main([*asked, "--mirrored"]) == 0
    printed = capsys.readouterr().out
    assert "| share |" not in printed
    models = [keras.saving.load_model(run / "model.keras", compile=False) for run in runs]
    public = as_input(all_splits(285, 28).pixels[285:313])
    together = np.mean(
        [
            keras.ops.convert_to_numpy(keras.ops.softmax(model(view)["fer2013"]))
            for model in models
            for view in (public, np.ascontiguousarray(public[:, :, ::-1]))
        ],
        axis=0,
    )
    right = np.mean(together.argmax(axis=1) == np.arange(28) % 7)
    assert f"fer2013 {100 * right:.1f} %" in printed
    assert figures(printed, "balance", "0.0")[1] == pytest.approx(100 * right, abs=0.05)


def test_runs_without_the_two_heads_are_refused(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, other = finished(tmp_path / "a", 1), finished(tmp_path / "b", 1, {"logits": 7})
    assert main(["train", "mixtures", str(run), str(other), "--data", str(data)]) == 2
    assert "mixtures are of the heads fer2013 and ferplus, not of logits" in capsys.readouterr().err
