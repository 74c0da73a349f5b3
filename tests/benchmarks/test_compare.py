from __future__ import annotations

import msgspec
import numpy as np

from benchmarks.compare import BETWEEN_RUNS, Ratio, blocks_of, compare, ratio, remarks, rows
from benchmarks.results import Plan
from tests.benchmarks.synthetic_results import result

NOISE = 0.03


def drawn(seed: int, factor: float = 1.0, count: int = 15) -> list[float]:
    rng = np.random.default_rng(seed)
    return [float(n) for n in factor * 20.0 * (1.0 + NOISE * rng.standard_normal(count))]


def of_frame(ratios: list[Ratio]) -> Ratio:
    return next(each for each in ratios if each.figure == "frame, as scheduled")


def test_a_difference_that_is_there_is_told() -> None:
    for seed in range(20):
        for factor in (0.8, 1.25):
            found = of_frame(list(compare(result(drawn(seed)), result(drawn(seed + 99, factor)))))
            assert abs(found.value / factor - 1.0) < 0.06
            assert found.verdict == ("B slower" if factor > 1 else "B faster")
            assert rows([found])[1][-1] == found.verdict


def test_the_same_thing_twice_is_within_noise() -> None:
    for seed in range(50):
        found = of_frame(list(compare(result(drawn(seed)), result(drawn(seed + 99)))))
        assert found.verdict == "within noise"


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    rng, held, trials = np.random.default_rng(0), 0, 400
    for seed in range(trials):
        found = ratio("x", drawn(seed), drawn(seed + 10_000, 1.1), rng)
        assert found.interval is not None
        held += found.interval[0] <= 1.1 <= found.interval[1]
    # 95 % is said; of so many trials, and the bootstrap being what it is with 15 blocks.
    assert 0.90 <= held / trials <= 0.995


def test_one_block_that_was_disturbed_changes_nothing() -> None:
    quiet, disturbed = drawn(1), drawn(1)
    disturbed[3] *= 50
    found = of_frame(list(compare(result(quiet), result(disturbed))))
    assert abs(found.value - 1.0) < BETWEEN_RUNS
    assert found.verdict == "within noise"


def test_a_drift_between_runs_is_noise_however_steady_the_blocks() -> None:
    found = of_frame(list(compare(result([10.0] * 9), result([10.4] * 9))))
    assert found.interval == (1.04, 1.04)
    # What the blocks of two runs cannot know stands above the interval.
    assert rows([found])[0][4] == "95 %, within the runs"
    assert found.verdict == "within noise"


def test_of_few_blocks_nothing_is_said() -> None:
    rng = np.random.default_rng(0)
    for before, after in (([500.0], [560.0]), ([5.0] * 3, [9.0] * 9), ([5.0] * 9, [9.0] * 3)):
        found = ratio("x", before, after, rng)
        assert (found.interval, found.verdict) == (None, "too few")
        assert rows([found])[1][4:] == ["", "too few"]


def test_a_quick_look_beside_a_whole_run_is_said() -> None:
    quick = msgspec.structs.replace(
        result(), plan=Plan(seconds=4.0, starts=1, events=8), warnings=("rough: 4 s",)
    )
    said = list(remarks(result(), quick))
    assert "B: rough: 4 s" in said
    assert "plan: 100 s, 5 starts, 200 events in A, 4 s, 1 starts, 8 events in B" in said


def test_figures_that_only_one_run_has_are_left_out() -> None:
    whole = result()
    less = msgspec.structs.replace(whole, delivery=None, models=whole.models[:1])
    figures = [each.figure for each in compare(whole, less)]
    assert figures == list(blocks_of(less))
    assert len(figures) < len(blocks_of(whole))


def test_what_makes_a_comparison_doubtful_is_said() -> None:
    whole = result()
    other = msgspec.structs.replace(
        result(invalid=("the throttling bits changed",)),
        frames="gray",
        storage="tmpfs",
        machine=msgspec.structs.replace(
            whole.machine, governor="performance", memory_mb=950, models={}
        ),
    )
    assert list(remarks(whole, whole)) == []
    said = list(remarks(whole, other))
    assert "B is INVALID: the throttling bits changed" in said
    assert "governor: ondemand in A, performance in B" in said
    assert "frames: colour in A, gray in B" in said
    assert "file system: unknown in A, tmpfs in B" in said
    assert "memory, MB: 1900 in A, 950 in B" in said
    assert any(line.startswith("model emotion: 5e5e") for line in said)
