"""The results of the repository → docs/benchmarks.md, on standard output.

`python -m benchmarks.results_page > docs/benchmarks.md`
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import report, text_table
from benchmarks.compare import compare, is_repetition, remarks, rows
from benchmarks.results import Load, ModelRun, Result, Workload, read_result

FOLDER = Path(__file__).with_name("results")

#: What `python -m benchmarks.peers.run` printed.
PEERS = FOLDER / "peers.md"
#: What the command of `_TURNS` printed.
TURNS = FOLDER / "turns.md"

_PEERS = """\
Printed by `python -m benchmarks.peers.run` on one machine, by turns on the same frames of the
sample clip with a face in them, in colour, after `benchmarks/peers/install.sh`. Each peer runs with
the settings that its own documents give. `ms a frame` is the mean, so that a thousand by it are the
frames a second; `times Mien's` goes by it. Where Mien runs as it does on a device, it searches
every third frame, once a second all of it, follows the face in between, and reads every second
frame, so its median is a frame that was followed. It takes one thread as it comes; `two threads` is
`threads = 2`, on a machine with two cores. The others take what they can get, as `processor, ms a
frame` shows. `large faces` is `smallest_face = 0.15`, which brings the small detector; MediaPipe's
detector is for faces near a camera, too. fer's default detector is OpenCV's Haar cascade, so fer
alone stands for that pair, too. face-api runs on WebAssembly. DeepFace is missing: its package has
no weights. PrivateTest: whole faces of FER2013, seven emotions, without a detector; face-api was
not trained on FER2013. Scenes: 500 of these faces, 100 to 400 pixels wide and upright, pasted into
pictures without faces; each peer finds them with its own detector, and a face that it does not find
is read wrongly. Of all other faces the likeliest emotion counts, though Mien calls some of them
`unsure`, which no peer does. `as it reads photos` is `mien analyze`: tilted faces are searched,
too, and each face is read in four views, of which two are mirror images; on whole faces, which need
no cutting, in two.
"""

_HEAD = """\
<!-- Made by `python -m benchmarks.results_page > docs/benchmarks.md`. -->
# Benchmarks

`mien bench` measures the device that it runs on, in about two minutes, with the device's own
packages and the clip that comes with Mien: every device does the same work. It prints tables and
writes them as JSON ([its schema](schemas/bench.schema.json)), Markdown and a plot.

| command | what it does |
|---|---|
| `mien bench` | measures everything; `--seconds N` for longer, `--quick` to see whether it works |
| `mien bench --float FILE` | measures a model in real numbers beside the shipped int8 ones |
| `mien bench compare A.json B.json` | B's times by A's, and whether that is more than noise |
| `mien bench turns CHECKOUT` | this checkout's times by another one's, measured by turns |
| `mien bench soak --hours N` | runs the daemon for hours: memory, handles, latency, writes |
| `mien bench soak --plot FILE` | draws a soak that a power cut has ended, or one that still runs |

Of fewer than four passes or starts, as those of a quick run are, `compare` says `too few`.

What the figures mean:

- `frames a second` are frames one after another without a pause. `as scheduled` searches faces five
  times a second, as the daemon does, four times of five only near where they were, follows them in
  between, and reads them ten times a second at most; `every frame searched`, the whole of it, and
  read, is the most that it can cost.
- `outside the models` is of that: where a part is searched, by a smaller network, it is a larger
  share of less time, and so it is where a processor multiplies bytes fast (AVX-512 VNNI). On the
  cores of a Raspberry Pi it is the instructions that can be told: see below.
- Frames are gray, as a Raspberry Pi's and USB cameras give them; older results are of frames in
  colour, three times the bytes, as video files and network streams come.
- A stage's time does not hold that of the stages it calls.
- `start` is from the start of the process to its first event, with the clip's empty room before it,
  read as fast as it goes.
- `core at 15 frames/s` has the rate behind it where a board does not keep up.
- `written` is what went to the disk of the folder that `--output` names, where the outbox lies
  meanwhile: what a day writes, a soak tells.
- `W` is what the whole board takes, `idle` while Mien does nothing; `J a frame` is `W` by the
  frames that were seen, idle share included. There is none without a meter, from a battery that is
  charged, and from a chip whose shunt is turned around.
- The limit is what the runtime gets out of large convolutions on this machine.
- A run during which a Raspberry Pi's throttling bits change, or say that it is slowed down, is
  marked invalid. A commit with `+` had files that differed from it, before or after the run.

Arm cores in an emulator cannot be timed, but their instructions can be counted:
[instructions.md](instructions.md) has them for Cortex-A53, A72 and A76, by model and for a frame,
with the part of a frame that is outside of the models.
"""

_TURNS = """\
Two runs of `mien bench` one after the other may differ by more than a change makes. Where a
process' memory happens to lie makes a model or a stage faster or slower for as long as the process
lives, and whoever else works on the same processor takes its cache.

