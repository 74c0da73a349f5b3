import dataclasses
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from tests.trainer.synthetic import all_splits
from trainer.checkpoints import save_beside
from trainer.data import Faces, Split
from trainer.disguises import Shares
from trainer.distillation import Teacher
from trainer.heads import MixedHead, VoteHead
from trainer.lessons import Lessons
from trainer.networks import mien
from trainer.recipes import Recipe

# Keras traces each network anew, which takes a minute on a slow machine.
pytestmark = pytest.mark.timeout(600)

RECIPE = Recipe(
    name="test", epochs=4, heads=(MixedHead(1.0), VoteHead()), batch=32, size="small", taught=1.0,
    views=2,
)  # fmt: skip
HEADS = {"logits": 7, "ferplus": 8}


@pytest.fixture(scope="module")
def training() -> Faces:
    return all_splits(training=64, others=28).of(Split.TRAINING)


@pytest.fixture
def teacher(tmp_path: Path) -> Teacher:
    save_beside(mien.build(HEADS, size="small"), tmp_path / "model.keras")
    return Teacher([tmp_path / "model.keras"], HEADS)


def lessons(
    training: Faces, teacher: Teacher | None, folder: Path, recipe: Recipe = RECIPE
) -> Lessons:
    return Lessons(recipe, training, aligned=None, teacher=teacher, opinions=folder / "opinions")


def unshuffled(lessons: Lessons) -> tuple[np.ndarray, np.ndarray]:
    """The first view's pictures and targets in the order of the faces."""
    pictures, targets = lessons._view(0)
    return pictures, targets["logits"][0]


def shown(lessons: Lessons, epoch: int) -> tuple[np.ndarray, np.ndarray]:
    """The pictures that an epoch shows, mirror images alike, and their targets: in one order."""
    batches = lessons.batches(epoch)
    parts = [batches[index] for index in range(len(batches))]
    pictures = np.concatenate([pixels for pixels, _, _ in parts])
    # A picture and its mirror image have this in common.
    both = (pictures + pictures[:, :, ::-1]).reshape(len(pictures), -1)
    targets = np.concatenate([targets["logits"] for _, targets, _ in parts])
    order = np.lexsort(both.T[::97])
    return both[order], targets[order]


def test_views_come_again_mirrored_and_in_another_order(
    training: Faces, teacher: Teacher, tmp_path: Path
) -> None:
    given = lessons(training, teacher, tmp_path)
    for first, again in zip(shown(given, 0), shown(given, 2), strict=True):
        assert np.allclose(first, again, atol=1e-6)
    assert not np.allclose(shown(given, 0)[0], shown(given, 1)[0])
    assert not np.array_equal(given.batches(0)[0][0], given.batches(2)[0][0])
    for first, again in zip(
        shown(given, 1), shown(lessons(training, teacher, tmp_path), 3), strict=True
    ):
        assert np.allclose(first, again, atol=1e-6)


def test_a_view_is_taught_by_what_the_teacher_thinks_of_it(
    training: Faces, teacher: Teacher, tmp_path: Path
) -> None:
    pictures, targets, _ = lessons(training, teacher, tmp_path).batches(1)[0]
    for name, rows in teacher.opinions(pictures).items():
        assert np.allclose(rows, targets[name], atol=1e-5)


@pytest.mark.parametrize("views", [1, 0])
def test_a_teacher_has_its_share_in_the_targets_and_the_labels_the_rest(
    training: Faces, teacher: Teacher, tmp_path: Path, views: int
) -> None:
    quarter = dataclasses.replace(RECIPE, views=views, taught=0.25)
    whole = training.where(np.arange(len(training)) < quarter.batch)
    pictures, targets, _ = lessons(whole, teacher, tmp_path, quarter).batches(0)[0]
    # The same faces in the same order, taught by nobody.
    _, labels, _ = lessons(whole, None, tmp_path, quarter).batches(0)[0]
    for name, opinion in teacher.opinions(pictures).items():
        assert np.allclose(targets[name], 0.75 * labels[name] + 0.25 * opinion, atol=1e-5)
        assert not np.allclose(targets[name], opinion, atol=0.1)


