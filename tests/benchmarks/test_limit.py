from __future__ import annotations

import sys

import pytest

from benchmarks import large_convolutions
from benchmarks.limit import find_peaks, giga_macs_per_second, large_models, shipped_models
from benchmarks.model_latency import Candidate, Model, make_candidates, only_runtime, thread_counts
from edge_app.perception.card import ModelError
from edge_app.perception.operations import operations
from edge_app.perception.runtime import RUNTIMES, Runtime


@pytest.mark.parametrize("model", shipped_models(), ids=lambda model: model.name)
def test_the_layers_multiply_as_often_as_the_card_says(model: Model) -> None:
    layers = list(operations(model.content))
    assert sum(layer.macs for layer in layers) == model.macs
    # Each is a model that runs alone.
    for layer in layers[:3]:
        (candidate,) = make_candidates([Model("layer", "int8", layer.content)], [1])
        candidate.run_row(1)


@pytest.mark.parametrize("model", large_models(), ids=lambda model: f"{model.name} {model.form}")
def test_the_large_convolutions_are_what_their_name_says(model: Model) -> None:
    assert sum(layer.macs for layer in operations(model.content)) == model.macs
    (candidate,) = make_candidates([model], [1])
    dtype = candidate.interpreter.get_input_details()[0]["dtype"].__name__
    assert dtype == ("int8" if model.form == "int8" else "float32")


def test_the_large_convolutions_are_below_a_megabyte() -> None:
    assert sum(file.stat().st_size for file in large_convolutions.FOLDER.iterdir()) < 1_000_000


def fake(form: str, threads: int, macs: int, milliseconds: float) -> Candidate:
    model = Model(f"{form}{macs}", form, b"", macs)
    return Candidate(model, Runtime("any", "1"), threads, None, [[milliseconds, milliseconds]])


def test_a_peak_is_the_best_of_its_form() -> None:
    assert giga_macs_per_second(fake("int8", 1, 5_000_000, 2.0)) == 2.5
    peaks = find_peaks(
        [fake("int8", 1, 8_000_000, 1.0), fake("int8", 1, 9_000_000, 1.0), fake("float", 2, 10, 1)]
    )
    assert [(peak.form, peak.threads, peak.convolution) for peak in peaks] == [
        ("int8", 1, "int89000000"),
        ("float", 2, "float10"),
    ]
    assert peaks[0].giga_macs_per_second == 9.0


def test_only_the_named_runtime_can_be_imported() -> None:
    before = dict(sys.modules)
    with only_runtime(RUNTIMES[1][0]), pytest.raises(ImportError):
        __import__(RUNTIMES[0][1])
    assert {name: sys.modules.get(name) for _, name in RUNTIMES} == {
        name: before.get(name) for _, name in RUNTIMES
    }


def test_a_file_that_is_no_model_is_refused() -> None:
    with pytest.raises(ModelError, match="other: no TFLite runtime"):
        make_candidates([Model("other", "float", b"not a model")], [1])


def test_threads_go_up_to_the_cores() -> None:
    assert thread_counts(1) == [1]
    assert thread_counts(4) == [1, 2, 3, 4]
    assert thread_counts(20) == [1, 2, 3, 4, 8, 16]
