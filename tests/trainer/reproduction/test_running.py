"""A paper's recipe, made small: it resumes, stops early, refuses, and says what it did."""

import json
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.trainer.synthetic import all_splits
from trainer.checkpoints import HISTORY, RunError, alone_in
from trainer.data import Faces
from trainer.reproduction import RECIPES
from trainer.reproduction.faces import split
from trainer.reproduction.four_block import MOVED
from trainer.reproduction.recipe import EarlyStopping, ReproductionError, best_epoch
from trainer.reproduction.result import RESULT, read_result
from trainer.reproduction.running import reproduce, run_recipe

# Network A has what a resumed run could get wrong: dropout, and Adam's moments.
SMALL = replace(
    RECIPES["kuchuk-a"],
    training=56, validation=28, batch=28, epochs=3, learning_rate=1e-3, augmentation=MOVED,
)  # fmt: skip

# The smallest network, which learns slowly enough to be seen at it.
QUICK = replace(SMALL, name="lenet", network="lenet", augmentation=None)


class KilledError(Exception):
    """It stands for a signal."""


@pytest.fixture(scope="module")
def faces() -> Faces:
    return all_splits(training=112, others=14)


def weights(run: Path) -> list[np.ndarray]:
    return keras.saving.load_model(run / "model.keras", compile=False).get_weights()


def told(run: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (run / HISTORY).read_text().splitlines()]


