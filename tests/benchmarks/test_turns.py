from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from benchmarks.command import main
from benchmarks.compare import BETWEEN_TURNS, BETWEEN_TURNS_OF_A_STAGE, ratio_over_processes
from benchmarks.turns import Checkout, Turn, compare_by_turns, ratios, take_turns
from benchmarks.turns_worker import ROOT
from edge_app.closing import Closing
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


@pytest.mark.parametrize(
    ("work_ms", "verdict"), [(10.0, "within noise"), (10.8, "B slower"), (9.2, "B faster")]
)
def test_a_machine_that_drifts_by_half_tells_what_differs(work_ms: float, verdict: str) -> None:
    machine = Machine(drift=0.5 / 60)
    before, after = machine.side("a", 10.0), machine.side("b", work_ms)
    processes = [
        list(take_turns(before, after, end_s, lambda: machine.now_s))
        for end_s in (10.0, 10.0, 10.0, 10.0, 10.0, 10.0)
    ]
    (found,) = ratios(processes)
    assert found.figure == "frame"
    assert found.value == pytest.approx(work_ms / 10.0, abs=0.015)
    assert found.interval is not None
    assert found.interval[0] <= found.value <= found.interval[1]
    assert found.verdict == verdict
    assert found.drift == BETWEEN_TURNS


def processes_of(
    rng: np.random.Generator, count: int, factor: float = 1.0
) -> tuple[list[list[float]], list[list[float]]]:
    """Twenty-five turns in each of `count` pairs, whose memory lies where it happens to lie."""
    sides: tuple[list[list[float]], list[list[float]]] = ([], [])
    for _ in range(count):
        for side, work in zip(sides, (1.0, factor), strict=True):
            lies = work * rng.choice([1.0, 1.35])
            side.append([float(n) for n in lies * rng.normal(1.0, 0.03, 25)])
    return sides


def test_the_interval_holds_the_truth_as_often_as_it_says_though_turns_are_alike() -> None:
    rng, trials = np.random.default_rng(0), 400
    found = [ratio_over_processes("x", *processes_of(rng, 6)) for _ in range(trials)]
    held = sum(each.interval is not None and each.interval[0] <= 1.0 <= each.interval[1]
               for each in found)  # fmt: skip
    assert 0.94 <= held / trials <= 1.0
    assert sum(each.verdict == "within noise" for each in found) >= held


def test_what_all_processes_agree_on_is_told() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        after = [[1.2 * lies] * 9 for lies in rng.normal(1.0, 0.02, 6)]
        assert ratio_over_processes("x", [[1.0] * 9] * 6, after).verdict == "B slower"


def test_fewer_pairs_than_an_interval_takes_give_no_verdict() -> None:
    found = ratio_over_processes("x", *processes_of(np.random.default_rng(0), 5, 3.0))
    assert (found.interval, found.verdict) == (None, "too few")
    # Of more than six, the outermost are left out as soon as the rest suffices.
    nine = [[1.0]] * 9
    other = [[n] for n in (9.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 0.1)]
    assert ratio_over_processes("x", nine, other).interval == (1.1, 1.7)


def test_a_stage_may_drift_by_more_than_a_frame() -> None:
    before, after = [[1.0, 1.0]] * 6, [[1.07, 1.07]] * 6
    frame, stage = (
        ratio_over_processes(figure, before, after)
        for figure in ("frame, as scheduled", "… grab, as scheduled")
    )
    assert (frame.drift, stage.drift) == (BETWEEN_TURNS, BETWEEN_TURNS_OF_A_STAGE)
    assert (frame.verdict, stage.verdict) == ("B slower", "within noise")


class Started(Closing):
    """A worker whose start is remembered; this checkout's takes half as long."""

    parts, frames = ("x",), "gray"
    order: ClassVar[list[Path]] = []

    def __init__(self, root: Path) -> None:
        self.root = root
        self.order.append(root)

    def measure(self, part: str) -> dict[str, float]:
        return {part: 1.0 if self.root == ROOT else 2.0}

    def close(self) -> None: ...


def test_each_is_started_first_in_every_second_pair(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Started.order.clear()
    monkeypatch.setattr("benchmarks.turns.Checkout", Started)
    found = list(compare_by_turns(tmp_path, 0.0, lambda _: None, lambda _: None, processes=3))
    assert Started.order == [tmp_path, ROOT, ROOT, tmp_path, tmp_path, ROOT]
    # Whoever was started first, A is the other one.
    assert [(each.before, each.after, each.value) for each in found] == [(2.0, 1.0, 0.5)]


def test_each_is_first_in_every_second_turn_and_there_are_two_at_least() -> None:
    machine = Machine(drift=0.0)
    turns: list[Turn] = list(
        take_turns(machine.side("a", 1.0), machine.side("b", 2.0), 0.0, lambda: 0.0)
    )
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
    origin, nothing, *lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"Measured on \d{4}-\d\d-\d\d on .+, Mien at commit .+\. A is .+", origin)
    assert nothing == ""
    assert lines[0].startswith("| figure, ms | A | B | B / A | 95 %, over processes |")
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


def test_a_worker_that_is_ended_amid_its_work_says_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    talking = copied(
        tmp_path,
        lambda _: (
            f'print(\'{{"root": "{tmp_path}", "parts": []}}\', flush=True)\n'
            "while True: print('an answer', flush=True)"
        ),
    )
    with Checkout(talking):
        pass
    assert capfd.readouterr().err == ""


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
