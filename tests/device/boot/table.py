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
A hung process is killed by systemd's watchdog, 30 s after its last frame; 3 s after its end, a
process is started again.

A module in the daemon's process tells the workstation of each event when `publish_event` returned
(*decided*) and when the commit to the outbox returned (*stored*); a subscriber notes what arrives.
*Expected* are the decided events, at a power cut the stored ones: what was decided in the
milliseconds before, and was on no disk yet, is gone with the memory, as
docs/decisions/0004-outbox.md says. Beside the camera's own, 20 events a second are put into the
same outbox. Duplicates have the same id, as the outbox promises. *Out of order* is counted against
the order in which the outbox took the events, within the late and the live ones."""


#: Figure, unit, and how the page says it.
_WHILE_IT_WORKS = (
    ("power_to_service_s", " s", "the kernel's start to the service's `READY`"),
    ("power_to_first_event_s", " s", "power to the camera's first event at the broker"),
    ("rss_mb", " MB", "memory of the daemon, resident, at the end of the time watched"),
    ("rss_peak_mb", " MB", "memory of the daemon, peak"),
    ("written_mb_an_hour", " MB", "written to the disk an hour"),
    ("written_mb_an_hour_without_mien", " MB", "the same while Mien is stopped"),
    ("events_an_hour", "", "events an hour meanwhile"),
)
#: Figure, how the page says it, and the command that measures it.
_SHIPPED = (
    ("installed_mb", "the package, installed", "dpkg-query -W -f '${Installed-Size}' mien"),
    ("packed_mb", "the package's file", "make deb"),
    ("image_packed_mb", "the SD-card image, compressed", "make image"),
    ("image_mb", "the same, written to a card", "make image"),
    (
        "exposure",
        "the unit's exposure as installed, of 10 (all open)",
        "systemd-analyze security mien",
    ),
    (
        "exposure_offline",
        "the same, of the file alone, in CI",
        "systemd-analyze security --offline=true",
    ),
    ("tried", "install, upgrade, remove, purge: each clean on", "systemd/packaging/try_debs.sh"),
)


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
    if boards := results.get("boards"):
        yield from _boards(boards)
    yield from _how(results["machine"])


def _figures(said: dict[str, Any]) -> Iterator[str]:
    yield "\n## While it works\n"
    yield "| figure | measured |"
    yield "|---|---:|"
    for figure, unit, name in _WHILE_IT_WORKS:
        if figure in said:
            yield f"| {name} | {said[figure]}{unit} |"
    if "watched_s" in said:
        yield (
            f"\nWrites are those of the whole disk (`/sys/block/vda/stat`) in"
            f" {said['watched_s']:g} s, taken to an hour; the events are the camera's own. Memory"
            " includes the pages of libraries that it shares with others."
        )
    if any(figure in said for figure, _, _ in _SHIPPED):
        yield "\n## What is shipped\n"
        yield "| what | measured | by |"
        yield "|---|---:|---|"
    for figure, text, command in _SHIPPED:
        if figure in said:
            yield f"| {text} | {_measure(figure, said[figure])} | `{command}` |"


def _measure(figure: str, value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return f"{value} MB" if figure.endswith("_mb") else f"{value}"


def _boards(boards: dict[str, list[str]]) -> Iterator[str]:
    yield "\n## QEMU's models of Raspberry Pis\n"
    yield "How far the SD card's image comes there, with its own kernel and device trees. The"
    yield "firmware that starts the kernel is not modelled, nor is a watchdog that knows time.\n"
    yield "| board | reached |"
    yield "|---|---|"
    for board, stages in boards.items():
        yield f"| {board} | {', '.join(stages) or 'nothing on the console'} |"


def _how(machine: dict[str, str]) -> Iterator[str]:
    yield "\n## How\n"
    yield f"- Image: {machine['image']}."
    yield f"- {machine['qemu']} emulated, user networking."
    yield "- Power cuts and the read-only root have machines of their own. The other faults follow"
    yield "  each other in one machine that goes on; after a loss the next one begins with a boot."
    yield "- The boards: `python -m tests.device.boot.boards`; raspi4b with QEMU 9 or later."
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
