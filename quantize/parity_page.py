"""Parity figures → a page of Markdown with plots beside it."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from quantize.artefact import write_together
from quantize.parity import ClassifierParity
from quantize.parity_report import ParityReport
from trainer.reports.svg import BLUE, ORANGE, style

#: Folder of the plots, beside the page.
PLOTS = "quantization"

#: Rows of the operations' table: those that take longest.
SLOWEST = 10


def write_page(
    page: Path,
    introduction: str,
    reports: Sequence[ParityReport],
    calibrations: Sequence[Mapping[str, Any]],
) -> None:
    """Write `page` and its plots; `introduction` is Markdown that stands above the figures.

    Raises:
        QuantizeError: the folder cannot be written.
    """
    plots = [(page.parent / PLOTS / f"{one.name}.svg", noise_plot(one)) for one in reports]
    write_together(plots)
    text = "\n".join([introduction.strip(), "", *_sections(reports, calibrations)])
    write_together([(page, (text.rstrip() + "\n").encode())])


def noise_plot(report: ParityReport) -> bytes:
    """Signal-to-noise ratio of each layer in order, the worst marked: SVG."""
    with style(), mpl.rc_context({"svg.hashsalt": report.name, "savefig.facecolor": "white"}):
        figure = Figure(figsize=(8, 2.8), layout="constrained")
        axes = figure.subplots()
        decibels = [min(60.0, layer.signal_to_noise_db) for layer in report.layers]
        axes.plot(range(len(decibels)), decibels, color=BLUE, marker=".", linewidth=1)
        low = decibels.index(min(decibels))
        axes.plot(low, decibels[low], "o", color=ORANGE)
        axes.annotate(report.layers[low].name, (low, decibels[low]), xytext=(0, -12),
                      textcoords="offset points", ha="center")  # fmt: skip
        axes.set(xlabel="layer", ylabel="signal-to-noise ratio, dB", title=report.name)
        axes.set_ylim(bottom=min(decibels) - 6)
        axes.grid(visible=True)
        written = io.BytesIO()
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(written, format="svg", metadata=nothing)
    return written.getvalue()


def _sections(
    reports: Sequence[ParityReport], calibrations: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    yield "## Float and int8"
    yield ""
    yield from _parity(reports)
    yield "## Size and speed"
    yield ""
    yield from _table(
        ("Model", "Bytes", "Float", "MACs", "XNNPACK partitions", "Left out", "Float ms",
         "int8 ms", "Float / int8"),
        [
            (one.name, f"{f.int8_bytes:,}", f"{f.float_bytes:,}", f"{f.macs / 1e6:.1f} M",
             f"{f.delegate_partitions}", f"{f.undelegated}", f"{f.latency.float_ms:.3f}",
             f"{f.latency.int8_ms:.3f}", f"{f.latency.ratio:.2f}")
            for one in reports
            for f in [one.footprint]
        ],
    )  # fmt: skip
    if calibrations:
        yield "## Ways to calibrate"
        yield ""
        yield "Each row is quantized anew, of the float network that the shipped model was made of;"
        yield "classifiers are judged by the default answer of their cards, as above."
        yield ""
        yield from _table(list(calibrations[0]), [one.values() for one in calibrations])
    for one in reports:
        yield from _layers(one)


def _parity(reports: Sequence[ParityReport]) -> Iterator[str]:
    classifiers = [
        (one.name, one.parity) for one in reports if isinstance(one.parity, ClassifierParity)
    ]
    yield from _table(
        ("Classifier", "Faces", "Float", "int8", "Points lost", "Same first class", "KL mean",
         "KL max", "Calibration error float", "int8"),
        [
            (name, f"{p.faces}", f"{p.float_accuracy:.2%}", f"{p.int8_accuracy:.2%}",
             f"{p.points_lost:.2f}", f"{p.same_answer:.2%}", f"{p.kl_mean:.5f}", f"{p.kl_max:.4f}",
             f"{p.float_calibration_error:.2%}", f"{p.int8_calibration_error:.2%}")
            for name, p in classifiers
        ],
    )  # fmt: skip
    yield from _table(
        ("Detector", "Photos", "Faces", "Recall float", "int8", "Points lost", "Kept",
         "Mean IoU of the two", "Score error mean", "max"),
        [
            (one.name, f"{p.photos}", f"{p.faces}", f"{p.of_float.recall:.2%}",
             f"{p.of_int8.recall:.2%}", f"{p.points_lost:.2f}", f"{p.agreement.kept:.2%}",
             f"{p.agreement.mean_iou:.4f}", f"{p.score_error_mean:.4f}",
             f"{p.score_error_max:.4f}")
            for one in reports
            for p in [one.parity]
            if not isinstance(p, ClassifierParity)
        ],
    )  # fmt: skip


def _layers(report: ParityReport) -> Iterator[str]:
    yield f"## {report.name}"
    yield ""
    yield f"![Signal-to-noise ratio of each layer of {report.name}]({PLOTS}/{report.name}.svg)"
    yield ""
    counts = ", ".join(f"{n} {name}" for name, n in report.footprint.operations.items())
    yield f"SHA-256 {report.sha256[:12]}…; operations: {counts}."
    yield ""
    yield "A layer kept in real numbers, alone:"
    yield ""
    yield from _table(
        ("Layer", "Operation", "dB", "Points lost", "All int8", "Time", "Pays"),
        [
            (k.name, k.operation, f"{k.signal_to_noise_db:.1f}", f"{k.loss:.2f}",
             f"{k.all_int8_loss:.2f}", f"{k.slowdown:.2f}", "yes" if k.pays else "no")
            for k in report.kept_float
        ],
    )  # fmt: skip
    yield f"The {SLOWEST} slowest operations, each in a model of its own:"
    yield ""
    slowest = sorted(report.operations, key=lambda one: -one.latency.int8_ms)[:SLOWEST]
    yield from _table(
        ("Operation", "Makes", "Float ms", "int8 ms", "Float / int8"),
        [
            (one.operation, " x ".join(map(str, one.shape[1:])), f"{one.latency.float_ms:.3f}",
             f"{one.latency.int8_ms:.3f}", f"{one.latency.ratio:.2f}")
            for one in slowest
        ],
    )  # fmt: skip


def _table(head: Sequence[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    body = [f"| {' | '.join(map(str, row))} |" for row in rows]
    if body:
        yield f"| {' | '.join(head)} |"
        yield f"|{'---|' * len(head)}"
        yield from body
        yield ""
