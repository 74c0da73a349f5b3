"""Counted instructions → a record in the repository, what grew since the one before, and a page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from tests.device.emulation import CORES, REPOSITORY

#: A count may be larger than the recorded one by this factor.
MOST_GROWTH = 1.02
#: What is counted beside models → the word by which `watch.py` is asked for it.
FRAME_RATES = {"frame": "usual", "frame, searched and read": "each"}


class Count(msgspec.Struct, frozen=True):
    """what: a model's name, or one of `FRAME_RATES`. sha256: the shipped model's; none for a frame.

    invoked: how often a frame invoked each model.
    """

    what: str
    kind: str
    core: str
    sha256: str
    instructions: int
    invoked: dict[str, float] = {}


class Record(msgspec.Struct, frozen=True):
    """One measurement. accepted_growth: why it may be dearer than the one before."""

    litert: str
    counts: tuple[Count, ...]
    accepted_growth: str = ""

    def json(self) -> str:
        """As it is stored."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2).decode() + "\n"

    def find(self, what: str, kind: str, core: str) -> int | None:
        """A count; None if there is none."""
        return next(
            (
                each.instructions
                for each in self.counts
                if (each.what, each.kind, each.core) == (what, kind, core)
            ),
            None,
        )

    def outside_share(self, what: str, core: str) -> float:
        """Of a frame's instructions, the part that is not in the models, 0…1."""
        (frame,) = (each for each in self.counts if (each.what, each.core) == (what, core))
        inside = sum(
            times * (self.find(model, "int8", core) or 0) for model, times in frame.invoked.items()
        )
        return 1.0 - inside / frame.instructions

    def of_model(self, sha256: str, core: str) -> tuple[Count, ...]:
        """The counts of one shipped model and its float form on one core, or none."""
        return tuple(each for each in self.counts if (each.sha256, each.core) == (sha256, core))


def read_record(path: Path) -> Record:
    """Read a stored record."""
    return msgspec.json.decode(path.read_bytes(), type=Record)


def write_beside(path: Path, text: str) -> None:
    """Replace a file in one step."""
    new = path.with_name(path.name + ".new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def litert_version() -> str:
    """The version that requirements/device.txt names, which the emulated root has."""
    lines = (REPOSITORY / "requirements" / "device.txt").read_text(encoding="utf-8").splitlines()
    (version,) = {
        line.split("==")[1].split()[0] for line in lines if line.startswith("ai-edge-litert==")
    }
    return version


def grown(before: Record, after: Record) -> list[str]:
    """A line for each count that grew by more than 2 %. Float forms are no product of ours."""
    lines = []
    for each in after.counts:
        old = before.find(each.what, each.kind, each.core)
        if each.kind == "int8" and old and each.instructions > MOST_GROWTH * old:
            lines.append(
                f"{each.what} on {each.core}: {each.instructions / 1e6:.2f} M instructions,"
                f" {each.instructions / old - 1:+.1%} over the record's {old / 1e6:.2f} M"
            )
    return lines


def page(record: Record, frames: int) -> str:
    """docs/instructions.md."""
    return "\n".join(_page(record, frames)) + "\n"


def _page(record: Record, frames: int) -> Iterator[str]:
    yield f"""\
<!-- Made by `python -m tests.device.instructions`. -->
# Instructions for one inference, and for a frame

How many arm64 instructions a device executes to run each model once, on one thread, under LiteRT
{record.litert} with XNNPACK: counted by a plugin of QEMU's (`tests/device/instruction_count.c`) as
the difference between 11 runs and one, divided by 10. Float forms are those of the runs in
`trainer/weights`. Instructions are not time: cores differ in how many they finish a cycle, and
memory costs nothing here. A ratio below 1 says that int8 executes more of them than float:
Cortex-A53 and A72 have no dot product for bytes, and XNNPACK gives each core its own kernels.

| model | core | float, M | int8, M | float / int8 |
|---|---|---:|---:|---:|"""
    for what in dict.fromkeys(each.what for each in record.counts if each.sha256):
        for core, boards in CORES.items():
            by_float, by_int8 = (record.find(what, kind, core) or 0 for kind in ("float", "int8"))
            yield (
                f"| {what} | {core} ({boards}) | {by_float / 1e6:.2f} | {by_int8 / 1e6:.2f} |"
                f" {by_float / by_int8:.2f} |"
            )
    yield f"""
A gray frame of 640 by 480 pixels with one face in it, as the daemon watches it at 15 a second
with its usual settings: the mean of {frames} frames. About every third is searched for faces, once
a second all of it and otherwise near the face; one or two of them for tilted ones, too. Beside it a
frame of which everything is asked: all of it is searched, and its face is read. Without the camera
and MQTT; with Python. Outside of the models is what their invocations leave.

| core | M instructions a frame | outside of the models | searched and read, M | outside |
|---|---:|---:|---:|---:|"""
    for core, boards in CORES.items():
        cells = [f"{core} ({boards})"]
        for what in FRAME_RATES:
            cells.append(f"{(record.find(what, 'int8', core) or 0) / 1e6:.1f}")
            cells.append(f"{record.outside_share(what, core):.0%}")
        yield f"| {' | '.join(cells)} |"
    yield f"""
`tests/test_instruction_record.py` fails where the record belongs to other models or another LiteRT
than the repository's, and the command refuses a count that grew by more than 2 % unless
`--accept-growth REASON` says why.{_reason(record)}"""


def _reason(record: Record) -> str:
    return f" Last accepted: {record.accepted_growth}." if record.accepted_growth else ""
