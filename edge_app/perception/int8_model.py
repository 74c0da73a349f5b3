"""A .tflite file with its card → a checked model that maps int8 arrays to int8 arrays."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from edge_app.perception.card import ModelCard, ModelError, Tensor, read_card, read_model
from edge_app.perception.manifest import read_signed_card
from edge_app.perception.runtime import Runtime, make_interpreter
from edge_app.perception.shipped import RELEASE_KEY, SHIPPED

Int8 = NDArray[np.int8]

#: A camera's byte with this bit flipped is the input of a network whose zero point is -128.
SIGN_BIT = np.uint8(0x80)
#: From -128 to 127.
EVERY_BYTE: Int8 = np.arange(-128, 128).astype(np.int8)


class Outputs(Mapping[str, Int8]):
    """What a run left in the interpreter, by name; copied out where it is asked for.

    Of most frames a detector's reader wants three outputs of twelve.
    """

    def __init__(self, interpreter: Any, indices: Mapping[str, int]) -> None:
        self._interpreter, self._indices = interpreter, indices

    def __getitem__(self, name: str) -> Int8:
        """One output of the latest run: int8 of the card's shape."""
        values: Int8 = self._interpreter.get_tensor(self._indices[name])
        return values

    def __iter__(self) -> Iterator[str]:
        return iter(self._indices)

    def __len__(self) -> int:
        return len(self._indices)


class Int8Model:
    """A model that agreed with its card when it was loaded.

    lock: whoever lays out and reads outputs holds it from the one to the other. `run` does itself.
    """

    def __init__(self, path: Path, card: ModelCard, threads: int, *, xnnpack: bool = True) -> None:
        self.path, self.card = path, card
        self.lock = threading.Lock()
        self._interpreter, runtime = make_interpreter(
            read_model(path, card), threads, xnnpack=xnnpack, what=str(path)
        )
        self.runtime: Runtime = runtime
        self._input = self._interpreter.get_input_details()[0]
        self._check("input", self._input, card.input)
        try:
            outputs = self._interpreter.get_signature_runner().get_output_details()
        except ValueError as error:
            raise ModelError(
                f"{path}: needs one signature, which names its outputs ({error}); convert it again"
                " with one, or name another model"
            ) from error
        if set(outputs) != set(card.outputs):
            raise ModelError(f"{path}: outputs {sorted(outputs)}, its card: {sorted(card.outputs)}")
        for name, details in outputs.items():
            self._check(f"output {name}", details, card.outputs[name])
        # What gives the memory away for a moment.
        self._memory = self._interpreter.tensor(self._input["index"])
        indices = {name: details["index"] for name, details in outputs.items()}
        self._outputs = Outputs(self._interpreter, indices)

    @classmethod
    def load(cls, path: Path, threads: int = 1, *, trusted_key: Path | None = None) -> Self:
        """Load `path` and the card beside it.

        trusted_key: the public key (PEM) that the manifest beside the model must be signed with;
        None: a card that fits is enough. The shipped models need the release key's signature.

        Raises:
            ModelError: file, card and hash do not belong together, they are not signed as they
                must be, or no runtime takes the model.
        """
        return cls(path, read_trusted_card(path, trusted_key), threads)

    def run(self, batch: Int8) -> dict[str, Int8]:
        """Run the network on `batch`: int8 of the card's input shape → int8 by output name."""
        with self.lock:
            self._interpreter.set_tensor(self._input["index"], batch)
            self._interpreter.invoke()
            return dict(self._outputs)

    def run_laid_out(self, lay_out: Callable[[Int8], None]) -> Outputs:
        """Run the network on what `lay_out` writes into the interpreter's own memory.

        Only under `lock`.

        It is given int8 of the card's input shape, which holds anything, and keeps no view of it:
        the interpreter refuses to run while one is held.

        Returns outputs that are to be read before the next run.
        """
        lay_out(self._memory())
        self._interpreter.invoke()
        return self._outputs

    def _check(self, what: str, details: dict[str, Any], said: Tensor) -> None:
        scale, zero_point = details["quantization"]
        shape = tuple(int(n) for n in details["shape"])
        dtype = np.dtype(details["dtype"]).name
        if (
            (shape, dtype, int(zero_point)) != (said.shape, said.dtype, said.zero_point)
            or not np.isclose(scale, said.scale, rtol=1e-6)
        ):  # fmt: skip
            raise ModelError(
                f"{self.path}: {what} is {dtype} {list(shape)}, scale {scale}, zero point"
                f" {zero_point}; its card says {said.dtype} {list(said.shape)}, scale"
                f" {said.scale}, zero point {said.zero_point}"
            )


def read_trusted_card(path: Path, trusted_key: Path | None = None) -> ModelCard:
    """Read the card beside a model, signed as `Int8Model.load` wants it.

    Raises:
        ModelError: there is none, or it is not signed as it must be.
    """
    if path.resolve().parent == SHIPPED.resolve():
        trusted_key = RELEASE_KEY
    return read_card(path) if trusted_key is None else read_signed_card(path, trusted_key)


def dequantize(values: Int8, tensor: Tensor) -> NDArray[np.float32]:
    """Bytes of `tensor` as real numbers: float32, same shape."""
    return (values.astype(np.float32) - np.float32(tensor.zero_point)) * np.float32(tensor.scale)


def by_byte(table: NDArray[np.floating]) -> list[float]:
    """What each of `EVERY_BYTE` stands for, in the order of the bytes from 0 to 255.

    Few bytes become plain numbers sooner than an array becomes another.
    """
    numbers: list[float] = np.roll(table, 128).tolist()
    return numbers
