from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from benchmarks.command import main
from benchmarks.compare import BETWEEN_TURNS
from benchmarks.turns import Checkout, compare_by_turns, ratios, take_turns
from benchmarks.turns_worker import ROOT
from edge_app.errors import MienError, UsageError


class Machine:
    """Gets slower by the second; its time is the work that was done on it."""

    def __init__(self, drift: float) -> None:
        self.now_s, self.drift = 0.0, drift
        self.rng = np.random.default_rng(0)
        self.order: list[str] = []

    def side(self, name: str, work_ms: float) -> MachineSide:
        return MachineSide(self, name, work_ms)


class MachineSide:
    def __init__(self, machine: Machine, name: str, work_ms: float) -> None:
        self.machine, self.name, self.work_ms = machine, name, work_ms

    parts = ("frames",)

    def measure(self, part: str) -> dict[str, float]:
        assert part == "frames"
        machine = self.machine
        machine.order.append(self.name)
        slower = (1.0 + machine.drift * machine.now_s) * machine.rng.normal(1.0, 0.01)
        machine.now_s += 1.0
        return {"frame": self.work_ms * slower, self.name: 1.0}


@pytest.mark.parametrize(("work_ms", "verdict"), [(10.0, True), (10.8, False), (9.2, False)])
def test_a_machine_that_drifts_by_half_tells_what_differs(work_ms: float, verdict: bool) -> None:  # noqa: FBT001 - a parameter of the test
    machine = Machine(drift=0.5 / 60)
    before, after = machine.side("a", 10.0), machine.side("b", work_ms)
    turns = list(take_turns(before, after, 60.0, lambda: machine.now_s))
    (found,) = ratios(turns)
    assert found.figure == "frame"
    assert found.value == pytest.approx(work_ms / 10.0, abs=0.015)
    assert found.low <= found.value <= found.high
    assert found.is_within_noise is verdict
    assert found.drift == BETWEEN_TURNS


def test_each_is_first_in_every_second_turn_and_there_are_two_at_least() -> None:
    machine = Machine(drift=0.0)
    turns = list(take_turns(machine.side("a", 1.0), machine.side("b", 2.0), 0.0, lambda: 0.0))
    assert machine.order == ["a", "b", "b", "a"]
    assert [(round(one["frame"]), round(two["frame"])) for one, two in turns] == [(1, 2), (1, 2)]


@pytest.mark.timeout(300)
def test_this_checkout_takes_turns_with_itself(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A measurement takes more processes, because they differ by where their memory lies.
    two = partial(compare_by_turns, processes=2)
    monkeypatch.setattr("benchmarks.command.compare_by_turns", two)
    assert main(["--seconds", "1", "turns", str(ROOT), "--markdown"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("| figure, ms | A | B | B / A |")
    figures = [line.split(" | ")[0][2:] for line in lines[2:]]
    assert {"frame, as scheduled", "… publish, every frame searched"} <= set(figures)
    assert "face_320, int8, 1 thread, ai-edge-litert" in figures


def copied(folder: Path, change: Callable[[str], str]) -> Path:
    """A checkout whose worker is another program."""
    worker = folder / "benchmarks" / "turns_worker.py"
    shutil.copytree(ROOT / "benchmarks", worker.parent, ignore=shutil.ignore_patterns("results"))
    worker.write_text(change(worker.read_text()))
    return folder


def test_what_cannot_take_turns_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no checkout of Mien that can take turns"):
        Checkout(tmp_path)
    ended = copied(tmp_path / "ended", lambda _: "raise SystemExit(3)")
    with pytest.raises(MienError, match="its worker ended"):
        Checkout(ended)
    stray = copied(tmp_path / "stray", lambda _: 'print(\'{"root": "/elsewhere", "parts": []}\')')
    with pytest.raises(MienError, match="ran the code of /elsewhere"):
        Checkout(stray)
    short = copied(
        tmp_path / "short",
        lambda _: (
            f'import sys; print(\'{{"root": "{tmp_path / "short"}", "parts": []}}\', flush=True);'
            " sys.stdin.readline()"
        ),
    )
    with Checkout(short) as checkout, pytest.raises(MienError, match="its worker ended"):
        checkout.measure("models")


@pytest.mark.parametrize(
    ("said", "noted"),
    [
        (', "frames": "gray"', []),
        (', "frames": "colour"', ["frames: colour in A, gray in B"]),
        # A checkout of before it was said.
        ("", ["frames: unknown in A, gray in B"]),
    ],
)
def test_other_frames_are_noted_once(tmp_path: Path, said: str, noted: list[str]) -> None:
    other = copied(
        tmp_path, lambda _: f'print(\'{{"root": "{tmp_path}", "parts": []{said}}}\', flush=True)'
    )
    notes: list[str] = []
    measured = list(compare_by_turns(other, 0.0, lambda _: None, notes.append, processes=2))
    assert measured == []
    assert [note.split(";")[0] for note in notes] == noted


class Parted:
    """Knows some parts of the work, and remembers what it was asked for."""

    def __init__(self, asked: list[str], name: str, parts: tuple[str, ...]) -> None:
        self.asked, self.name, self.parts = asked, name, parts

    def measure(self, part: str) -> dict[str, float]:
        self.asked.append(f"{self.name} {part}")
        return {part: float(len(self.asked))}


def test_both_do_a_part_before_either_does_the_next() -> None:
    asked: list[str] = []
    one, two = Parted(asked, "a", ("x", "y")), Parted(asked, "b", ("y", "z", "x"))
    turns = list(take_turns(one, two, 0.0, lambda: 0.0))
    assert asked == ["a x", "b x", "a y", "b y", "b x", "a x", "b y", "a y"]
    assert turns[0] == ({"x": 1.0, "y": 3.0}, {"x": 2.0, "y": 4.0})
    assert turns[1] == ({"x": 6.0, "y": 8.0}, {"x": 5.0, "y": 7.0})
