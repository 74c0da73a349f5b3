"""What came out of a published recipe, beside what its paper says: one JSON file a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from trainer.replacing import write_beside
from trainer.reproduction.recipe import Published, ReproductionError

RESULT = "result.json"


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Shares 0…1; `without_twins` leaves out faces whose picture was trained on, byte for byte; it
    is None where that leaves none.
    """

    faces: int
    accuracy: float
    without_twins: float | None


@dataclass(frozen=True, slots=True)
class Machine:
    """What the run ran on; `device` as the backend names it."""

    processor: str
    cores: int
    device: str
    keras: str
    backend: str


@dataclass(frozen=True, slots=True)
class Result:
    """A reproduction's figures, of the weights after `epoch_kept`.

    validation: faces of the recipe's own split; PublicTest where it draws none from Training.
    public_test, private_test: the data set's. seconds: of all epochs together.
    """

    name: str
    published: Published
    validation: Accuracy
    public_test: Accuracy
    private_test: Accuracy
    training_faces: int
    epochs_run: int
    epochs_planned: int
    epoch_kept: int
    stopped_early: bool
    parameters: int
    macs: int
    command: str
    machine: Machine
    seconds: float
    data_sha256: str

    @property
    def full(self) -> bool:
        """Whether the recipe came to its own end: all of its epochs, or its own early stopping."""
        return self.stopped_early or self.epochs_run == self.epochs_planned

    @property
    def extent(self) -> str:
        """Full or cut short, in words."""
        if self.stopped_early:
            return f"full, stopped early after {self.epochs_run} of {self.epochs_planned} epochs"
        if self.full:
            return f"full, {self.epochs_planned} epochs"
        return f"CUT SHORT, {self.epochs_run} of {self.epochs_planned} epochs"


def write_result(result: Result, path: Path) -> None:
    """Store a result as JSON, in one step."""
    write_beside(path, msgspec.json.format(msgspec.json.encode(result)).decode() + "\n")


def read_result(path: Path) -> Result:
    """Read a stored result.

    Raises:
        ReproductionError: the file is no result.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Result)
    except msgspec.DecodeError as error:
        raise ReproductionError(f"{path}: not a reproduction's result: {error}") from error


def read_results(folder: Path) -> dict[str, Result]:
    """The results `<name>.json` of a folder, by name; none where there is no such folder.

    Raises:
        ReproductionError: a file is no result, or another recipe's.
    """
    results = {}
    for path in sorted(folder.glob("*.json")):
        results[path.stem] = read_result(path)
        if results[path.stem].name != path.stem:
            raise ReproductionError(f"{path}: holds the result of {results[path.stem].name}")
    return results
