import errno
import os
import stat
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.trainer.full_disk import full_disk
from trainer import kept_front
from trainer.checkpoints import RunError
from trainer.kept_front import Front


@pytest.fixture(scope="module")
def network() -> keras.Model:
    faces = keras.Input((48, 48, 1))
    maps = keras.layers.AveragePooling2D(4, name="stage_1")(faces)
    return keras.Model(faces, {"logits": keras.layers.Dense(7)(keras.layers.Flatten()(maps))})


@pytest.fixture
def pixels(monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    monkeypatch.setattr(kept_front, "_CHUNK", 16)
    return np.random.default_rng(1).integers(0, 256, (40, 48, 48)).astype(np.uint8)


def test_a_views_maps_are_those_of_its_pictures(
    network: keras.Model, pixels: np.ndarray, tmp_path: Path
) -> None:
    front = Front(network, 1, tmp_path / "maps")
    kept = front.maps_of_view(3, pixels)
    assert (kept.shape, kept.dtype) == ((40, 12, 12, 1), np.float16)
    np.testing.assert_allclose(kept, front.maps(pixels), atol=1e-3)
    # The second time they come from the file.
    assert np.array_equal(front.maps_of_view(3, np.zeros_like(pixels)), kept)
    (file,) = (tmp_path / "maps").iterdir()
    assert file.name == "view-03.npy"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    front.remove_views()
    assert not (tmp_path / "maps").exists()


@pytest.mark.parametrize("can_reserve", [True, False])
def test_a_full_disk_is_one_error_and_leaves_no_half_view(
    network: keras.Model, pixels: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    *, can_reserve: bool,
) -> None:  # fmt: skip
    front = Front(network, 1, tmp_path)
    if not can_reserve:
        monkeypatch.delattr(os, "posix_fallocate")
    with full_disk(8000), pytest.raises(RunError, match=r"view-00\.npy: .*free space") as caught:
        front.maps_of_view(0, pixels)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
    assert front.maps_of_view(0, pixels).shape == (40, 12, 12, 1)


def test_a_disk_without_room_is_refused_before_all_is_computed(
    network: keras.Model, pixels: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    front = Front(network, 1, tmp_path)
    asked: list[int] = []

    def refuse(_file: int, _offset: int, size: int) -> None:
        asked.append(size)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    computed: list[int] = []
    maps = front.maps

    def count(part: np.ndarray) -> np.ndarray:
        computed.append(len(part))
        return maps(part)

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    monkeypatch.setattr(front, "maps", count)
    with pytest.raises(RunError, match="No space left on device"):
        front.maps_of_view(0, pixels)
    assert computed == [16]
    assert 0 < asked[0] - 40 * 12 * 12 * 2 < 200
    assert list(tmp_path.iterdir()) == []
