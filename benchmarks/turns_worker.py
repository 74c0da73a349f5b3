"""One checkout in a process of its own: measures frames and models each time it is asked.

`python -m benchmarks.turns_worker`, with the checkout first in PYTHONPATH. It says where its code
lies, which parts of the work it knows and what kind of frames it shows them when it is warm. A line
on standard input names a part; the answer is milliseconds by figure, in JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import cv2

from benchmarks.clip_frames import clip_frames
from benchmarks.compare import blocks_of_work
from benchmarks.limit import shipped_models
from benchmarks.model_latency import make_candidates, model_run
from benchmarks.stages import summarize, warm_workloads

ROOT = Path(__file__).parents[1]
#: The part that is not a workload.
MODELS = "models"


def main(questions: IO[str], answers: IO[str]) -> int:
    """Answer until the questions end."""
    cv2.setNumThreads(1)
    candidates = make_candidates(shipped_models(), [1])
    for candidate in candidates:
        candidate.run_row()
    frames = clip_frames()
    kind = "gray" if frames[0].image.ndim == 2 else "colour"
    with warm_workloads(frames) as workloads:
        _answer(answers, {"root": str(ROOT), "parts": [*workloads, MODELS], "frames": kind})
        for question in questions:
            part = question.strip()
            if part == MODELS:
                for candidate in candidates:
                    candidate.rows.clear()
                    candidate.run_row()
                blocks = blocks_of_work([], [model_run(candidate) for candidate in candidates])
            else:
                blocks = blocks_of_work([summarize(part, [workloads[part]()])], [])
            _answer(answers, {figure: block for figure, (block,) in blocks.items()})
    return 0


def _answer(stream: IO[str], answer: Mapping[str, object]) -> None:
    stream.write(json.dumps(answer) + "\n")
    stream.flush()


if __name__ == "__main__":
    sys.exit(main(sys.stdin, sys.stdout))
