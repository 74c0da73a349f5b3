"""A network in two: a front that keeps its weights, and the rest, which learns from its maps.

What the front makes of a picture never changes then. It is computed once a view, and an epoch
costs neither the way through the front nor the one back: behind two stages of `fine` 38 s on two
cores, where one of the whole network takes 132.
"""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import BinaryIO

import keras
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from trainer.batches import as_input
from trainer.checkpoints import replaced_in_run
from trainer.replacing import keep_from_others, remove_left, reserve

Gray = NDArray[np.uint8]

_CHUNK = 1024


class Front:
    """The first stages of a network.

    rest: the layers behind them, maps float32 [N, h, w, c] → logits by head. It shares its weights
    with the network.
    """

    def __init__(self, network: keras.Model, stages: int, folder: Path) -> None:
        """folder: where the maps of views are kept, by one process at a time; it is made where it
        is missing.
        """
        maps = network.get_layer(f"stage_{stages}").output
        self._front = keras.Model(network.inputs, maps)
        self._folder = folder
        heads = dict(zip(network.output_names, network.outputs, strict=True))
        self.rest = keras.Model(maps, heads)

    def maps(self, pixels: Gray) -> NDArray[np.float16]:
        """What the front makes of pictures: uint8 [N, 48, 48] → float16 [N, h, w, c]."""
        return np.asarray(
            self._front.predict(as_input(pixels), batch_size=256, verbose=0), np.float16
        )

    def maps_of_view(self, view: int, pixels: Gray) -> NDArray[np.float16]:
        """As `maps`, from the view's file once there is one.

        Raises:
            RunError: the file cannot be written, such as where the disk is full.
        """
        path = self._folder / f"view-{view:02}.npy"
        if not path.exists():
            # A killed run's: gigabytes, for a large data set.
            remove_left(self._folder, "view-*.npy")
            with replaced_in_run(path) as beside:
                # Faces can still be made out in maps.
                keep_from_others(beside)
                with beside.open("wb") as file:
                    self._write(file, view, pixels)
        return np.asarray(np.load(path, mmap_mode="r"))

    def _write(self, file: BinaryIO, view: int, pixels: Gray) -> None:
        """Not through a memory map: the kernel kills who writes to one on a full disk."""
        starts = range(0, len(pixels), _CHUNK)
        for start in tqdm(starts, desc=f"kept stages, view {view}", disable=None):
            part = self.maps(pixels[start : start + _CHUNK])
            if start == 0:
                _begin(file, (len(pixels), *part.shape[1:]))
            file.write(part.tobytes())

    def remove_views(self) -> None:
        """Remove the files: the run is finished."""
        shutil.rmtree(self._folder, ignore_errors=True)


def _begin(file: BinaryIO, shape: tuple[int, ...]) -> None:
    """Write the header of a float16 array, and see that the rest has room before it is computed."""
    dtype = np.dtype(np.float16)
    np.lib.format.write_array_header_1_0(
        file, {"descr": dtype.str, "fortran_order": False, "shape": shape}
    )
    reserve(file, file.tell() + math.prod(shape) * dtype.itemsize)
