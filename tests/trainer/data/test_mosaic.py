import errno
import io
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.trainer.little_memory import little_memory
from trainer.data import DataError, Split, read_mosaic


def write_mosaic(folder: Path, tiles: int, labels: int, **changed: np.ndarray) -> np.ndarray:
    rows = -(-tiles // 341)
    pixels = np.random.default_rng(5).integers(0, 256, (rows * 341, 48, 48)).astype(np.uint8)
    mosaic = pixels.reshape(rows, 341, 48, 48).transpose(0, 2, 1, 3).reshape(rows * 48, 341 * 48)
    cv2.imwrite(str(folder / "fer2013_mosaic.png"), mosaic)
    stored = {
        "emotion": np.arange(labels, dtype=np.uint8) % 7,
        "usage": np.arange(labels, dtype=np.uint8) % 3,
        "ferplus_votes": np.ones((labels, 10), np.uint8),
        **changed,
    }
    np.savez(folder / "fer2013_labels.npz", **stored)
    return pixels


def test_tiles_come_back_in_their_order(tmp_path: Path) -> None:
    pixels = write_mosaic(tmp_path, tiles=400, labels=400)
    faces = read_mosaic(tmp_path)
    assert len(faces) == 400
    assert np.array_equal(faces.pixels, pixels[:400])
    assert faces.labels[:8].tolist() == [0, 1, 2, 3, 4, 5, 6, 0]
    assert len(faces.of(Split.PUBLIC_TEST)) == 133


def test_the_folders_name_need_not_be_utf_8(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    pixels = write_mosaic(tmp_path, tiles=341, labels=341)
    for path in list(tmp_path.glob("fer2013*")):
        path.rename(folder / path.name)
    assert np.array_equal(read_mosaic(folder).pixels, pixels)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"fer2013_mosaic\.png: no such file"):
        read_mosaic(tmp_path)


def test_a_file_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    write_mosaic(tmp_path, 341, 341)
    (tmp_path / "fer2013_mosaic.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match="not a picture"):
        read_mosaic(tmp_path)


def test_a_picture_of_another_shape_is_refused(tmp_path: Path) -> None:
    write_mosaic(tmp_path, 341, 341)
    cv2.imwrite(str(tmp_path / "fer2013_mosaic.png"), np.zeros((48, 480), np.uint8))
    with pytest.raises(DataError, match="480x48"):
        read_mosaic(tmp_path)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"usage": np.full(341, 3, np.uint8)}, "usage"),
        ({"ferplus_votes": np.ones((341, 8), np.uint8)}, "votes"),
        ({"emotion": np.zeros(900, np.uint8)}, "900 labels"),
    ],
)
def test_labels_that_do_not_fit_are_refused(
    tmp_path: Path, changed: dict[str, np.ndarray], said: str
) -> None:
    write_mosaic(tmp_path, 341, 341, **changed)
    with pytest.raises(DataError, match=said):
        read_mosaic(tmp_path)


def test_a_pointer_to_a_file_is_no_file(tmp_path: Path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:12ab\nsize 34\n"
    for name in ("fer2013_labels.npz", "fer2013_mosaic.png"):
        write_mosaic(tmp_path, 341, 341)
        (tmp_path / name).write_text(pointer)
        with pytest.raises(DataError, match=rf"{name}: a Git LFS pointer, .*git lfs pull"):
            read_mosaic(tmp_path)


def test_labels_that_are_no_archive_are_refused(tmp_path: Path) -> None:
    write_mosaic(tmp_path, 341, 341, emotion=np.full(341, "happy"))
    path = tmp_path / "fer2013_labels.npz"
    words = path.read_bytes()
    with io.BytesIO() as array:
        np.save(array, np.zeros(341, np.uint8))
        one_array = array.getvalue()
    # The method that the first array is compressed by, which the archive names twice.
    unknown = bytearray(words)
    unknown[8] ^= 64
    unknown[words.index(b"PK\1\2") + 10] ^= 64
    for content in (words, words[: len(words) // 2], b"", b"no labels", one_array, unknown):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"labels\.npz: not an archive") as caught:
            read_mosaic(tmp_path)
        assert "\n" not in str(caught.value)


def test_a_lack_of_memory_is_no_reason_to_get_the_labels_again(tmp_path: Path) -> None:
    write_mosaic(tmp_path, 341, 341)
    np.savez_compressed(tmp_path / "fer2013_labels.npz", emotion=np.zeros(100_000_000, np.uint8))
    with little_memory(), pytest.raises(MemoryError):
        read_mosaic(tmp_path)


@pytest.mark.parametrize("name", ["fer2013_labels.npz", "fer2013_mosaic.png"])
def test_why_a_file_cannot_be_read_is_told(tmp_path: Path, name: str) -> None:
    write_mosaic(tmp_path, 341, 341)
    (tmp_path / name).unlink()
    # A file whose first bytes no disk can give.
    (tmp_path / name).symlink_to("/proc/self/mem")
    with pytest.raises(DataError, match=rf"{name}: Input/output error; make it readable, or get"):
        read_mosaic(tmp_path)


def test_why_the_labels_cannot_be_read_to_their_end_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_file: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    write_mosaic(tmp_path, 341, 341)
    monkeypatch.setattr(np, "load", fail)
    with pytest.raises(DataError, match=r"labels\.npz: Input/output error; make it readable, or"):
        read_mosaic(tmp_path)


def test_the_real_data_set_has_its_known_numbers(shared_data: Path) -> None:
    """The figures are those of the data set's description."""
    faces = read_mosaic(shared_data)
    training, private = faces.of(Split.TRAINING), faces.of(Split.PRIVATE_TEST)
    assert (len(faces), len(training), len(private)) == (35_887, 28_709, 3_589)
    assert private.twins_of(training).sum() == 288
    assert faces.of(Split.PUBLIC_TEST).twins_of(training).sum() == 280
    assert np.bincount(private.labels).tolist() == [491, 55, 528, 879, 594, 416, 626]
    blank = faces.pixels.reshape(len(faces), -1).std(axis=1) < 1.0
    assert blank.sum() == 13
    assert faces.not_a_face()[blank].all()