def test_a_killed_run_ends_as_if_it_had_not_been(faces: Faces, tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    result = run_recipe(SMALL, faces, whole)

    def kill_after_the_first(figures: dict[str, float]) -> None:
        assert figures["epoch"] == 1
        raise KilledError

    with pytest.raises(KilledError):
        run_recipe(SMALL, faces, killed, progress=kill_after_the_first)
    # Killed again with weights written, but before their epoch counted.
    (killed / "epoch-0002.keras").write_bytes(b"half")
    again = run_recipe(SMALL, faces, killed)

    for one, other in zip(weights(whole), weights(killed), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    for one, other in zip(told(whole), told(killed), strict=True):
        assert one["loss"] == pytest.approx(other["loss"], abs=1e-4)
        assert one["validation"] == other["validation"]
    assert told(whole)[-1]["loss"] < told(whole)[0]["loss"]
    assert again.validation == result.validation
    assert sorted(path.name for path in killed.iterdir()) == [
        "epoch-0003.keras", "history.jsonl", "model.keras", "recipe.json", "result.json",
    ]  # fmt: skip


def test_a_folder_that_another_process_trains_in_is_refused(faces: Faces, tmp_path: Path) -> None:
    with alone_in(tmp_path), pytest.raises(RunError, match="another process trains in it"):
        run_recipe(QUICK, faces, tmp_path)


def test_a_run_cut_short_says_so_and_can_be_taken_to_its_end(faces: Faces, tmp_path: Path) -> None:
    short = run_recipe(QUICK, faces, tmp_path, epochs=1)
    assert not short.full
    assert short.extent == "CUT SHORT, 1 of 3 epochs"
    assert short.command == "mien train reproduce lenet --data DIR --epochs 1"
    full = run_recipe(QUICK, faces, tmp_path)
    assert (full.full, full.extent) == (True, "full, 3 epochs")
    assert full.command == "mien train reproduce lenet --data DIR"
    assert [line["epoch"] for line in told(tmp_path)] == [1, 2, 3]

    assert read_result(tmp_path / RESULT) == full
    assert run_recipe(QUICK, faces, tmp_path) == full, "a finished run is left as it is"
    assert (full.training_faces, full.validation.faces, full.private_test.faces) == (56, 28, 14)
    assert (full.parameters, full.macs) == (8_779, 880_404)
    assert full.seconds > 0
    assert full.data_sha256 == faces.sha256()
    assert full.machine.backend == keras.backend.backend()
    assert full.machine.processor
    assert full.machine.cores >= 1
    said = keras.saving.load_model(tmp_path / "model.keras", compile=False).output_names
    assert said == ["logits"]


def test_early_stopping_survives_a_resume_and_keeps_the_best(faces: Faces, tmp_path: Path) -> None:
    # A step that learns nothing: the first epoch stays the best.
    still = replace(QUICK, epochs=9, learning_rate=0.0, early_stopping=EarlyStopping(2))
    seen = []

    def kill_after_the_second(figures: dict[str, float]) -> None:
        seen.append(figures["epoch"])
        if figures["epoch"] == 2:
            raise KilledError

    with pytest.raises(KilledError):
        run_recipe(still, faces, tmp_path, progress=kill_after_the_second)
    assert sorted(path.name for path in tmp_path.glob("epoch-*")) == [
        "epoch-0001.keras", "epoch-0002.keras",
    ]  # fmt: skip
    result = run_recipe(still, faces, tmp_path, progress=kill_after_the_second)
    assert seen == [1, 2, 3]
    assert result.full
    assert result.extent == "full, stopped early after 3 of 9 epochs"
    assert result.epoch_kept == 1
    assert "--epochs" not in result.command
    stored = run_recipe(still, faces, tmp_path, progress=kill_after_the_second)
    assert (stored, seen) == (result, [1, 2, 3])


def test_patience_counts_from_the_best_epoch() -> None:
    stopping = EarlyStopping(patience=2)
    assert best_epoch([0.1, 0.3, 0.3]) == 2
    assert not stopping.stops([])
    assert not stopping.stops([0.3, 0.2])
    assert stopping.stops([0.3, 0.2, 0.3])
    assert not stopping.stops([0.3, 0.2, 0.4])


def test_faces_are_split_as_the_paper_did_and_always_alike(faces: Faces) -> None:
    training, validation = split(SMALL, faces)
    assert (len(training), len(validation)) == (56, 28)
    assert not validation.twins_of(training).any()
    again, _ = split(SMALL, faces)
    assert again.sha256() == training.sha256()
    other, _ = split(replace(SMALL, seed=2), faces)
    assert other.sha256() != training.sha256()
    whole, public = split(replace(RECIPES["four-block"], batch=28), faces)
    assert (len(whole), len(public)) == (112, 14)


def test_what_cannot_be_run_is_refused(faces: Faces, tmp_path: Path) -> None:
    with pytest.raises(ReproductionError, match=r"alexnet: no such recipe; there are four-block,"):
        reproduce("alexnet", faces, tmp_path)
    with pytest.raises(ReproductionError, match=r"lenet: needs CK\+; .* know no contempt"):
        reproduce("lenet", faces, tmp_path)
    with pytest.raises(ReproductionError, match=r"takes 9000 \+ 1000 faces .* has 112"):
        reproduce("kuchuk-a", faces, tmp_path)
    with pytest.raises(ReproductionError, match="are too few"):
        run_recipe(replace(QUICK, batch=64), faces, tmp_path)
    other = replace(faces, labels=np.full_like(faces.labels, 7))
    with pytest.raises(ReproductionError, match="needs FER2013"):
        run_recipe(SMALL, other, tmp_path)
    for epochs in (0, 61):
        with pytest.raises(ReproductionError, match=f"{epochs} epochs; the recipe has 60"):
            reproduce("kuchuk-a", faces, tmp_path, epochs=epochs)
    assert not list(tmp_path.iterdir())


def test_of_ckplus_the_faces_without_contempt_are_taken(faces: Faces, tmp_path: Path) -> None:
    labels = np.where(np.arange(len(faces)) % 14 == 13, 7, faces.labels)
    result = reproduce("lenet", replace(faces, labels=labels), tmp_path, epochs=1)
    assert (result.training_faces, result.validation.faces) == (104, 13)
    assert result.published.test == 0.9281


def test_a_folder_of_another_run_is_refused(faces: Faces, tmp_path: Path) -> None:
    run_recipe(QUICK, faces, tmp_path, epochs=1)
    with pytest.raises(RunError, match="another recipe"):
        run_recipe(replace(QUICK, seed=2), faces, tmp_path)
    run_recipe(replace(QUICK, chosen="better words"), faces, tmp_path, epochs=1)
    (tmp_path / "epoch-0001.keras").unlink()
    with pytest.raises(RunError, match=r"epoch-0001\.keras: no such file; remove"):
        run_recipe(QUICK, faces, tmp_path, epochs=2)
