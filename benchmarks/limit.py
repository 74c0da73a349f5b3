"""Large convolutions and the shipped models → the machine's peak, and how near the models come."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from benchmarks import large_convolutions
from benchmarks.model_latency import Candidate, Model, make_candidates, measure
from benchmarks.results import Layer, Limit, ModelLimit, Peak
from benchmarks.spread import percentile
from edge_app.perception.card import read_card
from edge_app.perception.operations import Operation, operations
from edge_app.perception.shipped import MODELS

#: Peaks are measured with one thread and with all.
_ONE = 1


def large_models() -> list[Model]:
    """The large convolutions that come with the benchmark, float and int8."""
    found = []
    for name in large_convolutions.CONVOLUTIONS:
        for form in ("float", "int8"):
            content = (large_convolutions.FOLDER / f"{name}.{form}.tflite").read_bytes()
            found.append(Model(name, form, content, large_convolutions.macs(name)))
    return found


def shipped_models() -> list[Model]:
    """The models that come with Mien."""
    return [Model.read(path, "int8", int(read_card(path).figures["macs"])) for path in MODELS]


def measure_limit(
    seconds: float, cores: int, *, with_layers: bool = True, each_round: Callable[[], None]
) -> Limit:
    """Let large convolutions, our models and their layers take turns.

    Raises:
        ModelError: no runtime takes a model.
    """
    large = _first_runtime(make_candidates(large_models(), sorted({_ONE, cores})))
    whole = _first_runtime(make_candidates(shipped_models(), [_ONE]))
    layers = {
        candidate.model.name: list(_layers(candidate.model)) if with_layers else []
        for candidate in whole
    }
    alone = [candidate for of_model in layers.values() for _, candidate in of_model]
    measure([*large, *whole, *alone], seconds, each_round=each_round)
    peaks = find_peaks(large)
    best = next(p.giga_macs_per_second for p in peaks if (p.form, p.threads) == ("int8", _ONE))
    return Limit(
        peaks=peaks,
        models=tuple(
            ModelLimit(
                model=candidate.model.name,
                peak_share=giga_macs_per_second(candidate) / best,
                layers=tuple(
                    _layer(operation, one, best) for operation, one in layers[candidate.model.name]
                ),
            )
            for candidate in whole
        ),
    )


def giga_macs_per_second(candidate: Candidate) -> float:
    """Of the median invocation; 0 of a model that multiplies nothing."""
    return (candidate.model.macs or 0) / _median_ms(candidate) / 1e6


def find_peaks(large: Sequence[Candidate]) -> tuple[Peak, ...]:
    """For each form and number of threads, the convolution that gets most."""
    kinds = dict.fromkeys((one.model.form, one.threads) for one in large)
    peaks = []
    for form, threads in kinds:
        alike = [one for one in large if (one.model.form, one.threads) == (form, threads)]
        best = max(alike, key=giga_macs_per_second)
        peaks.append(
            Peak(
                form=form,
                threads=threads,
                convolution=best.model.name,
                giga_macs_per_second=giga_macs_per_second(best),
            )
        )
    return tuple(peaks)


def _layers(model: Model) -> Iterator[tuple[Operation, Candidate]]:
    """Each operation, ready to run alone; none where the runtime brings no schema."""
    try:
        found = list(operations(model.content))
    except ModuleNotFoundError:
        return
    for position, operation in enumerate(found):
        one = Model(f"{model.name} {position}", "int8", operation.content, operation.macs)
        yield operation, make_candidates([one], [_ONE])[0]


def _first_runtime(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Those under the runtime that the device itself would take."""
    return [one for one in candidates if one.runtime == candidates[0].runtime]


def _layer(operation: Operation, candidate: Candidate, peak: float) -> Layer:
    return Layer(
        operation=operation.name,
        shape=operation.shape,
        milliseconds=round(_median_ms(candidate), 4),
        macs=operation.macs,
        peak_share=giga_macs_per_second(candidate) / peak if operation.macs else None,
    )


def _median_ms(candidate: Candidate) -> float:
    return percentile([took for row in candidate.rows for took in row], 0.5)
