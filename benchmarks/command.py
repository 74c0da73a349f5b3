"""Measure this device with Mien's own clip and models alone; compare two runs; run for hours."""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from benchmarks import plot, report, text_table
from benchmarks.as_command import exit_code
from benchmarks.compare import OVER_PROCESSES, compare, remarks, rows
from benchmarks.ending import exits_by_signals
from benchmarks.machine import Beginning, origin
from benchmarks.model_latency import read_floats
from benchmarks.results import Result, encode, read_result
from benchmarks.session import FULL, QUICK, measure_all
from benchmarks.soak import run as run_soak
from benchmarks.soak_lines import picture_of, show
from benchmarks.turns import compare_by_turns
from edge_app.errors import MienError, UsageError

#: What a shorter run measures is noise.
_SHORTEST_S, _LONGEST_S = 1.0, 3600.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument(
        "--seconds", type=float, help=f"how long to measure (default: {FULL.seconds:g})"
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="a short run to see whether it works; its figures are rough",
    )
    parser.add_argument(
        "--float", type=Path, action="append", default=[], metavar="FILE", dest="floats",
        help="a float32 .tflite to measure beside the int8 ones; may be given more than once",
    )  # fmt: skip
    parser.add_argument(
        "--output", type=Path, default=Path("build/bench"), metavar="FOLDER",
        help="for JSON, Markdown and plot; its disk is measured (default: %(default)s)",
    )  # fmt: skip
    others = parser.add_subparsers(dest="part", metavar="PART")
    pair = others.add_parser("compare", help="two runs' files: ratios, and what is noise")
    pair.add_argument("before", type=Path, metavar="A.json")
    pair.add_argument("after", type=Path, metavar="B.json")
    by_turns = others.add_parser("turns", help="this checkout and another one by turns: ratios")
    by_turns.add_argument("other", type=Path, metavar="CHECKOUT", help="such as a git worktree")
    by_turns.add_argument("--markdown", action="store_true", help="the table as Markdown")
    long = others.add_parser("soak", help="run for hours: memory, handles, latency, writes")
    long.add_argument("--hours", type=float, help="how long to run")
    long.add_argument(
        "--every",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="between two lines (default: %(default)g)",
    )
    long.add_argument(
        "--file", type=Path,
        help="a new file, on the disk to be written to (default: build/bench/soak-TIME.jsonl)",
    )  # fmt: skip
    long.add_argument(
        "--plot", type=Path, metavar="FILE", help="run nothing; draw a soak that has ended"
    )


def run(arguments: argparse.Namespace) -> int:
    """Measure or compare; returns 1 when a run is invalid.

    Raises:
        MienError: files, models or broker cannot be used.
    """
    if arguments.part == "compare":
        return _compare(arguments.before, arguments.after)
    with exits_by_signals():
        return _soak(arguments) if arguments.part == "soak" else _measure(arguments)


def _measure(arguments: argparse.Namespace) -> int:
    plan = QUICK if arguments.quick else FULL
    if arguments.seconds is not None:
        if not _SHORTEST_S <= arguments.seconds <= _LONGEST_S:
            raise UsageError(f"--seconds {arguments.seconds:g}: name 1 to 3600")
        plan = replace(plan, seconds=arguments.seconds)
    if arguments.part == "turns":
        return _turns(arguments, plan.seconds)
    floats = read_floats(arguments.floats)
    prepare(arguments.output)
    result = measure_all(plan, floats, arguments.output, _tell)
    for line in report.terminal(result):
        print(line)
    path = write(result, arguments.output)
    print(f"\n{path}; beside it the same as .md and .svg")
    return int(bool(result.invalid))


def prepare(folder: Path) -> None:
    """Make the folder for the files, and write to it: it is needed when all has been measured.

    Raises:
        MienError: nothing can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise MienError(f"{folder}: {error.strerror}; name another folder") from error


def write(result: Result, folder: Path) -> Path:
    """Write JSON, Markdown and plot; returns the JSON file.

    Raises:
        MienError: nothing can be written there.
    """
    path = folder / f"{file_name(result)}.json"
    text = "\n".join([f"# {result.machine.device}", "", *report.markdown(result), ""])
    contents = {".md": text.encode(), ".svg": draw(result).encode(), ".json": encode(result)}
    try:
        for suffix, content in contents.items():
            beside = path.with_suffix(f"{suffix}.new")
            beside.write_bytes(content)
            beside.replace(path.with_suffix(suffix))
    except OSError as error:
        raise MienError(f"{path}: {error.strerror}; name another folder") from error
    return path


def file_name(result: Result) -> str:
    """Device, time (UTC, to the second) and commit, as letters, digits and hyphens."""
    words = (result.machine.device, f"{result.time:%Y-%m-%d-%H%M%S}", result.machine.commit)
    return "-".join(
        word for part in words if (word := re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-"))
    )


def draw(result: Result) -> str:
    """The stages of the workload that the daemon meets, as SVG text."""
    workload = result.workloads[0]
    frames = workload.whole.count
    a_frame = {stage.name: stage.took.mean * stage.took.count / frames for stage in workload.stages}
    return plot.bars(
        f"{result.machine.device}: mean time of a frame, {workload.name}", a_frame, "ms"
    )


def _compare(before: Path, after: Path) -> int:
    one, other = read_result(before), read_result(after)
    for remark in remarks(one, other):
        _note(remark)
    for line in text_table.plain(rows(list(compare(one, other)))):
        print(line)
    return 0


def _turns(arguments: argparse.Namespace, seconds: float) -> int:
    table = text_table.markdown if arguments.markdown else text_table.plain
    this, other = Beginning(), Beginning(arguments.other)
    ratios = list(compare_by_turns(arguments.other, seconds, _tell, _note))
    print(f"{origin(this)} A is {other.commit or 'of no commit'}, B is this one.\n")
    for line in table(rows(ratios, OVER_PROCESSES)):
        print(line)
    return 0


def _soak(arguments: argparse.Namespace) -> int:
    if arguments.plot is not None:
        show(arguments.plot, _say)
        return 0
    if arguments.hours is None:
        raise UsageError("say --hours, or --plot FILE of a soak that has ended")
    if not (arguments.hours > 0 and arguments.every > 0):
        raise UsageError("--hours and --every: name numbers above 0")
    file = arguments.file or Path(f"build/bench/soak-{datetime.now(UTC):%Y-%m-%d-%H%M%S}.jsonl")
    for path in (file, picture_of(file)):
        if path.exists():
            raise UsageError(f"{path}: is there already; name another --file")
    if file == picture_of(file):
        raise UsageError(f"{file}: the plot takes that name; name another --file")
    prepare(file.parent)
    run_soak(file, hours=arguments.hours, period_s=arguments.every, tell=_say)
    return 0


def _tell(what: str) -> None:
    sys.stderr.write(f"mien: measuring {what}\n")


def _note(remark: str) -> None:
    print(f"Note: {remark}")


def _say(line: str) -> None:
    print(line, flush=True)


def main(words: Sequence[str] | None = None) -> int:
    """Run the command by itself; errors are one line."""
    parser = argparse.ArgumentParser(prog="mien bench", description=__doc__)
    add_arguments(parser)
    return exit_code(lambda: run(parser.parse_args(words)))


if __name__ == "__main__":
    sys.exit(main())
