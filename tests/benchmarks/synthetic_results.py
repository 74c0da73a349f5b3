"""A result of `mien bench` with figures that a test chooses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from benchmarks.results import (
    SCHEMA_VERSION,
    Condition,
    Delivery,
    Layer,
    Limit,
    Load,
    Machine,
    ModelLimit,
    ModelRun,
    Peak,
    Plan,
    Result,
    Spread,
    Stage,
    StartUp,
    Workload,
)


def spread(blocks: Sequence[float] = (1.0, 1.1, 0.9, 1.0)) -> Spread:
    return Spread(count=30, mean=1.0, p50=1.0, p90=1.1, p99=1.2, blocks=tuple(blocks))


def workload(name: str, blocks: Sequence[float]) -> Workload:
    return Workload(
        name=name,
        frames_per_second=100.0,
        whole=spread(blocks),
        processor=spread(),
        stages=(Stage(name="detect", share=0.8, took=spread()),),
        outside_share=0.2,
    )


def condition(throttled_bits: int | None = 0) -> Condition:
    return Condition(temperature_c=45.1, throttled_bits=throttled_bits, megahertz=1500.0, load=0.1)


def result(
    blocks: Sequence[float] = (1.0, 1.1, 0.9, 1.0), *, invalid: tuple[str, ...] = ()
) -> Result:
    """blocks: of a whole frame as scheduled."""
    return Result(
        schema_version=SCHEMA_VERSION,
        time=datetime(2026, 3, 1, 12, tzinfo=UTC),
        seconds=100.0,
        machine=Machine(
            device="Raspberry Pi 4 Model B Rev 1.4",
            processor="Cortex-A72",
            architecture="aarch64",
            cores=4,
            memory_mb=1900,
            kernel="6.12",
            governor="ondemand",
            runtime="ai-edge-litert 2.3.0",
            versions={"python": "3.11.7"},
            models={"emotion": "5e" * 32},
            commit="0123456789ab+",
        ),
        before=condition(),
        after=condition(),
        invalid=invalid,
        warnings=(),
        energy_meter="none",
        workloads=(workload("as scheduled", blocks), workload("every frame searched", (2.0, 2.1))),
        models=tuple(
            ModelRun(model=name, form="int8", runtime="ai-edge-litert 2.3.0", threads=1,
                     took=spread(), macs=10)
            for name in ("emotion", "face_320")
        ),
        start_up=StartUp(first_event=spread(), rss_mb=100.0, peak_mb=110.0, bytes_written=4096),
        loads=(
            Load(scene="face", offered=15.0, seen=14.9, cpu_share=0.4, bytes_written=4096,
                 watts=2.5, joules_a_frame=0.17, seconds=6.25),
        ),
        delivery=Delivery(broker="mosquitto", handed_over=spread(), acknowledged=spread()),
        limit=Limit(
            peaks=(Peak(form="int8", threads=1, convolution="a", giga_macs_per_second=10.0),),
            models=(
                ModelLimit(model="emotion", peak_share=0.5, layers=(
                    Layer(operation="CONV_2D", shape=(1, 8, 8, 4), milliseconds=0.1, macs=100,
                          peak_share=0.4),
                    Layer(operation="ADD", shape=(1, 8, 8, 4), milliseconds=0.01, macs=0,
                          peak_share=None),
                )),
            ),
        ),
        plan=Plan(seconds=100.0, starts=5, events=200),
    )  # fmt: skip
