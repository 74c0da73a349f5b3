"""One run of the benchmark: everything that is measured, in order → a result."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2

from benchmarks.clip_frames import clip_frames, room_and_face
from benchmarks.delivery import (
    UnacknowledgedError,
    durable_publisher,
    local_broker,
    measure_delivery,
)
from benchmarks.energy import Meter, find_meter
from benchmarks.limit import measure_limit, shipped_models
from benchmarks.load import SCENES, measure_idle, measure_load
from benchmarks.machine import Beginning, condition, describe, filesystem
from benchmarks.model_latency import (
    Model,
    make_candidates,
    measure,
    model_run,
    thread_counts,
)
from benchmarks.results import (
    IN_MEMORY,
    SCHEMA_VERSION,
    THROTTLED_NOW,
    USUAL_EVENTS,
    USUAL_S,
    USUAL_STARTS,
    Condition,
    Delivery,
    Load,
    Plan,
    Result,
)
from benchmarks.stages import measure_workloads
from benchmarks.start_up import measure_start_up
from edge_app.events.publisher import JsonLinesPublisher, Publisher

#: How the seconds are shared out; start-up and delivery take what they take.
_WORKLOADS, _MODELS, _LOADS, _LIMIT = 0.4, 0.15, 0.25, 0.1
#: A machine that others keep busy: processes that want a core, as a share of the cores.
_BUSY = 0.5


#: A minute or two, and a look at whether everything works: its figures are worth little.
FULL = Plan(seconds=USUAL_S, starts=USUAL_STARTS, events=USUAL_EVENTS)
QUICK = Plan(seconds=4.0, starts=1, events=8, with_layers=False)


class Watch:
    """Looks at the machine again and again, and remembers how it was."""

    def __init__(self, look: Callable[[], Condition] = condition) -> None:
        self._look = look
        self.seen = [look()]

    def look(self) -> None:
        """Note how the machine is now."""
        self.seen.append(self._look())

    @property
    def invalid(self) -> tuple[str, ...]:
        """Why the figures are no good; empty where nothing speaks against them."""
        bits = dict.fromkeys(seen.throttled_bits for seen in self.seen)
        shown = " → ".join("unknown" if value is None else f"{value:#x}" for value in bits)
        if len(bits) > 1:
            return (f"the throttling bits changed during the run: {shown}",)
        # One that is slowed down from beginning to end changes nothing.
        if any(value is not None and value & THROTTLED_NOW for value in bits):
            return (f"throttled all through the run: {shown}",)
        return ()

    def warnings(
        self, plan: Plan, cores: int, storage: str, loads: Sequence[Load] = ()
    ) -> tuple[str, ...]:
        """What to know of the figures. storage: the file system that the outbox is in."""
        said = []
        if plan.is_rough:
            said.append(f"rough: {plan}; usual are {FULL}")
        if storage in IN_MEMORY:
            said.append(
                f"the outbox was in memory ({storage}), so that nothing was written to a disk and"
                " no disk delayed an acknowledgement; name a folder on one with --output"
            )
        if self.seen[0].load > _BUSY * cores:
            said.append(
                f"the machine was busy before the run: load {self.seen[0].load} on {cores} cores"
            )
        bits = self.seen[0].throttled_bits
        if bits is not None and bits & ~THROTTLED_NOW:
            said.append(f"throttled since it was started, before the run: {bits:#x}")
        # Of a second or less, a frame that came a little late is a part.
        said += [
            f"{load.scene}: of {load.offered:g} frames a second {load.seen:.1f} were seen"
            for load in loads
            if load.is_behind and plan.seconds >= USUAL_S
        ]
        return tuple(said)


def measure_all(
    plan: Plan, floats: Sequence[Model], folder: Path, tell: Callable[[str], None]
) -> Result:
    """Measure everything.

    floats: models in real numbers, which do not come with Mien. folder: on the disk that the outbox
    and the daemon's state are to be on. tell: is told what comes next.

    Raises:
        MienError: something of Mien's does not work.
    """
    # As many threads as the daemon's own settings give OpenCV would disturb the single one.
    cv2.setNumThreads(1)
    beginning, watch = Beginning(), Watch()
    began_s, cores = time.monotonic(), os.cpu_count() or 1
    tell("start-up")
    start_up = measure_start_up(plan.starts, folder, each_start=watch.look)
    frames = clip_frames()
    tell("stages")
    workloads = measure_workloads(
        frames, _WORKLOADS * plan.seconds, fewest=plan.passes, each_pass=watch.look
    )
    tell("models")
    candidates = make_candidates([*shipped_models(), *floats], thread_counts(cores))
    measure(candidates, _MODELS * plan.seconds, fewest=plan.passes, each_round=watch.look)
    tell("delivery, and the load at set frame rates")
    # Asked for once: a battery may be plugged in meanwhile.
    meter = find_meter()
    delivery, loads, unmeasured = under_load(plan, folder, watch, meter)
    tell("the machine's limit")
    limit = measure_limit(
        _LIMIT * plan.seconds, cores, with_layers=plan.with_layers, each_round=watch.look
    )
    watch.look()
    storage = filesystem(folder)
    return Result(
        schema_version=SCHEMA_VERSION,
        time=beginning.time,
        seconds=round(time.monotonic() - began_s, 1),
        machine=describe(str(candidates[0].runtime), beginning.commit),
        before=watch.seen[0],
        after=watch.seen[-1],
        invalid=watch.invalid,
        warnings=(*watch.warnings(plan, cores, storage, loads), *unmeasured),
        energy_meter="none" if meter is None else meter.name,
        workloads=workloads,
        models=tuple(map(model_run, candidates)),
        start_up=start_up,
        loads=tuple(loads),
        delivery=delivery,
        limit=limit,
        frames="gray",
        storage=storage,
        plan=plan,
    )


def under_load(
    plan: Plan, folder: Path, watch: Watch, meter: Meter | None
) -> tuple[Delivery | None, list[Load], list[str]]:
    """With a broker on this machine, where there is one; and why delivery was not measured.

    Raises:
        MienError: something of Mien's does not work.
    """
    room, face = room_and_face(clip_frames())
    with contextlib.ExitStack() as stack:
        broker = stack.enter_context(local_broker())
        publisher: Publisher
        delivery, unmeasured = None, []
        if broker is None:
            nowhere = stack.enter_context(open(os.devnull, "wb"))  # noqa: PTH123 - a device
            publisher = JsonLinesPublisher(nowhere)
        else:
            name, address = broker
            publisher = stack.enter_context(durable_publisher(address, folder))
            try:
                delivery = measure_delivery(name, publisher, plan.events)
            except UnacknowledgedError as error:
                # One hiccup of the disk, which is to cost no minutes of other figures.
                unmeasured.append(str(error))
        seconds = _LOADS * plan.seconds / len(SCENES)
        loads = [] if meter is None else [measure_idle(seconds, meter)]
        for scene, rate in SCENES:
            loads.append(
                measure_load(
                    face if scene == "face" else room,
                    publisher,
                    scene=scene,
                    rate=rate,
                    seconds=seconds,
                    meter=meter,
                )
            )
            watch.look()
    return delivery, loads, unmeasured
