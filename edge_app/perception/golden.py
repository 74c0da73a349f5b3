"""A model on this machine → whether it answers as it did where it was made."""

from __future__ import annotations

import enum
import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge_app.perception.card import ModelError, decode_versioned
from edge_app.perception.int8_model import Int8, Int8Model

SCHEMA_VERSION = 1

#: Sides in pixels of the squares that an input is a sum of: areas with edges, texture, noise.
CELLS = (16, 4, 1)


class Golden(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a model answered where it was made, and how far another machine may be off.

    tolerance: in quantization steps. inputs: SHA-256 of each. answers: by output, the int8 bytes of
    all inputs one after the other, compressed by zlib.
    """

    schema_version: int
    model_sha256: str
    runtime: str
    tolerance: Annotated[int, msgspec.Meta(ge=0, lt=256)]
    inputs: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    answers: Annotated[dict[str, bytes], msgspec.Meta(min_length=1)]


class Verdict(enum.Enum):
    """How this machine's answers compare."""

    EXACT = "exact"
    WITHIN_TOLERANCE = "within tolerance"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class GoldenResult:
    """How the answers of `runtime` compare with those that `golden_runtime` gave.

    largest_difference: in quantization steps; differing: share of the output bytes, 0…1.
    """

    largest_difference: int
    differing: float
    tolerance: int
    runtime: str
    golden_runtime: str

    @property
    def verdict(self) -> Verdict:
        """Exact, within the golden file's tolerance, or failed."""
        if self.largest_difference == 0:
            return Verdict.EXACT
        within = self.largest_difference <= self.tolerance
        return Verdict.WITHIN_TOLERANCE if within else Verdict.FAILED

    def __str__(self) -> str:
        if self.verdict is Verdict.EXACT:
            return f"exact: {self.runtime} gives the bytes that {self.golden_runtime} gave"
        return (
            f"{self.verdict.value}: {self.differing:.2%} of the bytes of {self.runtime} differ from"
            f" those of {self.golden_runtime}, by up to {self.largest_difference} quantization"
            f" steps; {self.tolerance} are allowed"
        )


_DECODER = msgspec.json.Decoder(Golden)


def golden_path(model: Path) -> Path:
    """Where the golden file of `model` lies."""
    return model.with_suffix(".golden.json")


def golden_input(shape: tuple[int, ...], number: int) -> Int8:
    """The input `number` of a model: int8 of `shape` [1, height, width, channels].

    A sum of squares of `CELLS` pixels, valued by SHAKE-256: whole numbers only, so that every
    machine makes the same bytes; all scales of detail, as pictures have.
    """
    _, height, width, channels = shape
    picture = np.zeros((height, width, channels), np.uint8)
    for layer, cell in enumerate(CELLS):
        rows, columns = -(-height // cell), -(-width // cell)
        seed = f"mien golden input {number}, {height} by {width} by {channels}, squares of {cell}"
        values = hashlib.shake_256(seed.encode()).digest(rows * columns * channels)
        squares = np.frombuffer(values, np.uint8).reshape(rows, columns, channels)
        pixels = squares.repeat(cell, axis=0).repeat(cell, axis=1)[:height, :width]
        picture += pixels >> min(layer + 1, 2)  # at most 127 + 63 + 63
    return (picture ^ 0x80).view(np.int8)[np.newaxis]


def read_golden(model: Path) -> Golden:
    """Read the golden file beside `model`.

    Raises:
        ModelError: it is missing, is no golden file, or is of another schema version.
    """
    path = golden_path(model)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"{path}: {error.strerror}; mien quantize golden {model} makes it"
        ) from error
    return decode_versioned(
        _DECODER, content, version=SCHEMA_VERSION, what="a golden file", where=str(path)
    )


def check(model: Int8Model) -> GoldenResult:
    """Compare what `model` answers here with its golden file, byte by byte.

    Raises:
        ModelError: the golden file is missing, damaged, or another model's.
    """
    golden, path = read_golden(model.path), golden_path(model.path)
    again = f"mien quantize golden {model.path} makes it again"
    if golden.model_sha256 != model.card.sha256:
        raise ModelError(f"{path}: made for another model than {model.path.name}; {again}")
    given = [golden_input(model.card.input.shape, n) for n in range(len(golden.inputs))]
    if tuple(hashlib.sha256(values.tobytes()).hexdigest() for values in given) != golden.inputs:
        raise ModelError(f"{path}: its inputs are not this Mien's; {again}")
    answered = answers(model, given)
    try:
        expected = {name: zlib.decompress(packed) for name, packed in golden.answers.items()}
    except zlib.error as error:
        raise ModelError(f"{path}: damaged: {error}; {again}") from error
    if {name: len(values) for name, values in expected.items()} != {
        name: len(values) for name, values in answered.items()
    }:
        raise ModelError(f"{path}: its outputs are not those of {model.path.name}; {again}")
    off = differences(answered, expected)
    return GoldenResult(
        largest_difference=int(off.max()),
        differing=np.count_nonzero(off) / off.size,
        tolerance=golden.tolerance,
        runtime=str(model.runtime),
        golden_runtime=golden.runtime,
    )


def answers(model: Int8Model, given: list[Int8]) -> dict[str, bytes]:
    """The int8 bytes of each output, for all inputs one after the other."""
    runs = [model.run(values) for values in given]
    return {name: b"".join(run[name].tobytes() for run in runs) for name in runs[0]}


def differences(some: dict[str, bytes], others: dict[str, bytes]) -> NDArray[np.int16]:
    """Quantization steps between int8 bytes of the same outputs: int16, one for each byte."""
    here, there = (
        np.frombuffer(b"".join(values[name] for name in some), np.int8) for values in (some, others)
    )
    return np.asarray(np.abs(here.astype(np.int16) - there), np.int16)
