"""The results of `pytest tests/device/boot` → the page docs/faults.md.

`python -m tests.device.boot.table build/boot/results.json > docs/faults.md`
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HEAD = """\
<!-- Made by `python -m tests.device.boot.table build/boot/results.json > docs/faults.md`. -->
# A device that nobody looks after, under faults

A whole arm64 machine is emulated, with its kernel, systemd, Mien's Debian package and the unit
`mien.service` as it ships, but for a longer time limit of its start. It reads a camera and
publishes to a Mosquitto on the workstation, and things go wrong. Every event is counted by its id.

**What an emulator shows.** That everything comes back by itself, and what is lost. Not how long a
Raspberry Pi takes: the seconds below are those of an emulated processor on a busy workstation, many
times slower, and say at most what waits for what. Nor what an SD card does that forgets writes it
has confirmed, or breaks: killing QEMU takes the guest's memory away, and leaves on the disk all
that was written to it.

## Faults
"""

COUNTING = """
A module in the daemon's process tells the workstation of each event when `publish_event` returned
(*decided*) and when the commit to the outbox returned (*stored*); a subscriber notes what arrives.
*Expected* are the decided events, at a power cut the stored ones: what was decided in the
milliseconds before, and was on no disk yet, is gone with the memory, as
docs/decisions/0004-outbox.md says. Beside the camera's own, 20 events a second are put into the
same outbox. Duplicates have the same id, as the outbox promises; out of order is counted within the
late and the live events."""


def page(results: dict[str, Any]) -> Iterator[str]:
    """The lines of docs/faults.md."""
    yield HEAD
    yield (
        "| fault | times | events expected | arrived | lost | duplicates | out of order |"
        " recovered in, median | longest |"
    )
    yield "|---|---:|---:|---:|---:|---:|---:|---:|---:|"
    for row in results.get("rows", []):
        seconds = row["recoveries_s"]
        median = f"{statistics.median(seconds):.0f} s" if seconds else ""
        longest = f"{max(seconds):.0f} s" if seconds else ""
        yield (
            f"| {row['fault']} | {row['times']} | {row['events']} | {row['events'] - row['lost']} |"
            f" {row['lost']} | {row['duplicates']} | {row['out_of_order']} | {median} | {longest} |"
        )
    yield "\nThe seconds are counted:\n"
    for row in results.get("rows", []):
        notes = "".join(f"; {name}: {value}" for name, value in row["notes"].items())
        yield f"- {row['fault']}: {row['recovery']}{notes}"
    yield COUNTING
    if figures := results.get("figures"):
        yield from _figures(figures)
    yield from _how(results["machine"])


def _figures(said: dict[str, Any]) -> Iterator[str]:
    yield "\n## While it works\n"
    yield "| figure | measured |"
    yield "|---|---:|"
    lines = {
        "the kernel's start to the service's `READY`": f"{said['power_to_service_s']} s",
        "power to the first event at the broker": f"{said['power_to_first_event_s']} s",
        "memory of the daemon, resident": f"{said['rss_mb']} MB",
        "memory of the daemon, peak": f"{said['rss_peak_mb']} MB",
        "installed size of the package": f"{said['installed_mb']} MB",
        "written to the disk an hour": f"{said['written_mb_an_hour']} MB",
        "the same while Mien is stopped": f"{said['written_mb_an_hour_without_mien']} MB",
        "events an hour meanwhile": f"{said['events_an_hour']}",
    }
    for name, value in lines.items():
        yield f"| {name} | {value} |"
    yield (
        f"\nWrites are those of the whole disk (`/sys/block/vda/stat`) in {said['watched_s']:g} s,"
        " taken to an hour. Memory includes the pages of libraries that it shares with others."
    )


def _how(machine: dict[str, str]) -> Iterator[str]:
    yield "\n## How\n"
    yield f"- Image: {machine['image']}."
    yield f"- {machine['qemu']} emulated, user networking."
    yield "- `tests/device/boot/disk.sh`, then `python -m pytest tests/device/boot`; moments are"
    yield "  random with a fixed seed. `MIEN_CUTS`, `MIEN_KILLS`, `MIEN_FAULTS` and"
    yield "  `MIEN_WATCHED_S` make it longer, `MIEN_IMAGE` boots another image"
    yield "  (`tests/device/boot/image.py`)."


def main() -> None:
    results = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    for line in page(results):
        print(line)  # noqa: T201 - this is the page


if __name__ == "__main__":
    main()