def test_a_teacher_may_see_the_picture_behind_the_view_too(
    training: Faces, teacher: Teacher, tmp_path: Path
) -> None:
    def targets(teacher_sees: Literal["shown", "original", "both"]) -> np.ndarray:
        recipe = dataclasses.replace(RECIPE, teacher_sees=teacher_sees)
        return lessons(training, teacher, tmp_path, recipe).batches(0)[0][1]["logits"]

    seen, behind = targets("shown"), targets("original")
    assert not np.allclose(seen, behind, atol=1e-4)
    assert np.allclose(targets("both"), (seen + behind) / 2, atol=1e-6)


def test_a_student_may_see_disguises_that_its_teacher_does_not(
    training: Faces, teacher: Teacher, tmp_path: Path
) -> None:
    recipe = dataclasses.replace(RECIPE, student_sees=Shares(mask=0.5))
    plain = unshuffled(lessons(training, teacher, tmp_path))
    masked = unshuffled(lessons(training, teacher, tmp_path, recipe))
    # What the teacher says of a face is the same, behind a mask or not: it has not seen the mask.
    assert np.array_equal(plain[1], masked[1])
    changed = (plain[0] != masked[0]).any(axis=(1, 2))
    assert 0.25 < changed.mean() < 0.75
    # All other changes are the same: foreheads stay.
    assert np.array_equal(plain[0][:, :8], masked[0][:, :8])


@pytest.mark.parametrize(
    "needs_views",
    [
        {"teacher_sees": "both"},
        {"student_sees": Shares(glasses=0.1)},
        {"mild_share": 0.5},
        {"kept_stages": 1},
    ],
)
def test_what_is_for_views_alone_is_refused_without_them(needs_views: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"recipe test: .* views"):
        dataclasses.replace(RECIPE, views=0, **needs_views)


def test_a_front_is_kept_where_views_have_one_size() -> None:
    for sized in ({"cut": True}, {"sides": ((0.5, 32), (1.0, 48))}):
        with pytest.raises(ValueError, match="kept_stages goes with views of a single size"):
            dataclasses.replace(RECIPE, kept_stages=1, **sized)


def test_a_share_of_a_view_is_changed_mildly(training: Faces, tmp_path: Path) -> None:
    mild = dataclasses.replace(RECIPE, mild_share=0.5)
    pictures, _ = unshuffled(lessons(training, None, tmp_path, mild))
    is_itself, is_mirrored = (
        (pictures == pixels).all(axis=(1, 2))
        for pixels in (training.pixels, training.pixels[:, :, ::-1])
    )
    assert 0.3 < (is_itself | is_mirrored).mean() < 0.7
    assert is_itself.any()
    assert is_mirrored.any()


def test_without_a_teacher_views_have_their_labels(training: Faces, tmp_path: Path) -> None:
    _, targets, _ = lessons(training, None, tmp_path).batches(0)[0]
    labels = RECIPE.heads[0].targets(training)[0]
    assert {tuple(row) for row in targets["logits"]} <= {tuple(row) for row in labels}
    assert not (tmp_path / "opinions").exists()


def test_the_teacher_is_asked_once(
    training: Faces, teacher: Teacher, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    given = lessons(training, teacher, tmp_path)
    before = [shown(given, epoch)[1] for epoch in range(2)]
    files = sorted((tmp_path / "opinions").iterdir())
    assert len(files) == 2
    made = [path.stat().st_mtime_ns for path in files]
    after = [shown(lessons(training, teacher, tmp_path), epoch)[1] for epoch in range(2)]
    assert [path.stat().st_mtime_ns for path in files] == made
    for one, other in zip(before, after, strict=True):
        assert np.array_equal(one, other)

    files[0].write_bytes(files[0].read_bytes()[:100])
    mended = [shown(lessons(training, teacher, tmp_path), epoch)[1] for epoch in range(2)]
    assert "the teachers are asked again" in caplog.text
    for one, other in zip(before, mended, strict=True):
        assert np.allclose(one, other, atol=1e-6)

    # Another picture is another question, and so is a teacher in another precision.
    negatives = dataclasses.replace(training, pixels=255 - training.pixels)
    shown(lessons(negatives, teacher, tmp_path), 0)
    shown(lessons(training, Teacher([tmp_path / "model.keras"], HEADS, "float16"), tmp_path), 0)
    assert len(list((tmp_path / "opinions").iterdir())) == 4
