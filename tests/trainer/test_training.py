import dataclasses
import hashlib
import json
import shutil
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest
import skimage.data

from tests.trainer.alignments import UPRIGHT
from tests.trainer.synthetic import all_splits
from trainer.augmentation import MIRRORED
from trainer.batches import Batches, as_input, cut_out
from trainer.checkpoints import HISTORY, MODEL, RunError, alone_in, read_alignment, read_recipe
from trainer.data import DataError, Faces, Split
from trainer.distillation import Teacher, TeacherError
from trainer.evaluation import agreements
from trainer.heads import MixedHead, VoteHead
from trainer.networks import mien
from trainer.networks.cost import macs
from trainer.recipes import RECIPES, Recipe
from trainer.schedule import WarmUpCosine
from trainer.training import train

# Keras traces each network anew, which takes a minute on a slow machine.
pytestmark = pytest.mark.timeout(600)

same_arithmetic = pytest.mark.skipif(
    keras.backend.backend() not in {"tensorflow", "torch"},
    reason="weights end alike on TensorFlow and PyTorch: docs/training.md promises it there",
)

#: What a run costs here is tracing its layers, so these have few.
FEW_LAYERS = {
    "tiny": mien.Size(8, (mien.Stage(8, 1),)),
    "tiny-wider": mien.Size(16, (mien.Stage(16, 1),)),
    "tiny-fine": mien.Size(8, (mien.Stage(8, 1),), whole=8),
}

RECIPE = Recipe(
    name="test",
    epochs=3,
    size="tiny",
    heads=(MixedHead(1.0), VoteHead()),
    batch=32,
    learning_rate=0.05,
    warm_up_epochs=0.5,
)


#: Light and edges stay; uniform pictures do.
STILL = dataclasses.replace(
    RECIPES["base"].augmentation, gamma=0, contrast=0, brightness=0, noise=0, erased=0,
    low_resolution=0,
)  # fmt: skip


@pytest.fixture(autouse=True)
def _sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in FEW_LAYERS.items():
        monkeypatch.setitem(mien.SIZES, name, size)


@pytest.fixture(scope="module")
def faces() -> Faces:
    return all_splits(training=224, others=28)


def weights(model: Path) -> list[np.ndarray]:
    return keras.saving.load_model(model, compile=False).get_weights()


def test_the_network_is_as_large_as_its_docstring_says() -> None:
    assert mien.__doc__ is not None
    for size in mien.SIZES.keys() - FEW_LAYERS:
        network = mien.build({"logits": 7}, size=size)
        row = next(line for line in mien.__doc__.splitlines() if line.split()[:1] == [size])
        assert f"{network.count_params() / 1e3:.0f} K" in row
        assert f"{macs(network) / 1e6:.1f} M" in row


def test_the_rate_rises_and_falls_to_zero() -> None:
    schedule = WarmUpCosine(peak=0.1, warm_up_steps=10, steps=110)
    rates = [float(schedule(step)) for step in range(111)]
    assert rates[0] == pytest.approx(0.01)
    assert rates[9] == pytest.approx(0.1)
    assert rates[60] == pytest.approx(0.05, rel=0.01)
    assert rates[110] == pytest.approx(0.0, abs=1e-8)


def test_batches_are_the_same_for_the_same_seed_and_epoch() -> None:
    pixels = np.arange(100, dtype=np.uint8)[:, None, None].repeat(48, 1).repeat(48, 2)
    targets = np.eye(100, dtype=np.float32)
    weights = np.arange(100, dtype=np.float32)
    recipe = RECIPES["base"]

    def first(epoch: int) -> tuple[np.ndarray, dict[str, np.ndarray], dict[str, np.ndarray]]:
        batches = Batches(
            pixels,
            {"head": (targets, weights)},
            batch=30,
            augmentation=recipe.augmentation,
            seed=1,
            epoch=epoch,
        )
        assert len(batches) == 3
        return batches[0]

    assert np.array_equal(first(0)[0], first(0)[0])
    assert not np.array_equal(first(0)[1]["head"], first(1)[1]["head"])
    _, shown, counted = first(0)
    assert np.array_equal(shown["head"].argmax(axis=1), counted["head"])


