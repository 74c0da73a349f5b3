import dataclasses
import hashlib
import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

import trainer
from edge_app.cli import main
from edge_app.errors import UsageError
from tests.trainer.synthetic import all_splits
from trainer.averaging import average
from trainer.checkpoints import RunError, save_beside
from trainer.heads import LabelHead, VoteHead
from trainer.networks import mien
from trainer.recipes import Recipe
from trainer.training import train

pytestmark = pytest.mark.timeout(600)

RECIPE = Recipe(
    name="test",
    epochs=1,
    size="tiny",
    heads=(LabelHead(), VoteHead()),
    batch=32,
    learning_rate=0.1,
    warm_up_epochs=0,
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two runs, the second of which goes on from the first, with two others beside them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(mien.SIZES, "tiny", mien.Size(8, (mien.Stage(8, 1),)))
        folder = tmp_path_factory.mktemp("runs")
        first = train(RECIPE, all_splits(64, 32), folder / "first")
        onward = dataclasses.replace(RECIPE, name="onward", seed=2)
        train(onward, all_splits(64, 32), folder / "second", start=first)
        other = dataclasses.replace(RECIPE, name="other", heads=(LabelHead(),))
        train(other, all_splits(64, 32), folder / "other")
        # As another run of the same recipe begins.
        keras.utils.set_random_seed(3)
        stranger = mien.build({head.name: len(head.labels) for head in RECIPE.heads}, size="tiny")
        (folder / "stranger").mkdir()
        save_beside(stranger, folder / "stranger" / "model.keras")
        shutil.copy(folder / "first" / "recipe.json", folder / "stranger")
    return folder / "first", folder / "second"


def weights(run: Path) -> list[np.ndarray]:
    return keras.saving.load_model(run / "model.keras", compile=False).get_weights()


def test_each_weight_is_the_mean_by_shares(runs: tuple[Path, Path], tmp_path: Path) -> None:
    first, second = runs
    model = average({first: 0.25, second: 0.75}, tmp_path / "mean")
    assert model == tmp_path / "mean" / "model.keras"
    before, after, means = weights(first), weights(second), weights(tmp_path / "mean")
    assert not any(
        np.array_equal(*pair) for pair in zip(before, after, strict=True) if pair[0].ndim > 1
    )
    for one, other, mean in zip(before, after, means, strict=True):
        assert np.allclose(mean, 0.25 * one + 0.75 * other, atol=1e-6)


def test_runs_that_share_no_beginning_are_averaged_with_a_warning(
    runs: tuple[Path, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = runs
    stranger = first.parent / "stranger"
    average({second: 0.2, first: 0.5, stranger: 0.3}, tmp_path / "mean")
    (warned,) = caplog.messages
    assert warned.startswith(f"{stranger}: its weights have little in common with those of {first}")
    assert (tmp_path / "mean" / "model.keras").exists()
    caplog.clear()
    average({first: 0.5, second: 0.5}, tmp_path / "akin")
    assert caplog.messages == []


def test_kept_runs_that_went_on_from_each_other_are_akin(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept = Path(trainer.__file__).parent / "weights"
    average({kept / "patient-2": 0.5, kept / "by-heart-mean-3": 0.5}, tmp_path / "mean")
    assert caplog.messages == []


def test_the_folder_says_what_was_averaged(runs: tuple[Path, Path], tmp_path: Path) -> None:
    first, second = runs
    average({first: 0.4, second: 0.6}, tmp_path / "mean")
    stored = json.loads((tmp_path / "mean" / "recipe.json").read_text())
    assert stored["recipe"]["name"] == "onward"
    assert stored["averaged"] == [
        {
            "recipe": name,
            "model_sha256": hashlib.sha256((run / "model.keras").read_bytes()).hexdigest(),
            "share": share,
        }
        for run, name, share in ((first, "test", 0.4), (second, "onward", 0.6))
    ]
    with pytest.raises(RunError, match="another recipe"):
        average({first: 0.5, second: 0.5}, tmp_path / "mean")


def test_the_folder_says_what_any_of_them_learned_from_before(
    runs: tuple[Path, Path], tmp_path: Path
) -> None:
    copies = [Path(shutil.copytree(run, tmp_path / run.name)) for run in runs]
    for copy, earlier in zip(copies, (["b", "a"], ["a", "c"]), strict=True):
        stored = json.loads((copy / "recipe.json").read_text())
        (copy / "recipe.json").write_text(json.dumps(stored | {"earlier_data_sha256": earlier}))
    average(dict.fromkeys(copies, 0.5), tmp_path / "mean")
    stored = json.loads((tmp_path / "mean" / "recipe.json").read_text())
    assert stored["earlier_data_sha256"] == ["a", "b", "c"]


def test_what_does_not_fit_is_refused(runs: tuple[Path, Path], tmp_path: Path) -> None:
    first, second = runs
    with pytest.raises(UsageError, match="add up to 1"):
        average({first: 0.5, second: 0.6}, tmp_path / "mean")
    for shares in ((1.5, -0.5), (1.0, 0.0), (float("nan"), 0.5)):
        with pytest.raises(UsageError, match="above 0 that add up to 1"):
            average(dict(zip(runs, shares, strict=True)), tmp_path / "mean")
    with pytest.raises(RunError, match="other heads"):
        average({first: 0.5, first.parent / "other": 0.5}, tmp_path / "mean")
    with pytest.raises(RunError, match="No such file"):
        average({first: 0.5, tmp_path / "gone": 0.5}, tmp_path / "mean")
    other_data = tmp_path / "other-data"
    other_data.mkdir()
    stored = json.loads((first / "recipe.json").read_text())
    (other_data / "recipe.json").write_text(json.dumps(stored | {"data_sha256": "other"}))
    (other_data / "model.keras").write_bytes((first / "model.keras").read_bytes())
    with pytest.raises(RunError, match="other data"):
        average({first: 0.5, other_data: 0.5}, tmp_path / "mean")
    (other_data / "model.keras").write_text("no network")
    with pytest.raises(RunError, match="not a Keras model"):
        average({first: 0.5, other_data: 0.5}, tmp_path / "mean")
    for text in ("no JSON", "[]", "{}"):
        (other_data / "recipe.json").write_text(text)
        with pytest.raises(RunError, match=r"recipe\.json: no"):
            average({first: 0.5, other_data: 0.5}, tmp_path / "mean")
    assert not (tmp_path / "mean").exists()


def test_the_command_averages(
    runs: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = runs
    mean = tmp_path / "mean"
    words = ["train", "average", "--run", str(mean), f"{first}=0.5", f"{second}=0.5"]
    assert main(words) == 0
    assert capsys.readouterr().out.startswith(f"written: {mean}/model.keras; next: ")


def test_a_run_that_is_named_twice_is_refused(
    runs: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = runs
    again = first.parent / "second" / ".." / "first"
    words = ["train", "average", "--run", str(tmp_path / "mean")]
    assert main([*words, f"{first}=0.25", f"{again}=0.25", f"{second}=0.5"]) == 2
    assert f"mien: {first}: named more than once" in capsys.readouterr().err
    assert not (tmp_path / "mean").exists()


def test_mixtures_are_named_only_where_there_are_two_heads(
    runs: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, _ = runs
    for one, mixtures in ((first, True), (first.parent / "other", False)):
        mean = tmp_path / one.name
        assert main(["train", "average", "--run", str(mean), f"{one}=1"]) == 0
        said = capsys.readouterr().out
        assert f"next: mien quantize classifier {mean} --data FOLDER\n" in said
        assert (f"mien train mixtures {mean}" in said) == mixtures


@pytest.mark.parametrize("share", ["runs/first", "=0.5", "runs/first=much"])
def test_a_share_that_is_none_is_refused(
    share: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["train", "average", "--run", str(tmp_path), share])
    assert ended.value.code == 2
    assert repr(share) in capsys.readouterr().err
