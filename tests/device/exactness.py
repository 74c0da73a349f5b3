"""The shipped models on every runtime and processor → the page docs/exactness.md.

`python -m tests.device.exactness > docs/exactness.md`, after `tests/device/arm64_root.sh`. It
stands here and not under benchmarks/: it measures sameness on emulated machines, and no speed.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from edge_app.perception.card import read_card
from edge_app.perception.golden import golden_input
from edge_app.perception.int8_model import Int8
from edge_app.perception.shipped import EMOTION, MODELS, SHIPPED
from tests.device.emulation import CORES, HOME, REPOSITORY, SUITES, Emulated, run
from tests.device.pictures import changed_answers, frames, pictures

PROBE = str(Path(__file__).with_name("probe.py"))
SEEDED = 8

#: LiteRT's predecessor is the runtime of 32-bit Raspberry Pi OS; it wants old packages.
TFLITE = ("numpy==1.26.4", "tflite-runtime==2.14.0")


@dataclass(frozen=True, slots=True)
class Row:
    """A machine to try: the command that runs Python there, and how the models are run."""

    processor: str
    python: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    threads: int = 1
    xnnpack: bool = True

    def answers(self, models: Path, inputs: Path) -> tuple[str, dict[str, Int8]]:
        """Which runtime answered, and what it answered."""
        outputs = inputs.with_name("outputs.npz")
        words = [PROBE, str(models), str(inputs), str(outputs), "--threads", str(self.threads)]
        words += [] if self.xnnpack else ["--without-xnnpack"]
        said = run([*self.python, *words], **self.environment).stdout.strip()
        with np.load(outputs) as file:
            return said, dict(file)


def rows() -> Iterator[Row]:
    """Every machine; the first is what the others are held to."""
    here = platform.machine()
    emulated = [(f"{core} ({CORES[core]})", Emulated(core, s)) for s in SUITES for core in CORES]
    yield Row(here, [sys.executable])
    yield Row(here, [sys.executable], threads=2)
    for name, machine in emulated:
        yield Row(name, machine.python([]), machine.environment)
    for name, machine in emulated:
        if machine.core == "cortex-a76":
            yield Row(name, machine.python([]), machine.environment, threads=2)
    yield Row(here, [sys.executable], xnnpack=False)
    yield Row(here, [str(tflite_python())])
    for name, machine in emulated:
        if machine.suite == "bookworm":
            yield Row(name, machine.python([]), machine.environment, xnnpack=False)


def tflite_python() -> Path:
    """The Python of an environment with tflite-runtime; made where it is missing."""
    folder = HOME / "tflite-runtime"
    python = folder / "bin" / "python"
    if not (folder / ".complete").exists():
        subprocess.run(["python3.11", "-m", "venv", "--clear", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *TFLITE], check=True)
        (folder / ".complete").touch()
    return python


def seeded_inputs() -> dict[str, Int8]:
    """Golden inputs of every model by `MODEL|NUMBER`; more of them than golden files hold."""
    return {
        f"{model.name}|{n}": golden_input(read_card(model).input.shape, n)
        for model in MODELS
        for n in range(SEEDED)
    }


def tables(*groups: dict[str, Int8]) -> list[list[str]]:
    """Run all rows on the inputs of all groups; Markdown, one table a group."""
    head = "| runtime | kernels | processor | threads |" + "".join(f" {m.stem} |" for m in MODELS)
    lines = [[head, "|---|---|---|---:|" + "---|" * len(MODELS)] for _ in groups]
    with tempfile.TemporaryDirectory() as folder:
        # Copies: whoever quantizes meanwhile must not change them under way.
        models = Path(shutil.copytree(SHIPPED, Path(folder) / "models"))
        given = Path(folder) / "inputs.npz"
        named = [{f"{key}.{n}": group[key] for key in group} for n, group in enumerate(groups)]
        np.savez(given, **{key: values for group in named for key, values in group.items()})
        reference: dict[str, Int8] = {}
        for row in rows():
            runtime, answers = row.answers(models, given)
            reference = reference or answers
            # tflite-runtime leaves int8 models to its built-in kernels, asked or not.
            kernels = "XNNPACK" if row.xnnpack and "litert" in runtime else "built-in"
            start = f"| {runtime} | {kernels} | {row.processor} | {row.threads} |"
            print(start, file=sys.stderr)  # noqa: T201 - progress
            for group, table in zip(named, lines, strict=True):
                cells = [_compare(model, group, reference, answers) for model in MODELS]
                table.append(start + "".join(f" {cell} |" for cell in cells))
    return lines


def _compare(
    model: Path, inputs: dict[str, Int8], some: dict[str, Int8], others: dict[str, Int8]
) -> str:
    """The largest difference, and the share of bytes that differ."""
    keys = [
        key for key in some if key.startswith(f"{model.name}|") and key.rpartition("|")[0] in inputs
    ]
    off = np.concatenate([np.abs(some[key].astype(np.int16) - others[key]).ravel() for key in keys])
    if not off.any():
        return "equal"
    return f"{off.max()} ({np.count_nonzero(off) / off.size:.1%})"


def page() -> Iterator[str]:
    """The lines of docs/exactness.md."""
    shown = pictures(MODELS)
    seeded, real = tables(seeded_inputs(), shown)
    faces = sum(key.startswith(f"{EMOTION.name}|") for key in shown)
    yield HEAD
    yield "## Seeded inputs\n"
    yield f"{SEEDED} inputs a model, of all bytes and scales of detail, as in the golden files.\n"
    yield from seeded
    yield "\n## Pictures\n"
    yield f"{len(frames())} frames of the sample clip for the detectors, and their {faces} faces.\n"
    yield from real
    yield "\n## What the difference does\n"
    yield "The same frames with built-in kernels instead of XNNPACK, through the whole path:\n"
    yield from changed_answers()


HEAD = """\
<!-- Made by `python -m tests.device.exactness > docs/exactness.md`. -->
# The same answers everywhere

Do the shipped int8 models give the same bytes on a workstation and on each Raspberry Pi?

Under LiteRT with XNNPACK, which is what 64-bit devices run, they do: an accuracy that was measured
on a workstation is the device's. TensorFlow Lite's built-in kernels (tflite-runtime, for 32-bit
Raspberry Pi OS, or LiteRT without XNNPACK) round between layers in another way, and again
differently on x86-64 and on ARM; what that does to faces and emotions stands at the end.

So the golden file beside each model holds the bytes of XNNPACK, and a tolerance of three times what
the built-in kernels differ by on the same inputs. `edge_app.perception.golden.check` says `exact`,
`within tolerance` or `failed` on the device.

A cell says `equal`, or the largest difference from the first row in quantization steps (a byte has
256) and the share of output bytes that differ. Emulation: QEMU's user mode, with the roots of
`tests/device/arm64_root.sh` and the device's locked packages. XNNPACK is turned off by
`experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES`.
"""


def main() -> None:
    missing = [suite for suite in SUITES if not Emulated("cortex-a72", suite).is_there]
    if missing:
        script = (REPOSITORY / "tests" / "device" / "arm64_root.sh").relative_to(REPOSITORY)
        raise SystemExit(f"{HOME}: no root of {', '.join(missing)}; run {script} first")
    for line in page():
        print(line)  # noqa: T201 - this is the page


if __name__ == "__main__":
    main()