def test_blended_faces_have_blended_targets() -> None:
    pixels = np.arange(64, dtype=np.uint8)[:, None, None].repeat(48, 1).repeat(48, 2) * 4
    targets = np.eye(64, dtype=np.float32)
    counted = np.ones(64, np.float32)
    counted[::2] = 0  # a face that does not count lends its pixels, not its target
    batches = Batches(
        pixels, {"head": (targets, counted)}, batch=64, augmentation=STILL, seed=1, epoch=0,
        mix_up=0.5,
    )  # fmt: skip
    shown, by_head, weights = batches[0]
    rows, weight = by_head["head"], weights["head"]
    assert np.allclose(rows.sum(axis=1)[weight > 0], 1.0, atol=1e-5)
    assert ((rows > 0).sum(axis=1) == 2).any()
    # The level of a face that two counted ones made is the mean of theirs by their targets.
    both = (rows > 0).sum(axis=1) == 2
    levels = (rows @ (np.arange(64) * 4 / 255.0)).astype(np.float32)
    assert np.allclose(shown[both].mean(axis=(1, 2, 3)), levels[both], atol=1e-3)
    assert (rows[:, ::2] == 0).all()


def test_small_pictures_are_cut_from_random_places() -> None:
    rows, columns = np.indices((48, 48), np.float32)
    faces = np.stack([rows * 48 + columns] * 200)[..., np.newaxis]
    shown = cut_out(faces, 40, np.random.default_rng(1))[..., 0]
    assert shown.shape == (200, 40, 40)
    # Neighbouring pixels stay neighbours: nothing was shrunk.
    assert (np.diff(shown, axis=2) == 1).all()
    assert (np.diff(shown, axis=1) == 48).all()
    assert {(int(level) // 48, int(level) % 48) for level in shown[:, 0, 0]} >= {
        (0, 0), (0, 8), (8, 0), (8, 8),
    }  # fmt: skip
    targets = np.eye(8, dtype=np.float32)
    batches = Batches(
        np.zeros((8, 48, 48), np.uint8), {"head": (targets, np.ones(8, np.float32))}, batch=8,
        augmentation=STILL, seed=1, epoch=0, side=40, cut=True,
    )  # fmt: skip
    assert batches[0][0].shape == (8, 40, 40, 1)


def test_a_share_of_the_faces_is_shown_as_the_device_cuts_them() -> None:
    count = 512
    batches = Batches(
        np.zeros((count, 48, 48), np.uint8),
        {"head": (np.eye(count, dtype=np.float32), np.ones(count, np.float32))},
        batch=count, augmentation=STILL, seed=1, epoch=0,
        aligned=np.full((count, 48, 48), 255, np.uint8), aligned_share=0.25,
    )  # fmt: skip
    shown = batches[0][0].mean(axis=(1, 2, 3))
    assert set(shown.tolist()) == {0.0, 1.0}
    assert 0.2 < shown.mean() < 0.3
    assert np.array_equal(shown, batches[0][0].mean(axis=(1, 2, 3)))


def test_a_run_cuts_its_faces_as_the_device_does(faces: Faces, tmp_path: Path) -> None:
    portrait = cv2.cvtColor(skimage.data.astronaut()[40:190, 150:300], cv2.COLOR_RGB2GRAY)
    face = cv2.resize(portrait, (48, 48), interpolation=cv2.INTER_AREA)
    same = dataclasses.replace(faces, pixels=np.stack([face] * len(faces)))
    recipe = dataclasses.replace(RECIPE, epochs=1, aligned=1.0, corrected=False)
    train(recipe, same, tmp_path / "run")
    (crops,) = (tmp_path / "aligned").iterdir()
    with np.load(crops) as stored:
        assert stored["found"].all()


def test_a_taught_run_follows_its_teacher(faces: Faces, tmp_path: Path) -> None:
    alone = dataclasses.replace(RECIPE, epochs=1)
    teacher = train(alone, faces, tmp_path / "teacher")
    taught = dataclasses.replace(alone, taught=1.0, mix_up=0.3)
    with pytest.raises(TeacherError, match="needs a teacher"):
        train(taught, faces, tmp_path / "student")
    with pytest.raises(TeacherError, match="takes no teacher"):
        train(alone, faces, tmp_path / "other", teachers=[teacher])
    with pytest.raises(TeacherError, match="no such file"):
        train(taught, faces, tmp_path / "student", teachers=[tmp_path / "gone.keras"])
    (tmp_path / "other.keras").write_text("no network")
    with pytest.raises(TeacherError, match=r"other\.keras: not a Keras model"):
        train(taught, faces, tmp_path / "student", teachers=[tmp_path / "other.keras"])
    # Nobody wrote into the student's folder until there was a teacher.
    assert not (tmp_path / "student").exists()
    train(taught, faces, tmp_path / "student", teachers=[teacher])
    stored = json.loads((tmp_path / "student" / "recipe.json").read_text())
    assert stored["teacher_sha256"] == [hashlib.sha256(teacher.read_bytes()).hexdigest()]

    calm = dataclasses.replace(taught, teacher_sees="original")
    train(calm, faces, tmp_path / "calm", teachers=[teacher])
    same = weights(tmp_path / "calm" / "model.keras"), weights(tmp_path / "student" / "model.keras")
    assert any(not np.array_equal(a, b) for a, b in zip(*same, strict=True))

    shown = as_input(faces.pixels[:32])
    opinions = Teacher([teacher], {"logits": 7, "ferplus": 8}).opinions(shown)
    mirrored = Teacher([teacher, teacher], {"logits": 7, "ferplus": 8}).opinions(
        np.ascontiguousarray(shown[:, :, ::-1])
    )
    for name, rows in opinions.items():
        assert np.allclose(rows, mirrored[name], atol=1e-5)
    ((_, targets, _),) = [
        Batches(
            faces.pixels[:32], {head.name: head.targets(faces.where(np.arange(len(faces)) < 32))
                                for head in RECIPE.heads},
            batch=32, augmentation=RECIPE.augmentation, seed=1, epoch=0,
            teacher=Teacher([teacher], {"logits": 7, "ferplus": 8}), taught=1.0,
        )[0]
    ]  # fmt: skip
    assert {name: rows.shape for name, rows in targets.items()} == {
        name: rows.shape for name, rows in opinions.items()
    }
    for rows in (*targets.values(), *opinions.values()):
        assert np.allclose(rows.sum(axis=1), 1.0, atol=1e-5)


def test_a_run_begins_with_another_ones_weights(faces: Faces, tmp_path: Path) -> None:
    short = dataclasses.replace(RECIPE, epochs=1)
    first = train(short, faces, tmp_path / "first")
    still = dataclasses.replace(short, learning_rate=0.0)
    second = train(still, faces, tmp_path / "second", start=first)
    kernels = [[w for w in weights(path) if w.ndim == 4] for path in (first, second)]
    for before, after in zip(*kernels, strict=True):
        assert np.array_equal(before, after)
    stored = json.loads((tmp_path / "second" / "recipe.json").read_text())
    assert stored["start_sha256"] == hashlib.sha256(first.read_bytes()).hexdigest()
    assert "earlier_data_sha256" not in stored, "it learned from the same faces"
    with pytest.raises(RunError, match="another size"):
        train(dataclasses.replace(short, size="tiny-wider"), faces, tmp_path / "third", start=first)
    with pytest.raises(RunError, match="No such file"):
        train(short, faces, tmp_path / "fourth", start=tmp_path / "gone.keras")
    other = tmp_path / "other.keras"
    other.write_text("version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(RunError, match=r"other\.keras: not a Keras model") as caught:
        train(short, faces, tmp_path / "fifth", start=other)
    assert "\n" not in str(caught.value)
    # None of them keeps its folder from a run that fits.
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["first", "second"]


def test_a_run_notes_what_those_learned_from_that_it_goes_back_to(
    faces: Faces, tmp_path: Path
) -> None:
    none = dataclasses.replace(RECIPE, epochs=0)
    first = train(none, faces, tmp_path / "first")
    other = all_splits(training=64, others=28)
    second = train(none, other, tmp_path / "second", start=first)
    own = all_splits(training=96, others=28)
    taught = dataclasses.replace(none, taught=0.5)
    stray = Path(shutil.copy(first, tmp_path / "stray.keras"))
    third = train(taught, own, tmp_path / "third", start=second, teachers=[second, stray])
    assert read_recipe(second.parent)["earlier_data_sha256"] == [faces.sha256()]
    assert read_recipe(third.parent)["earlier_data_sha256"] == [
        *sorted([faces.sha256(), other.sha256()]),
        "unknown",
    ]


def test_a_run_notes_how_its_faces_are_framed(
    faces: Faces, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    none = dataclasses.replace(RECIPE, epochs=0)
    framed = dataclasses.replace(faces, alignment=UPRIGHT)
    run = train(none, framed, tmp_path / "run").parent
    assert read_alignment(run) == UPRIGHT
    assert caplog.messages == []
    # Bars are no faces.
    train(none, faces, tmp_path / "bars")
    assert read_alignment(tmp_path / "bars") is None
    (said,) = caplog.messages
    assert said.startswith("the detector finds a face in 0 of 224 pictures of Training")


def test_too_few_faces_are_refused_and_leave_the_folder_free(faces: Faces, tmp_path: Path) -> None:
    short, run = dataclasses.replace(RECIPE, epochs=0), tmp_path / "run"
    few = faces.where((faces.split != Split.TRAINING) | (np.arange(len(faces)) < 40))
    few.pixels[:20] = 0
    with pytest.raises(RunError, match="32 faces at a time, and of 40 Training faces 20 can be"):
        train(short, few, run)
    without = faces.where(faces.split != Split.PUBLIC_TEST)
    with pytest.raises(DataError, match="PublicTest: no faces"):
        train(short, without, run)
    assert not run.exists()
    assert train(short, faces, run).is_file()


def test_a_finer_network_begins_with_all_but_the_first_convolutions(
    faces: Faces, tmp_path: Path
) -> None:
    short = dataclasses.replace(RECIPE, epochs=1)
    first = train(short, faces, tmp_path / "first")
    finer = dataclasses.replace(short, size="tiny-fine", learning_rate=0.0)
    second = train(finer, faces, tmp_path / "second", start=first)
    coarse, fine = ([w for w in weights(path) if w.ndim == 4] for path in (first, second))
    assert len(fine) == len(coarse) + 1
    for before, after in zip(coarse[1:], fine[2:], strict=True):
        assert np.array_equal(before, after)


@same_arithmetic
def test_a_run_learns_and_a_killed_one_ends_as_if_it_had_not_been(
    faces: Faces, tmp_path: Path
) -> None:
    class Killed(Exception):  # noqa: N818 - it stands for a signal
        pass

    def kill_after_the_first(figures: dict[str, float]) -> None:
        if figures["epoch"] == 1:
            raise Killed

    whole = train(RECIPE, faces, tmp_path / "whole")
    with pytest.raises(Killed):
        train(RECIPE, faces, tmp_path / "killed", kill_after_the_first)
    resumed = train(RECIPE, faces, tmp_path / "killed")

    told = [json.loads(line) for line in (tmp_path / "killed" / HISTORY).read_text().splitlines()]
    assert [line["epoch"] for line in told] == [1, 2, 3]
    assert told[-1]["loss"] < told[0]["loss"]
    for one, other in zip(weights(whole), weights(resumed), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_after_few_steps_a_network_knows_its_faces_statistics(faces: Faces, tmp_path: Path) -> None:
    """Its answers are those that it gives by the statistics of the faces themselves."""
    few = dataclasses.replace(RECIPE, epochs=10, augmentation=MIRRORED)  # 70 steps
    path = train(few, faces, tmp_path / "few")
    model = keras.saving.load_model(path, compile=False)
    training = as_input(faces.of(Split.TRAINING).pixels)

    def logits(*, of_the_batch: bool) -> np.ndarray:
        answer = model(training, training=of_the_batch)
        return np.asarray(keras.ops.convert_to_numpy(answer["logits"]))

    # Dropout is the other thing that training switches on.
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0.0
    kept, given = logits(of_the_batch=False), logits(of_the_batch=True)
    likeness = np.corrcoef(kept.ravel(), given.ravel())[0, 1]
    assert likeness > 0.95


@same_arithmetic
def test_a_kept_front_stays_and_a_killed_run_ends_alike(faces: Faces, tmp_path: Path) -> None:
    class Killed(Exception):  # noqa: N818 - it stands for a signal
        pass

    def kill_after_the_first(_: dict[str, float]) -> None:
        raise Killed

    start = train(dataclasses.replace(RECIPE, epochs=0), faces, tmp_path / "start")
    recipe = dataclasses.replace(RECIPE, views=2, kept_stages=1)
    with pytest.raises(RunError, match="keeps weights: add --start"):
        train(recipe, faces, tmp_path / "whole")
    assert not (tmp_path / "whole").exists()
    whole = train(recipe, faces, tmp_path / "whole", start=start)
    with pytest.raises(Killed):
        train(recipe, faces, tmp_path / "killed", kill_after_the_first, start=start)
    (view,) = (tmp_path / "killed" / "maps").iterdir()
    assert np.load(view).shape == (len(faces.of(Split.TRAINING)), 24, 24, 8)
    resumed = train(recipe, faces, tmp_path / "killed", start=start)
    assert not (tmp_path / "killed" / "maps").exists()

    before, after, again = (weights(path) for path in (start, whole, resumed))
    # Two heads, a kernel and a bias each, are all that stands behind the only stage.
    is_kept = [np.array_equal(one, other) for one, other in zip(before, after, strict=True)]
    assert all(is_kept[:-4])
    assert not all(is_kept[-4:])
    for one, other in zip(after, again, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)
    # What is written is the whole network: it says of pictures what the rest said of their maps.
    told = json.loads((tmp_path / "whole" / HISTORY).read_text().splitlines()[-1])
    public = faces.of(Split.PUBLIC_TEST)
    logits = keras.saving.load_model(whole, compile=False).predict(
        as_input(public.pixels), verbose=0
    )
    assert agreements(logits, public).items() <= told.items()


def test_kept_stages_are_another_networks_as_a_whole(faces: Faces, tmp_path: Path) -> None:
    """What does not come from it would stay as random as it began."""
    start = train(dataclasses.replace(RECIPE, epochs=0), faces, tmp_path / "start")
    finer = dataclasses.replace(RECIPE, size="tiny-fine", views=1, kept_stages=1)
    with pytest.raises(RunError, match=r"other first convolutions.*recipe's own size"):
        train(finer, faces, tmp_path / "finer", start=start)
    assert not (tmp_path / "finer").exists()


def test_a_folder_of_another_run_is_refused(faces: Faces, tmp_path: Path) -> None:
    short = dataclasses.replace(RECIPE, epochs=0)
    train(short, faces, tmp_path)
    with pytest.raises(RunError, match="another recipe"):
        train(dataclasses.replace(short, seed=2), faces, tmp_path)
    with pytest.raises(RunError, match="data set"):
        train(short, faces.where(faces.split != Split.PRIVATE_TEST), tmp_path)


def test_a_network_that_lay_there_is_not_taken_for_the_runs(faces: Faces, tmp_path: Path) -> None:
    (tmp_path / MODEL).write_bytes(b"somebody's")
    with pytest.raises(RunError, match=r"no recipe\.json"):
        train(RECIPE, faces, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [MODEL]


def test_a_folder_that_another_process_trains_in_is_refused(faces: Faces, tmp_path: Path) -> None:
    with alone_in(tmp_path), pytest.raises(RunError, match="another process trains in it"):
        train(RECIPE, faces, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_small_pictures_come_first() -> None:
    recipe = dataclasses.replace(RECIPE, epochs=10, sides=((0.4, 32), (0.7, 40), (1.0, 48)))
    assert [recipe.side_at(epoch) for epoch in range(10)] == [32] * 4 + [40] * 3 + [48] * 3
    assert [recipe.measured_side_at(epoch) for epoch in (0, 5, 9)] == [32, 40, 48]
    cut = dataclasses.replace(recipe, cut=True)
    assert [cut.measured_side_at(epoch) for epoch in (0, 5, 9)] == [48] * 3


def test_a_run_that_grows_ends_with_a_network_of_its_own_size(faces: Faces, tmp_path: Path) -> None:
    recipe = dataclasses.replace(RECIPE, epochs=2, sides=((0.5, 32), (1.0, 48)))
    model = keras.saving.load_model(train(recipe, faces, tmp_path), compile=False)
    assert model.inputs[0].shape == (None, 48, 48, 1)
    told = [json.loads(line) for line in (tmp_path / HISTORY).read_text().splitlines()]
    assert [line["epoch"] for line in told] == [1, 2]


def test_bytes_become_fractions() -> None:
    shown = as_input(np.array([[[0, 255]]], np.uint8))
    assert shown.shape == (1, 1, 2, 1)
    assert shown.ravel().tolist() == [0.0, 1.0]
