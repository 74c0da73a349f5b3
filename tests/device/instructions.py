"""The shipped models, float and int8, and a whole frame → what they cost in arm64 instructions.

`python -m tests.device.instructions`, after `tests/device/arm64_root.sh`, writes the record
`tests/device/instructions.json` and its page `docs/instructions.md`. Counts repeat to a few
instructions, however busy the machine is; time does not. Counts of models that the record knows
already, under the same LiteRT, are kept (`--anew`: counted again). A count that grows by more than
2 % over the record's is refused, unless `--accept-growth` says why it may.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from edge_app.perception.card import ClassifierCard, ModelCard, read_card
from edge_app.perception.shipped import MODELS
from tests.device.emulation import CORES, HOME, REPOSITORY, Emulated, run
from tests.device.instruction_record import (
    FRAME_RATES,
    Count,
    Record,
    grown,
    litert_version,
    page,
    read_record,
    write_beside,
)

INVOKE = Path(__file__).with_name("invoke.py")
WATCH = Path(__file__).with_name("watch.py")
PLUGIN = Path(__file__).with_name("instruction_count.c")
RECORD = Path(__file__).with_name("instructions.json")
PAGE = REPOSITORY / "docs" / "instructions.md"
RUNS = 10
#: Three seconds: in each, tilted faces are searched once.
FRAMES = 45


def float_model(card: ModelCard) -> bytes:
    """The float form of a shipped model, as .tflite bytes."""
    from quantize.static_int8 import to_float_tflite

    if not isinstance(card, ClassifierCard):
        from quantize.runs import GRAY_YUNET
        from quantize.yunet import in_patches, read_gray_yunet

        gray = read_gray_yunet(GRAY_YUNET)
        return to_float_tflite(in_patches(gray, 2 * card.input.shape[1]), "image")
    from quantize.runs import find_runs
    from quantize.trained import TrainedClassifier

    (run_folder,) = find_runs([card])
    return TrainedClassifier.load(run_folder).tflite


def per_round(
    machine: Emulated, plugin: Path, words: Sequence[Path | str], first: int, more: int
) -> tuple[int, dict[str, float]]:
    """Instructions of one of the `more` rounds after the `first` ones, and what it invoked.

    words: the program, which takes a number of rounds as its last word, and what it is given. It
    prints how often it invoked each model, or nothing.
    """
    path = f"{machine.environment['PYTHONPATH']}:{REPOSITORY}"
    environment = machine.environment | {"PYTHONPATH": path}
    before, after = (
        run(machine.counted_python(plugin, [*map(str, words), str(rounds)]), **environment)
        for rounds in (first, first + more)
    )
    instructions = int(after.stderr.split()[-1]) - int(before.stderr.split()[-1])
    told = Counter(json.loads(after.stdout or "{}"))
    told.subtract(json.loads(before.stdout or "{}"))
    return round(instructions / more), {name: times / more for name, times in told.items()}


def count_all(known: Record | None) -> Iterator[Count]:
    """Every count of the record; the machine's own Python is that of Debian 12.

    known: a record whose counts of the same models are taken over.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plugin = folder / "instruction_count.so"
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", PLUGIN, "-o", plugin], check=True)
        frames = folder / "frames.npy"
        np.save(frames, _still_frames())
        bar = tqdm(total=(2 * len(MODELS) + len(FRAME_RATES)) * len(CORES), disable=None)
        for core in CORES:
            machine = Emulated(core, "bookworm")
            machine.write_cpuinfo()
            for model in MODELS:
                card = read_card(model)
                kept = known.of_model(card.sha256, core) if known else ()
                if kept:
                    yield from kept
                    bar.update(len(kept))
                    continue
                as_int8 = Path(shutil.copy(model, folder))
                as_float = folder / f"{model.stem}.float.tflite"
                as_float.write_bytes(float_model(card))
                for kind, path in (("float", as_float), ("int8", as_int8)):
                    each, _ = per_round(machine, plugin, (INVOKE, path), 1, RUNS)
                    yield Count(model.stem, kind, core, card.sha256, each)
                    bar.update()
            for what, rate in FRAME_RATES.items():
                words = (WATCH, frames, rate)
                each, invoked = per_round(machine, plugin, words, FRAMES, FRAMES)
                yield Count(what, "int8", core, "", each, invoked)
                bar.update()
        bar.close()


def _still_frames() -> np.ndarray:
    from benchmarks.frame_budget import still_frames

    return np.stack([frame.image for frame in still_frames()])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accept-growth", default="", metavar="REASON")
    parser.add_argument("--anew", action="store_true", help="also the models that are known")
    arguments = parser.parse_args()
    if not Emulated("cortex-a72", "bookworm").is_there:
        raise SystemExit(f"{HOME}: no root; run tests/device/arm64_root.sh first")
    before = read_record(RECORD) if RECORD.exists() else None
    known = None if before is None or arguments.anew else before
    if known and known.litert != litert_version():
        known = None
    counts = tuple(count_all(known))
    record = Record(litert_version(), counts, arguments.accept_growth)
    if before and not arguments.accept_growth and (more := grown(before, record)):
        raise SystemExit("\n".join([*more, "nothing was written; say --accept-growth REASON"]))
    write_beside(RECORD, record.json())
    write_beside(PAGE, page(record, FRAMES))
    sys.stdout.write(f"{PAGE}\n")


if __name__ == "__main__":
    main()
