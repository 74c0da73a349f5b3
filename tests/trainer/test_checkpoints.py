import json
from pathlib import Path

import keras
import pytest

from tests.trainer.full_disk import full_disk
from trainer import checkpoints
from trainer.checkpoints import RunError


def network(units: int = 20) -> keras.Model:
    return keras.Sequential([keras.Input((20,)), keras.layers.Dense(units)])


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_full_disk_leaves_the_last_whole_epoch(tmp_path: Path) -> None:
    first = network()
    checkpoints.save(first, tmp_path, 1)
    checkpoints.write_history(tmp_path, [{"epoch": 1}])
    before = names(tmp_path)
    with full_disk(), pytest.raises(RunError, match=r"epoch-0002\.keras: .*free space") as caught:
        checkpoints.save(network(), tmp_path, 2)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith("a run goes on after its last whole epoch")
    with full_disk(), pytest.raises(RunError, match=r"history\.jsonl: "):
        checkpoints.write_history(tmp_path, [{"epoch": 1}] * 1000)
    assert names(tmp_path) == before
    assert checkpoints.read_history(tmp_path) == [{"epoch": 1}]
    again = checkpoints.load(tmp_path, 1)
    assert (again.get_weights()[0] == first.get_weights()[0]).all()


def test_a_full_disk_leaves_no_half_model(tmp_path: Path) -> None:
    path = tmp_path / checkpoints.MODEL
    # What the archive holds before its weights fits.
    for limit in (1000, 5000, 50_000):
        with full_disk(limit), pytest.raises(RunError, match=r"model\.keras: File too large"):
            checkpoints.save_beside(network(20_000), path)
    assert names(tmp_path) == []


def test_a_run_that_has_no_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for run in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(RunError, match=r"recipe\.json: .*name another folder"):
            checkpoints.claim(run, {"recipe": "one"})
    with full_disk(), pytest.raises(RunError, match=r"recipe\.json: "):
        checkpoints.claim(tmp_path / "run", {"recipe": "one" * 1000})
    # It is nobody's: another run may have it.
    checkpoints.claim(tmp_path / "run", {"recipe": "two"})
    with pytest.raises(RunError, match="another recipe"):
        checkpoints.claim(tmp_path / "run", {"recipe": "one"})


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ({"backend": "torch"}, "another KERAS_BACKEND; name another folder with --run"),
        ({"data_sha256": "2", "keras": "3.9"}, "another data set, another Keras; name"),
        ({"start_sha256": "3"}, "another start; "),
        ({"teacher_sha256": ["3"]}, "another teacher; "),
        ({"recipe": {"name": "two"}}, "another recipe; "),
        ([1], "another kind; "),
    ],
)
def test_what_keeps_a_folder_from_a_run_is_named(held: object, said: str, tmp_path: Path) -> None:
    asked = {"recipe": {"name": "one"}, "data_sha256": "1", "keras": "3.15", "backend": "jax"}
    written = asked | held if isinstance(held, dict) else held
    (tmp_path / checkpoints.RECIPE).write_text(json.dumps(written))
    with pytest.raises(RunError) as refused:
        checkpoints.claim(tmp_path, asked)
    assert f"{tmp_path}: holds a run of {said}" in str(refused.value)


def test_a_network_without_a_recipe_is_not_taken_for_a_runs(tmp_path: Path) -> None:
    """Such as one that was copied there: nothing says what it has learned."""
    (tmp_path / checkpoints.MODEL).write_bytes(b"somebody's")
    with pytest.raises(RunError, match=r"holds a model\.keras and no recipe\.json .*--run"):
        checkpoints.claim(tmp_path, {"recipe": "one"})
    assert names(tmp_path) == [checkpoints.MODEL]


def test_what_is_noted_is_no_part_of_whose_folder_it_is(tmp_path: Path) -> None:
    checkpoints.claim(tmp_path, {"recipe": {}, "data_sha256": "1"})
    before = checkpoints.read_recipe(tmp_path)
    # As of a run that an older Mien began.
    checkpoints.claim(tmp_path, before, lambda: pytest.fail("asked for"))
    assert checkpoints.read_recipe(tmp_path) == before
    assert checkpoints.read_alignment(tmp_path) is None

    run = tmp_path / "run"
    run.mkdir()
    checkpoints.claim(run, before, lambda: {"earlier_data_sha256": ["2"]})
    assert checkpoints.read_recipe(run) == before | {"earlier_data_sha256": ["2"]}
    checkpoints.claim(run, before)
    assert checkpoints.data_behind(run / checkpoints.MODEL) == ("1", "2")
    assert checkpoints.data_behind(tmp_path / "gone" / checkpoints.MODEL) == ("unknown",)


@pytest.mark.parametrize("content", [b'{"recipe": ', b"\xff\xfe{"])
def test_a_damaged_file_of_a_run_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / checkpoints.RECIPE).write_bytes(content)
    (tmp_path / checkpoints.HISTORY).write_bytes(b'{"epoch": 1}\n' + content)
    with pytest.raises(
        RunError, match=r"recipe\.json: not JSON: .*; name another folder"
    ) as claimed:
        checkpoints.claim(tmp_path, {"recipe": "one"})
    with pytest.raises(RunError, match=r"history\.jsonl: damaged: .*; remove ") as read:
        checkpoints.read_history(tmp_path)
    assert "\n" not in f"{claimed.value}{read.value}"


def test_a_run_is_one_processs_at_a_time(tmp_path: Path) -> None:
    left = tmp_path / "new-12ab34cd-epoch-0002.keras"
    left.touch()
    with checkpoints.alone_in(tmp_path):
        assert not left.exists()
        with (
            pytest.raises(RunError, match=r"another process trains in it; wait for it.* --run"),
            checkpoints.alone_in(tmp_path),
        ):
            pass
    with checkpoints.alone_in(tmp_path):
        pass
    (tmp_path / "file").touch()
    with (
        pytest.raises(RunError, match=r"file/run: .*name another folder"),
        checkpoints.alone_in(tmp_path / "file" / "run"),
    ):
        pass
