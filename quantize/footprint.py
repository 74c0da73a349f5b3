"""A float and an int8 TFLite model → size, operations and speed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from edge_app.perception.runtime import make_interpreter
from quantize.graph import count_operations
from quantize.latency import Latency, compare


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a model costs.

    operations: how often each kind stands in the graph. delegate_partitions: runs of operations
    that XNNPACK takes together; undelegated: how many operations it leaves to the interpreter.
    """

    float_bytes: int
    int8_bytes: int
    macs: int
    operations: dict[str, int]
    delegate_partitions: int
    undelegated: int
    latency: Latency


def footprint_lines(footprint: Footprint) -> Iterator[str]:
    """In a form that people read."""
    yield (
        f"  {footprint.int8_bytes:,} bytes (float {footprint.float_bytes:,}),"
        f" {footprint.macs / 1e6:.1f} M multiply-accumulates"
    )
    counts = ", ".join(f"{count} {name}" for name, count in footprint.operations.items())
    yield f"  operations: {counts}"
    yield (
        f"  XNNPACK: {footprint.delegate_partitions} partition(s),"
        f" {footprint.undelegated} operation(s) left out"
    )
    latency = footprint.latency
    yield (
        f"  one thread, median: float {latency.float_ms:.3f} ms, int8 {latency.int8_ms:.3f} ms,"
        f" float / int8 {latency.ratio:.2f}"
    )


#: Told of each model's footprint as it was measured.
Tell = Callable[[Footprint], None]


def footprint_figures(footprint: Footprint) -> dict[str, Any]:
    """For a card: what is the same wherever it is measured, without latency."""
    figures = asdict(footprint)
    del figures["latency"]
    return figures


def measure_footprint(
    float_model: bytes, int8_model: bytes, macs: int, runs: int = 100
) -> Footprint:
    """Look at both models and run them by turns."""
    partitions, undelegated = delegation(int8_model)
    return Footprint(
        float_bytes=len(float_model),
        int8_bytes=len(int8_model),
        macs=macs,
        operations=count_operations(int8_model),
        delegate_partitions=partitions,
        undelegated=undelegated,
        latency=compare(float_model, int8_model, runs=runs),
    )


def delegation(model: bytes) -> tuple[int, int]:
    """Partitions that XNNPACK takes, and operations that it leaves to the interpreter."""
    interpreter, _ = make_interpreter(model, threads=1)
    # No public call tells who runs what: the list has the model's operations, then the delegate's.
    nodes = interpreter._get_ops_details()  # noqa: SLF001
    delegates = [node for node in nodes if node["op_name"] == "DELEGATE"]
    made = {int(index) for node in delegates for index in node["outputs"]}
    # Between two runners only tensors that a runner reads from outside of it are handed over.
    read = {int(index) for node in delegates for index in node["inputs"]}
    read |= {int(details["index"]) for details in interpreter.get_output_details()}
    left = 0
    for node in reversed([node for node in nodes if node["op_name"] != "DELEGATE"]):
        if {int(index) for index in node["outputs"]} & (read - made):
            left += 1
            read |= {int(index) for index in node["inputs"]}
    return len(delegates), left