To see what a change costs, check the commit before it out beside this one (`git worktree add
../before HEAD~1`) and run `mien bench turns ../before`. Both pass over the clip by turns, in fresh
processes six times, of which each is started first three times. Each turn is a ratio by itself: a
machine that gets slower meanwhile slows both. Turns of one process are alike for as long as it
lives, so the ratio is the median of the six processes' own, and the interval is from the least to
the largest of these: where nothing differs, all six lie on one side of 1 three times in a hundred.
What differs by less than 2 %, of a stage 10 %, is called noise in any case; on a busier day a
checkout by turns with itself differed by nearly as much. A note above the table says so where both
are not shown frames of one kind, as when the older one's are in colour. This is a checkout by turns
with itself (`mien bench --seconds 150 turns . --markdown`), so that every ratio but 1 is noise:
"""

_TWICE = """\
`mien bench compare` of two runs of one commit, one after the other, with nothing changed between
them: what of a difference means nothing on this device. Where its speed drifts, take turns.
"""

_SEND = """\
## How to send a result in

Let the device idle and cool down, and run `mien bench --output benchmarks/results` in a checkout.
The JSON file names the device, its kernel and its packages, but no host, user or address. Do it
twice, with nothing changed in the checkout, and some minutes apart, or the second finds the machine
busy with the first: the page sets both against each other. Run
`python -m benchmarks.results_page > docs/benchmarks.md`, and send that page, the JSON files and the
first one's plot, which the page shows, as a pull request; without a checkout, attach the JSON file
to an issue.
"""


def page(results: Sequence[tuple[str, Result]]) -> Iterator[str]:
    """The page's lines. results: the name of each file, and what it holds."""
    yield _HEAD
    if results:
        yield "## Devices"
        yield ""
        yield from text_table.markdown([_COLUMNS, *(_summary(result) for _, result in results)])
        yield ""
    else:
        yield "No results yet.\n"
    if PEERS.exists():
        yield "## Against what users would pick"
        yield ""
        yield _PEERS
        yield PEERS.read_text(encoding="utf-8")
    if TURNS.exists():
        yield "## By turns"
        yield ""
        yield _TURNS
        yield TURNS.read_text(encoding="utf-8")
    yield _SEND
    runs = _repetitions(results)
    for first, *others in runs:
        for name, again in others:
            yield f"## Twice the same: {again.machine.device}, {again.machine.commit}"
            yield ""
            yield _TWICE
            yield f"A is {first[0]}, B is {name}."
            yield ""
            for remark in remarks(first[1], again):
                yield f"Note: {remark}."
                yield ""
            yield from text_table.markdown(rows(list(compare(first[1], again))))
            yield ""
    for name, result in (first for first, *_ in runs):
        yield f"## {result.machine.device}, {result.time:%Y-%m-%d}"
        yield ""
        yield f"[{name}.json](../benchmarks/results/{name}.json)"
        yield ""
        yield from report.markdown(result)
        yield ""
        yield f"![Time of each stage](../benchmarks/results/{name}.svg)"
        yield ""


def _repetitions(results: Sequence[tuple[str, Result]]) -> list[list[tuple[str, Result]]]:
    """Runs of the same thing on the same device together, those in the order of their time."""
    runs: list[list[tuple[str, Result]]] = []
    for named in sorted(results, key=lambda each: each[1].time):
        for together in runs:
            if is_repetition(together[0][1], named[1]):
                together.append(named)
                break
        else:
            runs.append([named])
    return runs


_COLUMNS = (
    "device", "frames", "frames/s as scheduled", "frames/s searched", "face_320, ms", "emotion, ms",
    "outside the models", "start, s", "memory, MB", "core at 15 frames/s", "commit",
)  # fmt: skip


def _summary(result: Result) -> list[str]:
    """The device's row."""
    scheduled, searched = result.workloads
    fast = next((load for load in result.loads
                 if (load.scene, load.offered) == ("face", 15.0)), None)  # fmt: skip
    start = result.start_up
    return [
        result.machine.device + _mark(result),
        result.frames,
        f"{scheduled.frames_per_second:.1f}",
        f"{searched.frames_per_second:.1f}",
        *(f"{_one_thread(result.models, name).took.p50:.2f}" for name in ("face_320", "emotion")),
        _outside(searched),
        "none" if start is None else f"{start.first_event.p50 / 1e3:.2f}",
        "none" if start is None else f"{start.rss_mb:.0f}",
        "none" if fast is None else _core(fast),
        result.machine.commit or "unknown",
    ]


def _mark(result: Result) -> str:
    if result.invalid:
        return " (invalid)"
    return " (rough)" if result.plan is not None and result.plan.is_rough else ""


def _core(load: Load) -> str:
    """What is busy with fewer frames than were asked for says which."""
    seen = f" at {load.seen:.1f}" if load.is_behind else ""
    return f"{100 * load.cpu_share:.1f} %{seen}"


def _one_thread(runs: Sequence[ModelRun], model: str) -> ModelRun:
    return next(run for run in runs if (run.model, run.threads) == (model, 1))


def _outside(workload: Workload) -> str:
    share = workload.outside_share
    return "none" if share is None else f"{100 * share:.1f} %"


def read_all(folder: Path = FOLDER) -> list[tuple[str, Result]]:
    """Every result in `folder`, by name.

    Raises:
        ResultError: a file is no result of this version.
    """
    return [(path.stem, read_result(path)) for path in sorted(folder.glob("*.json"))]


if __name__ == "__main__":
    sys.stdout.write("\n".join(page(read_all())).rstrip() + "\n")
