"""What one run of `mien bench` measured: its types, its file and their JSON Schema (2020-12).

`python -m benchmarks.results > docs/schemas/bench.schema.json` writes the schema.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec

from edge_app.errors import MienError

SCHEMA_VERSION = 1
#: Of a run that is not to be called rough.
USUAL_S, USUAL_STARTS, USUAL_EVENTS = 100.0, 5, 200
#: That a comparison takes: of fewer blocks, those that are drawn anew are hardly others.
FEWEST_BLOCKS = 4
_KEEPS_UP = 0.95
#: Bits of the Raspberry Pi's firmware that speak of now; those from 16 on remember.
THROTTLED_NOW = 0xF
#: What the kernel does not tell.
UNKNOWN = "unknown"
#: File systems that no disk is behind.
IN_MEMORY = frozenset({"ramfs", "tmpfs"})


class ResultError(MienError):
    """A file that holds no result of `mien bench`: which one, and why."""


#: Milliseconds of one pass. Something took each: of none, and of nothing, there is no ratio.
Block = Annotated[float, msgspec.Meta(gt=0)]


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """Durations in milliseconds; each of `blocks` stands for one pass over the same work."""

    count: int
    mean: float
    p50: float
    p90: float
    p99: float
    blocks: Annotated[tuple[Block, ...], msgspec.Meta(min_length=1)]


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """One stage in the frames that it had work in, without the stages that it calls.

    share: of the time of all frames, 0…1.
    """

    name: str
    share: float
    took: Spread


class Workload(msgspec.Struct, frozen=True, kw_only=True):
    """The clip, frame by frame, through everything: one way to search it for faces.

    frames_per_second: one after another, without a pause. processor: milliseconds of processor
    time a frame. outside_share: of the time of frames in which both models ran, what was spent
    outside of their invocations, 0…1; None where there was no such frame.
    """

    name: str
    frames_per_second: float
    whole: Spread
    processor: Spread
    stages: tuple[Stage, ...]
    outside_share: float | None


class ModelRun(msgspec.Struct, frozen=True, kw_only=True):
    """Bare invocations of one model. form: of its input, int8 or float. macs: None if unknown."""

    model: str
    form: str
    runtime: str
    threads: int
    took: Spread
    macs: int | None


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """The daemon at a set rate. cpu_share: of one core, so that two busy ones are 2.

    seen: frames a second that it looked at, when that many were `offered`. bytes_written: to
    disks, in all of its `seconds`, which older results do not say. watts: None without a meter;
    joules_a_frame likewise.
    """

    scene: str
    offered: float
    seen: float
    cpu_share: float
    bytes_written: int | None
    watts: float | None
    joules_a_frame: float | None
    seconds: float | None = None

    @property
    def is_behind(self) -> bool:
        """Whether the device does not see what it is offered."""
        return self.seen < _KEEPS_UP * self.offered


class StartUp(msgspec.Struct, frozen=True, kw_only=True):
    """`mien run` on the sample clip as a process of its own.

    first_event: from the start of the process to its first event, each start a block. rss_mb: when
    the last event came; peak_mb: the most that it ever held.
    """

    first_event: Spread
    rss_mb: float
    peak_mb: float
    bytes_written: int | None


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """Events through the durable outbox to a broker on this machine, one after another."""

    broker: str
    handed_over: Spread
    acknowledged: Spread


class Peak(msgspec.Struct, frozen=True, kw_only=True):
    """The most multiply-accumulates a second that a large convolution gets. giga: 10⁹ of them."""

    form: str
    threads: int
    convolution: str
    giga_macs_per_second: float


class Layer(msgspec.Struct, frozen=True, kw_only=True):
    """One operation of a model, alone on one thread. peak_share: 0…1, None without products."""

    operation: str
    shape: tuple[int, ...]
    milliseconds: float
    macs: int
    peak_share: float | None


class ModelLimit(msgspec.Struct, frozen=True, kw_only=True):
    """How near one int8 model comes to the peak of one thread. layers: empty where unknown."""

    model: str
    peak_share: float
    layers: tuple[Layer, ...]


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """What this machine could do at best, and what the shipped models make of it."""

    peaks: tuple[Peak, ...]
    models: tuple[ModelLimit, ...]


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """How the machine was at one moment; None where the kernel does not tell.

    throttled_bits: of the Raspberry Pi's firmware, those that remember too. megahertz: of the first
    core. load: processes that want a core, averaged over a minute.
    """

    temperature_c: float | None
    throttled_bits: int | None
    megahertz: float | None
    load: float


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured on; nothing that names its owner. commit: empty outside of a checkout."""

    device: str
    processor: str
    architecture: str
    cores: int
    memory_mb: int
    kernel: str
    governor: str
    runtime: str
    versions: dict[str, str]
    models: dict[str, str]
    commit: str


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How much is measured: for so many seconds, besides starts of the daemon and events."""

    seconds: float
    starts: int
    events: int
    with_layers: bool = True

    @property
    def passes(self) -> int:
        """At least so many, however long they take: a quick look is of too few starts, too."""
        return min(FEWEST_BLOCKS, max(2, self.starts))

    @property
    def is_rough(self) -> bool:
        """Whether it is less than a comparison takes."""
        return self.seconds < USUAL_S or self.starts < USUAL_STARTS or self.events < USUAL_EVENTS

    def __str__(self) -> str:
        return f"{self.seconds:g} s, {self.starts} starts, {self.events} events"


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One run. invalid: why its figures must not be used; warnings: what to know of them.

    energy_meter: what watts were read from, or `none`. frames: what those of the clip were: gray,
    as cameras give them, or in colour, as in all results that do not say it. storage: the type of
    the file system that the outbox and the daemon's state were in; unknown of older results. plan:
    None of older ones.
    """

    schema_version: int
    time: datetime
    seconds: float
    machine: Machine
    before: Condition
    after: Condition
    invalid: tuple[str, ...]
    warnings: tuple[str, ...]
    energy_meter: str
    workloads: tuple[Workload, ...]
    models: tuple[ModelRun, ...]
    start_up: StartUp | None
    loads: tuple[Load, ...]
    delivery: Delivery | None
    limit: Limit
    frames: str = "colour"
    storage: str = UNKNOWN
    plan: Plan | None = None


def encode(result: Result) -> bytes:
    """As JSON that people can read."""
    return msgspec.json.format(msgspec.json.encode(result), indent=1) + b"\n"


def read_result(path: Path) -> Result:
    """Read one run's file.

    Raises:
        ResultError: it cannot be read, is no such file, or is of another version.
    """
    try:
        content = path.read_bytes()
        # Another version has other fields: it is asked for before they are.
        version = msgspec.json.decode(content, type=_Version).schema_version
        if version == SCHEMA_VERSION:
            return msgspec.json.decode(content, type=Result)
    except OSError as error:
        raise ResultError(f"{path}: {error.strerror}; name another file") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ResultError(f"{path}: no result of mien bench: {error}") from error
    raise ResultError(
        f"{path}: version {version} of the results; this is Mien of version {SCHEMA_VERSION}:"
        " measure again"
    )


class _Version(msgspec.Struct):
    schema_version: int


def json_schema() -> dict[str, Any]:
    """The schema of the file; a test holds docs/schemas/ to it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Result of mien bench",
        **msgspec.json.schema(Result),
    }


if __name__ == "__main__":
    sys.stdout.buffer.write(
        msgspec.json.format(msgspec.json.encode(json_schema()), indent=2) + b"\n"
    )
