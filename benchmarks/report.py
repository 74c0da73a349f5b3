"""A result → its tables, for a terminal or in Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from benchmarks import text_table
from benchmarks.results import IN_MEMORY, Result, Spread

Rows = list[list[str]]
#: Layers that are listed of a model: those that take most.
_LAYERS = 6


def terminal(result: Result) -> Iterator[str]:
    """Lines for people at a terminal."""
    yield from _report(result, "", text_table.plain)


def markdown(result: Result) -> Iterator[str]:
    """Lines of a page, below a heading of the second level."""
    yield from _report(result, "### ", text_table.markdown)


def _report(
    result: Result, heading: str, table: Callable[[Sequence[Sequence[str]]], Iterator[str]]
) -> Iterator[str]:
    yield from _machine(result)
    for title, rows, remarks in _sections(result):
        yield ""
        yield f"{heading}{title}"
        yield ""
        yield from table(rows)
        for remark in remarks:
            yield ""
            yield remark


def _machine(result: Result) -> Iterator[str]:
    machine, before, after = result.machine, result.before, result.after
    for reason in result.invalid:
        yield f"INVALID: {reason}"
        yield ""
    for warning in result.warnings:
        yield f"Note: {warning}."
        yield ""
    yield (
        f"{machine.device}: {machine.processor}, {machine.cores} cores, {machine.memory_mb} MB,"
        f" {machine.architecture}, Linux {machine.kernel}, governor {machine.governor}, file system"
        f" {result.storage}."
    )
    versions = ", ".join(f"{name} {version}" for name, version in machine.versions.items())
    yield f"{machine.runtime}; {versions}; commit {machine.commit or 'unknown'}."
    warmth, clock = (
        " to ".join("unknown" if value is None else f"{value:g} {unit}" for value in values)
        for unit, values in (
            ("°C", (before.temperature_c, after.temperature_c)),
            ("MHz", (before.megahertz, after.megahertz)),
        )
    )
    yield (
        f"Measured on {result.time:%Y-%m-%d} in {result.seconds:.0f} s; temperature {warmth};"
        f" clock {clock}; throttled {_bits(before.throttled_bits)} to"
        f" {_bits(after.throttled_bits)}; energy meter: {result.energy_meter}."
    )


def _sections(result: Result) -> Iterator[tuple[str, Rows, list[str]]]:
    for workload in result.workloads:
        rows = [["stage, ms", "frames", "share", "p50", "p90", "p99", "mean"]]
        for stage in workload.stages:
            share = f"{100 * stage.share:.1f} %"
            rows.append([stage.name, str(stage.took.count), share, *_spread(stage.took)])
        rows.append(["whole frame", str(workload.whole.count), "", *_spread(workload.whole)])
        rate = f"{workload.frames_per_second:.1f} frames a second"
        outside = workload.outside_share
        remarks = [] if outside is None else [
            f"In frames with both models, {100 * outside:.1f} % of the time is outside of them."
        ]  # fmt: skip
        yield f"Stages, {workload.name}: {rate}", rows, remarks
    yield "Models alone", _models(result), []
    if result.start_up is not None:
        start = result.start_up
        rows = [
            ["start of mien run", "value"],
            ["to the first event", f"{start.first_event.p50 / 1e3:.2f} s"],
            ["memory at the end", f"{start.rss_mb:.0f} MB"],
            ["memory, peak", f"{start.peak_mb:.0f} MB"],
            ["written", _written(start.bytes_written, result.storage)],
        ]
        yield "Start-up and memory", rows, []
    rows = [["scene", "frames a second", "seen", "share of a core", "written", "W", "J a frame"]]
    for load in result.loads:
        rows.append([
            load.scene, f"{load.offered:g}", f"{load.seen:.1f}", f"{100 * load.cpu_share:.1f} %",
            _written(load.bytes_written, result.storage, load.seconds),
            _or_none(load.watts), _or_none(load.joules_a_frame),
        ])  # fmt: skip
    yield "The daemon at set rates", rows, []
    if result.delivery is not None:
        rows = [["event, ms", "p50", "p90", "p99", "mean"]]
        rows.append(["handed over", *_spread(result.delivery.handed_over)])
        rows.append(["acknowledged", *_spread(result.delivery.acknowledged)])
        yield f"Delivery to {result.delivery.broker} on this machine", rows, []
    yield from _limit(result)


def _models(result: Result) -> Rows:
    rows = [["model", "form", "threads", "runtime", "p50", "p90", "p99", "mean"]]
    rows += [
        [run.model, run.form, str(run.threads), run.runtime, *_spread(run.took)]
        for run in result.models
    ]
    return rows


def _limit(result: Result) -> Iterator[tuple[str, Rows, list[str]]]:
    rows = [["large convolution", "threads", "best shape", "GMAC/s"]]
    rows += [
        [peak.form, str(peak.threads), peak.convolution, f"{peak.giga_macs_per_second:.2f}"]
        for peak in result.limit.peaks
    ]
    yield "The limit of this machine", rows, []
    rows = [["model, or layer", "made", "ms", "% of the peak"]]
    for model in result.limit.models:
        rows.append([model.model, "", "", f"{100 * model.peak_share:.1f}"])
        slowest = sorted(model.layers, key=lambda layer: -layer.milliseconds)[:_LAYERS]
        for layer in slowest:
            share = "" if layer.peak_share is None else f"{100 * layer.peak_share:.1f}"
            shape = "x".join(map(str, layer.shape[1:]))
            rows.append([f"… {layer.operation}", shape, f"{layer.milliseconds:.3f}", share])
    yield "How near the models come to it, one thread", rows, []


def _spread(spread: Spread) -> list[str]:
    return [f"{value:.3f}" for value in (spread.p50, spread.p90, spread.p99, spread.mean)]


def _bits(bits: int | None) -> str:
    return "unknown" if bits is None else f"{bits:#x}"


def _written(count: int | None, storage: str, seconds: float | None = None) -> str:
    """In all: of seconds that begin with somebody's entering, no day can be told."""
    if storage in IN_MEMORY:
        return "in memory"
    if count is None:
        return "unknown"
    return f"{count / 1e3:.0f} KB" + ("" if seconds is None else f" in {seconds:.0f} s")


def _or_none(value: float | None) -> str:
    return "none" if value is None else f"{value:.2f}"
