from __future__ import annotations

from benchmarks.clip_frames import clip_frames
from benchmarks.limit import shipped_models
from benchmarks.model_latency import make_candidates, measure
from benchmarks.results import FEWEST_BLOCKS
from benchmarks.session import FULL, QUICK
from benchmarks.stages import measure_workloads


def test_a_board_that_is_slow_measures_as_often_as_a_comparison_takes() -> None:
    looks: list[None] = []
    workloads = measure_workloads(
        clip_frames(0.5), 0.0, fewest=FULL.passes, each_pass=lambda: looks.append(None)
    )
    assert {len(each.whole.blocks) for each in workloads} == {FEWEST_BLOCKS}
    assert len(looks) == len(workloads) * FEWEST_BLOCKS
    candidates = make_candidates(shipped_models()[:1], [1])
    measure(candidates, 0.0, fewest=FULL.passes, each_round=lambda: None)
    assert {len(each.rows) for each in candidates} == {FEWEST_BLOCKS}
    # A look at whether everything works is no comparison.
    assert QUICK.passes == 2
